"""Tags on portfolios, and named groups of them. A portfolio has any number of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, select

from core.domain.readable_text import readable, readable_line
from core.errors import BadInput, NotFound
from core.storage.database import Database
from core.storage.sql import insert_or_ignore, table
from core.storage.tables import GroupMemberTable, GroupTable, PortfolioTable, TagTable

MAX_TAG_CHARS = 40
MAX_GROUP_CHARS = 80
CHUNK = 400

_P = table(PortfolioTable)
_T = table(TagTable)
_G = table(GroupTable)
_M = table(GroupMemberTable)


@dataclass(frozen=True, slots=True)
class PortfolioGroup:
    """A named group.

    Attributes:
        name: As it was first written; two names that differ in case only are one group.
        portfolios: How many belong to it.
    """

    name: str
    portfolios: int


def tag_of(text: str) -> str:
    """A tag as it is kept: lower case, "-" for spaces.

    Raises:
        BadInput: Empty, too long, or with a comma or a sign before it.
    """
    tag = "-".join(readable(text).casefold().split())
    if not tag or len(tag) > MAX_TAG_CHARS or not _is_typed(text) or "," in tag or tag[0] in "+-#":
        raise BadInput(
            f"'{text[:60]}' is no tag. Use 1 to {MAX_TAG_CHARS} letters, digits and other signs but the comma; the "
            "first is neither + nor - nor #."
        )
    return tag


def group_key_of(text: str) -> tuple[str, str]:
    """What a group is known by, and its name as it is shown.

    Raises:
        BadInput: Empty, too long, or with characters that cannot be shown.
    """
    name = readable_line(text)
    if not name or len(name) > MAX_GROUP_CHARS or not _is_typed(text):
        raise BadInput(f"'{text[:60]}' is no name of a group. Use 1 to {MAX_GROUP_CHARS} characters on one line.")
    return name.casefold(), name


def _is_typed(text: str) -> bool:
    """Whether a person can have typed it: whatever is unseen in it came from somewhere else, and is refused aloud."""
    return "".join(text.split()).isprintable()


def with_tag(tag: str) -> ColumnElement[bool]:
    """The condition that a portfolio has a tag."""
    return _P.c.portfolio_id.in_(select(_T.c.portfolio_id).where(_T.c.tag == tag_of(tag)))


def in_group(name: str) -> ColumnElement[bool]:
    """The condition that a portfolio belongs to a group."""
    return _P.c.portfolio_id.in_(select(_M.c.portfolio_id).where(_M.c.group_key == group_key_of(name)[0]))


class Groups:
    """Reads and writes tags and groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tag(
        self,
        portfolio_ids: Iterable[str],
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        actor: str,
        at: datetime,
    ) -> None:
        """Put tags on portfolios and take others off; what is already so stays so.

        Raises:
            NotFound: Names the first portfolio that is not stored; then nothing is changed.
            BadInput: A tag cannot be one.
        """
        ids = list(dict.fromkeys(portfolio_ids))
        added, removed = sorted({tag_of(one) for one in add}), sorted({tag_of(one) for one in remove})
        with self._database.write() as connection:
            _require(connection, ids)
            for start in range(0, len(ids), CHUNK):
                some = ids[start : start + CHUNK]
                if removed:
                    connection.execute(_T.delete().where(_T.c.portfolio_id.in_(some), _T.c.tag.in_(removed)))
                rows = [{"portfolio_id": one, "tag": tag, "at": at, "actor": actor} for one in some for tag in added]
                if rows:
                    connection.execute(insert_or_ignore(connection, TagTable), rows)

    def tags(self) -> dict[str, int]:
        """Every tag in use and how many portfolios have it, by name."""
        query = select(_T.c.tag, func.count().label("n")).group_by(_T.c.tag).order_by(_T.c.tag)
        with self._database.read() as connection:
            return {row.tag: int(row.n) for row in connection.execute(query)}

    def tags_of(self, portfolio_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Tags by portfolio, each in alphabetical order; a portfolio without tags is left out."""
        return self._by_portfolio(portfolio_ids, select(_T.c.portfolio_id, _T.c.tag.label("word")), _T.c.portfolio_id)

    def groups_of(self, portfolio_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Names of groups by portfolio, each in alphabetical order; a portfolio in none is left out."""
        query = select(_M.c.portfolio_id, _G.c.name.label("word")).join(_G, _G.c.group_key == _M.c.group_key)
        return self._by_portfolio(portfolio_ids, query, _M.c.portfolio_id)

    def _by_portfolio(
        self, portfolio_ids: Sequence[str], query: Select[tuple[str, str]], column: ColumnElement[str]
    ) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        # Above a few hundred portfolios one look at all labels is quicker than asking for each.
        asked = query if len(portfolio_ids) > CHUNK else query.where(column.in_(portfolio_ids))
        wanted = set(portfolio_ids)
        with self._database.read() as connection:
            for row in connection.execute(asked):
                if row.portfolio_id in wanted:
                    found.setdefault(row.portfolio_id, []).append(row.word)
        return {portfolio_id: tuple(sorted(words)) for portfolio_id, words in found.items()}

    def change_group(
        self, name: str, *, add: Iterable[str] = (), remove: Iterable[str] = (), actor: str, at: datetime
    ) -> PortfolioGroup:
        """Put portfolios into a group and take others out of it; a new name makes a new group, even an empty one.

        Raises:
            NotFound: Names the first portfolio that is not stored; then nothing is changed.
            BadInput: The name cannot be one.
        """
        key, shown = group_key_of(name)
        added, removed = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
        with self._database.write() as connection:
            _require(connection, [*added, *removed])
            row = {"group_key": key, "name": shown, "created_at": at, "created_by": actor}
            connection.execute(insert_or_ignore(connection, GroupTable), row)
            for start in range(0, len(removed), CHUNK):
                some = removed[start : start + CHUNK]
                connection.execute(_M.delete().where(_M.c.group_key == key, _M.c.portfolio_id.in_(some)))
            rows = [{"group_key": key, "portfolio_id": one, "at": at, "actor": actor} for one in added]
            if rows:
                connection.execute(insert_or_ignore(connection, GroupMemberTable), rows)
            return _group(connection, key)

    def delete_group(self, name: str) -> None:
        """Forget a group; its portfolios stay.

        Raises:
            NotFound: No such group.
        """
        key, shown = group_key_of(name)
        with self._database.write() as connection:
            if connection.execute(_G.delete().where(_G.c.group_key == key)).rowcount == 0:
                raise NotFound(f"There is no group '{shown}'. See them with: mosychlos portfolio groups")
            connection.execute(_M.delete().where(_M.c.group_key == key))

    def groups(self) -> list[PortfolioGroup]:
        """Every group, by name."""
        query = (
            select(_G.c.name, func.count(_M.c.portfolio_id).label("n"))
            .join(_M, _M.c.group_key == _G.c.group_key, isouter=True)
            .group_by(_G.c.group_key, _G.c.name)
            .order_by(_G.c.group_key)
        )
        with self._database.read() as connection:
            return [PortfolioGroup(row.name, int(row.n)) for row in connection.execute(query)]


def _group(connection: Connection, key: str) -> PortfolioGroup:
    name = connection.execute(select(_G.c.name).where(_G.c.group_key == key)).scalar_one()
    count = connection.execute(select(func.count()).select_from(_M).where(_M.c.group_key == key)).scalar_one()
    return PortfolioGroup(name, int(count))


def _require(connection: Connection, portfolio_ids: Sequence[str]) -> None:
    known: set[str] = set()
    for start in range(0, len(portfolio_ids), CHUNK):
        some = portfolio_ids[start : start + CHUNK]
        known.update(connection.execute(select(_P.c.portfolio_id).where(_P.c.portfolio_id.in_(some))).scalars())
    for portfolio_id in portfolio_ids:
        if portfolio_id not in known:
            raise NotFound(f"There is no portfolio '{portfolio_id}'. See the ids with: mosychlos portfolio list")
