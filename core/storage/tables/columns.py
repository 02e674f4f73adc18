"""Column types that several tables share: moments, foreign texts, numbers beyond 32 bits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from core.redaction import redacted, without_known

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime as microseconds since 1970: sorts and compares alike on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database.

        Raises:
            ValueError: A naive datetime: it names no moment.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime without a time zone cannot be stored.")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """From the database."""
        return None if value is None else EPOCH + timedelta(microseconds=int(value))


class Foreign(TypeDecorator[str]):
    """What somebody else wrote, or an error's words: anything in it that looks like a key or password is cut out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database."""
        return None if value is None else redacted(value)


class Answered(TypeDecorator[str]):
    """A model's or a source's own words, kept as they are but for the secrets of this process."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """To the database."""
        return None if value is None else without_known(value)


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A moment as `Moment` keeps it."""
    return Field(sa_column=Column(Moment, nullable=nullable, index=index))


def big(*, nullable: bool = False) -> Any:
    """A whole number beyond 32 bits."""
    return Field(sa_column=Column(BigInteger, nullable=nullable))


def text(*, nullable: bool = False) -> Any:
    """A text of any length, of our own words."""
    return Field(sa_column=Column(Text, nullable=nullable))


def foreign(*, nullable: bool = False) -> Any:
    """A text as `Foreign` keeps it."""
    return Field(sa_column=Column(Foreign, nullable=nullable))


def answered(*, nullable: bool = False) -> Any:
    """A text as `Answered` keeps it."""
    return Field(sa_column=Column(Answered, nullable=nullable))
