"""Portfolios, their days and edits, labels and policies; and what the schema is."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.storage.tables.columns import (
    moment,
    text,
)


class SchemaMigration(SQLModel, table=True):
    """Which migrations this database has had."""

    __tablename__ = "schema_migration"
    version: int = Field(primary_key=True)
    name: str
    applied_at: datetime = moment()


class PortfolioTable(SQLModel, table=True):
    """One row a portfolio: what lists show, kept in step with its newest snapshot."""

    __tablename__ = "portfolio"
    portfolio_id: str = Field(primary_key=True)
    name: str
    account: str
    region: str = Field(index=True)
    base_currency: str
    source_format: str
    is_sample: bool
    as_of: str
    holdings: int
    total_value: str | None
    snapshots: int
    search: str
    updated_at: datetime = moment()


class SnapshotTable(SQLModel, table=True):
    """Holdings of a portfolio on a day. A changed file for the same day adds a revision; nothing is overwritten."""

    __tablename__ = "snapshot"
    portfolio_id: str = Field(primary_key=True)
    as_of: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    content_hash: str
    imported_at: datetime = moment()
    imported_by: str
    document: str = text()


class EditTable(SQLModel, table=True):
    """What made a revision, where it was no import: an edit, an undo or a redo."""

    __tablename__ = "edit"
    portfolio_id: str = Field(primary_key=True)
    as_of: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    kind: str
    stands_for: int
    parent: int | None
    redo: str = text()
    note: str = text()


class TagTable(SQLModel, table=True):
    """Tags of portfolios."""

    __tablename__ = "portfolio_tag"
    tag: str = Field(primary_key=True)
    portfolio_id: str = Field(primary_key=True, index=True)
    at: datetime = moment()
    actor: str


class GroupTable(SQLModel, table=True):
    """Named groups of portfolios; the key is the name without case."""

    __tablename__ = "portfolio_group"
    group_key: str = Field(primary_key=True)
    name: str
    created_at: datetime = moment()
    created_by: str


class GroupMemberTable(SQLModel, table=True):
    """Which portfolio belongs to which group."""

    __tablename__ = "group_member"
    group_key: str = Field(primary_key=True)
    portfolio_id: str = Field(primary_key=True, index=True)
    at: datetime = moment()
    actor: str


class PolicyTable(SQLModel, table=True):
    """A client's policy statement; the newest revision binds, an empty document means that none does."""

    __tablename__ = "policy"
    scope: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    document: str = text()
    stored_at: datetime = moment()
    stored_by: str


class ImportMappingTable(SQLModel, table=True):
    """Which column of a table is which, as somebody confirmed it for a header."""

    __tablename__ = "import_mapping"
    fingerprint: str = Field(primary_key=True)
    header: str = text()
    mapping: str = text()
    confirmed_by: str
    confirmed_at: datetime = moment()
