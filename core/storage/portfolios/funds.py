"""Fund holdings in the database, apart from portfolios."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from core.domain.fund import FundCodes, FundLine, FundReport
from core.domain.instrument import InstrumentType
from core.domain.portfolio import AssetClass
from core.errors import BadInput, NotFound
from core.storage.database import Database
from core.storage.portfolios.portfolios import ImportOutcome
from core.storage.sql import insert_or_replace, table
from core.storage.tables import FundCodeTable, FundHoldingsTable, FundTable

_F = table(FundTable)
_C = table(FundCodeTable)
_H = table(FundHoldingsTable)
_AT_ONCE = 400

_TEXTS = ("name", "issuer", "isin", "cusip", "symbol", "lei", "sector", "country", "currency", "issuer_category")


@dataclass(frozen=True, slots=True)
class StoredFund:
    """What keeping a report did, and to which fund."""

    fund_id: str
    change: ImportOutcome


@dataclass(frozen=True, slots=True)
class FundDay:
    """A day of a fund as it is stored, without its lines.

    Attributes:
        codes: By which holdings name the fund; none: no holding can be found to be of it.
        days: How many days are stored of the fund.
        revision: How often this day was imported with other content.
    """

    fund_id: str
    name: str
    codes: tuple[str, ...]
    as_of: date
    source: str
    file: str
    currency: str
    net_assets: Decimal | None
    coverage_pct: Decimal
    stated_pct: Decimal
    lines: int
    days: int
    revision: int
    imported_at: datetime
    imported_by: str


class Funds:
    """Reads and writes what funds hold. Every day and every revision stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, report: FundReport, codes: FundCodes, fund_id: str, *, actor: str, at: datetime) -> StoredFund:
        """Keep a report and the codes of its fund; the same content again changes nothing.

        Args:
            fund_id: For a fund that none of the codes is known of.

        Raises:
            BadInput: The codes are those of several funds. Nothing is stored then.
        """
        document = _document(report.lines)
        digest = hashlib.sha256(document).hexdigest()
        with self._database.write() as connection:
            known = self._known(connection, codes.all())
            fund_id = known or fund_id
            key = (_H.c.fund_id == fund_id) & (_H.c.as_of == report.as_of.isoformat())
            newest = connection.execute(
                select(_H.c.revision, _H.c.content_hash).where(key).order_by(_H.c.revision.desc()).limit(1)
            ).first()
            self._name(connection, fund_id, codes.all(), report.name, actor, at)
            if newest is not None and newest.content_hash == digest:
                return StoredFund(fund_id, ImportOutcome.UNCHANGED)
            earlier = connection.execute(select(func.count()).where(_H.c.fund_id == fund_id)).scalar_one()
            connection.execute(
                _H.insert(),
                {
                    "fund_id": fund_id,
                    "as_of": report.as_of.isoformat(),
                    "revision": newest.revision + 1 if newest is not None else 1,
                    "content_hash": digest,
                    "source": report.source,
                    "file": report.file,
                    "currency": report.currency,
                    "net_assets": None if report.net_assets is None else str(report.net_assets),
                    "coverage_pct": str(report.coverage_pct),
                    "stated_pct": str(report.stated_pct),
                    "lines": len(report.lines),
                    "imported_at": at,
                    "imported_by": actor,
                    "document": document.decode(),
                },
            )
        if newest is not None:
            return StoredFund(fund_id, ImportOutcome.REVISED)
        return StoredFund(fund_id, ImportOutcome.NEW_SNAPSHOT if earlier else ImportOutcome.ADDED)

    def bind(self, fund_id: str, codes: Collection[str], *, actor: str, at: datetime) -> None:
        """Let holdings with these codes be shares of a fund.

        Raises:
            NotFound: No such fund.
            BadInput: A code is another fund's.
        """
        with self._database.write() as connection:
            name = self._named(connection, fund_id)
            other = self._known(connection, codes)
            if other not in ("", fund_id):
                raise BadInput(f"{', '.join(codes)} is of the fund '{other}' already. Take that fund away first.")
            self._name(connection, fund_id, codes, name, actor, at)

    def delete(self, fund_id: str) -> None:
        """Take a fund away with all its days and codes.

        Raises:
            NotFound: No such fund.
        """
        with self._database.write() as connection:
            self._named(connection, fund_id)
            for one in (_H, _C, _F):
                connection.execute(one.delete().where(one.c.fund_id == fund_id))

    def rows(self, fund_id: str | None = None) -> list[FundDay]:
        """The newest day of every fund by name; of one fund all its days, the newest first."""
        last = select(_H.c.fund_id, _H.c.as_of, func.max(_H.c.revision).label("revision")).group_by(
            _H.c.fund_id, _H.c.as_of
        )
        newest = last.subquery()
        query = (
            select(*(column for column in _H.columns if column.name != "document"), _F.c.name)
            .join(
                newest,
                (newest.c.fund_id == _H.c.fund_id)
                & (newest.c.as_of == _H.c.as_of)
                & (newest.c.revision == _H.c.revision),
            )
            .join(_F, _F.c.fund_id == _H.c.fund_id)
            .order_by(_F.c.name, _H.c.fund_id, _H.c.as_of.desc())
        )
        if fund_id is not None:
            query = query.where(_H.c.fund_id == fund_id)
        with self._database.read() as connection:
            found = connection.execute(query).all()
            codes = _codes(connection)
        days: dict[str, int] = {}
        for row in found:
            days[row.fund_id] = days.get(row.fund_id, 0) + 1
        seen: set[str] = set()
        made = []
        for row in found:
            if fund_id is None and row.fund_id in seen:
                continue
            seen.add(row.fund_id)
            made.append(_day(row, codes.get(row.fund_id, ()), days[row.fund_id]))
        return made

    def report(self, fund_id: str, as_of: date | None = None) -> FundReport:
        """A day of a fund with its lines; the newest where none is named.

        Raises:
            NotFound: No such fund or day.
        """
        found = self._load((_H.c.fund_id == fund_id,))
        chosen = [one for one in found if as_of is None or one.as_of == as_of]
        if not chosen:
            day = f" on {as_of}" if found else ""
            raise NotFound(f"There is no fund '{fund_id}'{day}. See what there is with: mosychlos fund list")
        return chosen[-1]

    def load(self, codes: Iterable[str]) -> tuple[list[FundReport], dict[str, str]]:
        """Every day of the funds with these codes, and of the funds they hold, and so on; and fund ids by code."""
        with self._database.read() as connection:
            by_code = {code: fund_id for fund_id, own in _codes(connection).items() for code in own}
        found: dict[str, list[FundReport]] = {}
        wanted = {by_code[code] for code in codes if code in by_code}
        while wanted:
            reports = self._load((_H.c.fund_id.in_(sorted(wanted)),))
            for report in reports:
                found.setdefault(report.fund_id, []).append(report)
            held = {line.isin or line.symbol for report in reports for line in report.lines}
            wanted = {by_code[code] for code in held if code in by_code} - found.keys()
        return [one for days in found.values() for one in days], by_code

    def _load(self, conditions: Collection[Any]) -> list[FundReport]:
        """Newest revisions, by fund and day."""
        query = select(_H, _F.c.name).join(_F, _F.c.fund_id == _H.c.fund_id).where(*conditions)
        query = query.order_by(_H.c.fund_id, _H.c.as_of, _H.c.revision)
        with self._database.read() as connection:
            newest = {(row.fund_id, row.as_of): row for row in connection.execute(query)}
        return [
            FundReport(
                row.fund_id,
                row.name,
                date.fromisoformat(row.as_of),
                row.source,
                row.file,
                row.currency,
                None if row.net_assets is None else Decimal(row.net_assets),
                _lines(row.document),
            )
            for row in newest.values()
        ]

    def _known(self, connection: Connection, codes: Collection[str]) -> str:
        """The fund that codes are of; "" where none is known."""
        found = {
            row.code: row.fund_id
            for row in connection.execute(select(_C.c.code, _C.c.fund_id).where(_C.c.code.in_(list(codes))))
        }
        if len(set(found.values())) > 1:
            told = ", ".join(f"{code} is of '{fund_id}'" for code, fund_id in sorted(found.items()))
            raise BadInput(f"These codes are of several funds: {told}. Name those of one fund.")
        return next(iter(found.values()), "")

    @staticmethod
    def _named(connection: Connection, fund_id: str) -> str:
        name = connection.execute(select(_F.c.name).where(_F.c.fund_id == fund_id)).scalar()
        if name is None:
            raise NotFound(f"There is no fund '{fund_id}'. See what there is with: mosychlos fund list")
        return str(name)

    @staticmethod
    def _name(
        connection: Connection, fund_id: str, codes: Collection[str], name: str, actor: str, at: datetime
    ) -> None:
        by = {"updated_at": at, "updated_by": actor}
        connection.execute(
            insert_or_replace(connection, FundTable, ["fund_id"]), {"fund_id": fund_id, "name": name, **by}
        )
        rows = [{"code": code, "fund_id": fund_id, **by} for code in codes]
        if rows:
            connection.execute(insert_or_replace(connection, FundCodeTable, ["code"]), rows)


