"""What a person may ask of the instruments register: look up, add, correct, take back, and see where files disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.domain.actor import Actor
from core.domain.portfolio import Problem
from core.errors import BadInput, NotFound
from core.guard.access import Permission, require
from core.intake.register.describing import Described, Describer
from core.intake.register.instruments import (
    USER,
    Instrument,
    Register,
    own_register,
    read_instrument,
    written_instrument,
)
from core.intake.register.resemblance import resemble
from core.storage.portfolios.instruments import InstrumentChange
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class KeptInstrument:
    """What became of a row that a person gave.

    Attributes:
        instrument: As it is kept; None when there are problems, and then nothing was changed.
    """

    instrument: Instrument | None
    problems: tuple[Problem, ...] = ()


class RegisterService:
    """The instruments register, for an actor. Our own rows are never changed: a user's row stands before ours."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def register(self, actor: Actor) -> Register:
        """Users' rows and ours, for look-ups."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._register()

    def find(
        self, actor: Actor, *, isin: str = "", cusip: str = "", symbol: str = "", currency: str = ""
    ) -> Instrument | None:
        """The row of the first of ISIN, CUSIP and symbol that is known."""
        return self.register(actor).find(isin=isin, cusip=cusip, symbol=symbol, currency=currency)

    def page(self, actor: Actor, *, search: str = "", limit: int | None = None, offset: int = 0) -> list[Instrument]:
        """Rows by symbol whose symbol, ISIN, name or issuer has every word of `search` in it."""
        found = _matching(self.register(actor), search)
        return found[offset : None if limit is None else offset + limit]

    def count(self, actor: Actor, *, search: str = "") -> int:
        """How many rows `page` would give without a limit."""
        return len(_matching(self.register(actor), search))

    def add(self, actor: Actor, cells: Mapping[str, str]) -> KeptInstrument:
        """Add a row, given as text by column (`core.intake.register.instruments.FIELDS` without `source`)."""
        require(actor, Permission.PORTFOLIO_EDIT)
        found, problems = read_instrument(cells, USER)
        known = self._register().by_symbol(found.symbol, found.currency) if found is not None else None
        if found is not None and known is not None:
            message = f"The register has this already, as {known.symbol} ({known.name}). Correct that row instead."
            problems = (Problem("register", None, "symbol", found.symbol, message),)
        return self._keep(actor, found, problems)

    def correct(self, actor: Actor, symbol: str, cells: Mapping[str, str]) -> KeptInstrument:
        """Change columns of a row; those that are not given stay, an empty text blanks one.

        Of one of our rows a user's copy is made, which stands before ours until it is deleted.

        Raises:
            NotFound: No such row.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        old = self._exact(symbol)
        merged = {**written_instrument(old), **cells, "symbol": old.symbol}
        merged.pop("source", None)
        found, problems = read_instrument(merged, USER)
        return self._keep(actor, found, problems)

    def delete(self, actor: Actor, symbol: str) -> None:
        """Take a user's row away; ours of the same symbol, if there is one, counts again.

        Raises:
            BadInput: It is one of our own rows.
            NotFound: No such row.
        """
        require(actor, Permission.PORTFOLIO_EDIT)
        old = self._exact(symbol)
        if old.source != USER:
            raise BadInput(f"'{old.symbol}' comes with the program and cannot be deleted. Correct it instead.")
        self._store.instruments.delete(old.symbol, actor=actor.subject, at=self._clock())

    def changes(self, actor: Actor, symbol: str | None = None, *, limit: int = 100) -> list[InstrumentChange]:
        """Who changed what, the newest first."""
        require(actor, Permission.PORTFOLIO_READ)
        return self._store.instruments.changes(symbol, limit=limit)

    def describe(self, actor: Actor, portfolio_id: str, *, as_of: date | None = None) -> Described:
        """A portfolio with its gaps filled, and where its lines and the register disagree.

        Raises:
            NotFound: No such portfolio or day.
        """
        require(actor, Permission.PORTFOLIO_READ)
        (portfolio,) = self._store.portfolios.load([portfolio_id], as_of=as_of)
        return Describer(self._register()).describe(portfolio)

    def _register(self) -> Register:
        users = self._store.instruments.all()
        return Register(users) if users else own_register()

    def _exact(self, symbol: str) -> Instrument:
        wanted = symbol.strip().upper()
        row = next((one for one in self._register().instruments() if one.symbol == wanted), None)
        if row is None:
            raise NotFound(
                f"The register has no '{wanted}'. Look for it with: mosychlos instruments list --search WORDS"
            )
        return row

    def _keep(self, actor: Actor, found: Instrument | None, problems: tuple[Problem, ...]) -> KeptInstrument:
        if found is None or problems:
            return KeptInstrument(None, problems)
        problem = _other_owner(found, self._register())
        if problem is not None:
            return KeptInstrument(None, (problem,))
        self._store.instruments.save(found, actor=actor.subject, at=self._clock())
        return KeptInstrument(found)


def _other_owner(found: Instrument, register: Register) -> Problem | None:
    """The ISIN is already another instrument's, by its name: one of the two is wrong."""
    other = register.by_isin(found.isin, found.symbol, found.currency) if found.isin else None
    if other is None or other.symbol == found.symbol or resemble(other.name, found.name):
        return None
    message = f"This ISIN is that of {other.name} ({other.symbol}). Correct it, or leave it blank."
    return Problem("register", None, "isin", found.isin, message)


def _matching(register: Register, search: str) -> list[Instrument]:
    words = search.casefold().split()
    return [
        row
        for row in register.instruments()
        if all(word in f"{row.symbol} {row.isin} {row.name} {row.terms.issuer}".casefold() for word in words)
    ]