def _codes(connection: Connection) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(select(_C.c.fund_id, _C.c.code).order_by(_C.c.code)):
        found[row.fund_id] = (*found.get(row.fund_id, ()), row.code)
    return found


def _day(row: Any, codes: tuple[str, ...], days: int) -> FundDay:
    return FundDay(
        row.fund_id,
        row.name,
        codes,
        date.fromisoformat(row.as_of),
        row.source,
        row.file,
        row.currency,
        None if row.net_assets is None else Decimal(row.net_assets),
        Decimal(row.coverage_pct),
        Decimal(row.stated_pct),
        row.lines,
        days,
        row.revision,
        row.imported_at,
        row.imported_by,
    )


def _document(lines: Iterable[FundLine]) -> bytes:
    """Lines as JSON, without what is empty."""
    return orjson.dumps([_written(line) for line in lines], option=orjson.OPT_SORT_KEYS)


def _written(line: FundLine) -> dict[str, str]:
    texts = {name: getattr(line, name) for name in _TEXTS}
    texts["asset_class"] = line.asset_class.value
    texts["weight_pct"] = str(line.weight_pct)
    texts["instrument_type"] = line.instrument_type.value if line.instrument_type else ""
    texts["notional_pct"] = "" if line.notional_pct is None else str(line.notional_pct)
    return {name: text for name, text in texts.items() if text}


def _lines(document: str) -> tuple[FundLine, ...]:
    return tuple(_read(cells) for cells in orjson.loads(document))


def _read(cells: Mapping[str, str]) -> FundLine:
    texts = {name: cells.get(name, "") for name in _TEXTS}
    return FundLine(
        **texts,
        asset_class=AssetClass(cells["asset_class"]),
        weight_pct=Decimal(cells["weight_pct"]),
        instrument_type=InstrumentType(cells["instrument_type"]) if "instrument_type" in cells else None,
        notional_pct=Decimal(cells["notional_pct"]) if "notional_pct" in cells else None,
    )
