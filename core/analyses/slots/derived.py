"""Functions of facts. Each checks what it is given: adding a volatility to a weight is refused and not computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import fsum, isfinite
from typing import Final

from core.analyses.slots.grammar import Term
from core.analyses.slots.quantities import Quantity, Refused, comparable, of_fact
from core.domain.facts import Fact
from core.domain.units import Unit

_PARTS: Final = frozenset(
    {
        "weight", "issuer", "asset_class", "asset_group", "sector", "country", "currency", "liquidity", "contribution",
        "attribution", "risk_share",
    }
)  # fmt: skip
"""Families of percentages that are parts of one whole and may be added up. Returns and risks may not."""

_ADDITIVE: Final = frozenset({Unit.CCY, Unit.COUNT})
_SIGNED: Final = {Unit.PCT: Unit.PP}
"""What the difference of two numbers of a unit is in."""

_MOST_MEMBERS: Final = 1000


class Known:
    """The facts of one prompt, looked up by id and by family."""

    def __init__(self, facts: Mapping[str, Fact], base_currency: str) -> None:
        self.facts = facts
        self.base_currency = base_currency
        self._families: dict[str, list[Fact]] = {}

    def fact(self, name: str) -> Fact | None:
        """The fact of an id."""
        return self.facts.get(name)

    def family(self, prefix: str) -> list[Fact]:
        """Facts whose id begins with "weight."; those without deeper parts where there are such."""
        found = self._families.get(prefix)
        if found is None:
            found = [fact for name, fact in self.facts.items() if name.startswith(prefix)][:_MOST_MEMBERS]
            self._families[prefix] = found
        return found


def quantity(term: Term, known: Known) -> Quantity:
    """What a term comes to.

    Raises:
        Refused: It names what is not there, or what must not be combined.
    """
    if not term.function:
        fact = known.fact(term.text)
        if fact is None:
            raise Refused(f"There is no fact '{term.text[:80]}'.")
        return of_fact(fact)
    made = _FUNCTIONS[term.function](term, known)
    if not isfinite(made.value):
        raise Refused("It comes to no number.")
    return made


def members(terms: Sequence[Term], known: Known) -> list[Quantity]:
    """What terms come to; a family ("weight.*") stands for all its members."""
    found: list[Quantity] = []
    for term in terms:
        if not term.function and term.text.endswith(".*"):
            family = known.family(term.text[:-1])
            if not family:
                raise Refused(f"There is no fact of the family '{term.text[:80]}'.")
            found.extend(map(of_fact, family))
        else:
            found.append(quantity(term, known))
    return found


def family_of(name: str) -> str:
    """The first part of an id, without the portfolio that it stands under in a group."""
    return name.rpartition(":")[2].partition(".")[0]


def member_of(metric_id: str) -> tuple[str, str]:
    """Family and member of an id; in a group, whose ids begin with a portfolio's, so does the member."""
    head, _, member = metric_id.partition(".")
    portfolio, colon, family = head.rpartition(":")
    return family, f"{portfolio}:{member}" if colon and member else member


OF_HOLDINGS: Final = frozenset({"weight", "contribution", "risk_share", "issuer"})
SIDES: Final = {"return": "portfolio", "benchmark_return": "benchmark"}
"""Families of which one is the portfolio's and the other the benchmark's."""


@lru_cache(maxsize=4096)
def is_owned(metric_id: str) -> bool:
    """Whether a fact is one holding's, or one side's of the comparison with the benchmark."""
    family = family_of(metric_id)
    return family in OF_HOLDINGS or family in SIDES


def _facts(parts: Iterable[Quantity]) -> tuple[Fact, ...]:
    return tuple({fact.metric_id: fact for part in parts for fact in part.facts}.values())


def _same(parts: Sequence[Quantity]) -> None:
    first = parts[0]
    for other in parts[1:]:
        if not comparable(first, other):
            raise Refused(f"{_unit(first)} and {_unit(other)} cannot be combined.")


def _unit(one: Quantity) -> str:
    return one.currency or one.unit.value


def _value(one: Quantity) -> str:
    return f"{one.value:.{one.decimals}f} {_unit(one)}".strip()


def _formula(sign: str, parts: Sequence[Quantity], result: Quantity) -> str:
    said = [f"{part.facts[0].metric_id if len(part.facts) == 1 else '(…)'} {_value(part)}" for part in parts[:12]]
    more = [f"… {len(parts) - 12} more"] if len(parts) > 12 else []
    return f"{f' {sign} '.join(said + more)} = {_value(result)}"


def _made(value: float, like: Quantity, parts: Sequence[Quantity], sign: str, unit: Unit | None = None) -> Quantity:
    unit = unit or like.unit
    currency = like.currency if unit is Unit.CCY else None
    made = Quantity(value, unit, currency, max(part.decimals for part in parts), _facts(parts))
    return _explained(made, _formula(sign, parts, made))


def _explained(one: Quantity, formula: str) -> Quantity:
    return Quantity(one.value, one.unit, one.currency, one.decimals, one.facts, formula, one.ordinal)


def _additive(parts: Sequence[Quantity]) -> None:
    """What is added up are amounts, counts, or different parts of one whole."""
    _same(parts)
    if parts[0].unit in _ADDITIVE:
        return
    families = {family_of(fact.metric_id) for part in parts for fact in part.facts}
    if len(families) != 1 or not families <= _PARTS:
        raise Refused(f"{', '.join(sorted(families))} are not parts of one whole: they do not add up.")


def _sum(term: Term, known: Known) -> Quantity:
    parts = _at_least(2, term, known)
    _additive(parts)
    if len({fact.metric_id for part in parts for fact in part.facts}) < sum(len(part.facts) for part in parts):
        raise Refused("Something is added twice.")
    return _made(fsum(part.value for part in parts), parts[0], parts, "+")


def _top(term: Term, known: Known) -> Quantity:
    """The sum of the n largest: top(3, weight.*)."""
    if len(term.terms) < 2 or not term.terms[0].text.isdecimal():
        raise Refused("top wants a number and then facts or a family.")
    count, parts = int(term.terms[0].text), members(term.terms[1:], known)
    if not 0 < count <= len(parts):
        raise Refused(f"There are {len(parts)} and not {count}.")
    _additive(parts)
    largest = sorted(parts, key=lambda part: -part.value)[:count]
    return _made(fsum(part.value for part in largest), largest[0], largest, "+")


def _difference(term: Term, known: Known) -> Quantity:
    first, second = _exactly(2, term, known)
    _same((first, second))
    return _made(first.value - second.value, first, (first, second), "-", _SIGNED.get(first.unit))


def _ratio(term: Term, known: Known) -> Quantity:
    first, second = _exactly(2, term, known)
    _same((first, second))
    if second.value == 0.0 or first.value / second.value < 0.0:
        raise Refused("There is no ratio of numbers of different signs or to nothing.")
    made = Quantity(first.value / second.value, Unit.X, None, 2, _facts((first, second)))
    return _explained(made, _formula("/", (first, second), made))


def _change(term: Term, known: Known) -> Quantity:
    """From the first to the second, in percent of the first."""
    first, second = _exactly(2, term, known)
    _same((first, second))
    if first.value <= 0.0:
        raise Refused("A change in percent starts from something above zero.")
    made = Quantity(100.0 * (second.value / first.value - 1.0), Unit.PCT, None, 2, _facts((first, second)))
    return _explained(made, f"{second.facts[0].metric_id} / {first.facts[0].metric_id} - 1 = {_value(made)}")


def _mean(term: Term, known: Known) -> Quantity:
    parts = _at_least(2, term, known)
    _same(parts)
    if len({family_of(fact.metric_id) for part in parts for fact in part.facts}) != 1:
        raise Refused("The mean of different measures says nothing.")
    made = _made(fsum(part.value for part in parts) / len(parts), parts[0], parts, "+")
    return _explained(made, f"({made.formula.rpartition(' = ')[0]}) / {len(parts)} = {_value(made)}")


def _share(term: Term, known: Known) -> Quantity:
    """The first as a percentage of the second, of which it is a part."""
    first, second = _exactly(2, term, known)
    _same((first, second))
    if not 0.0 <= first.value <= second.value or second.value == 0.0:
        raise Refused("A share is of something larger and above zero.")
    made = Quantity(100.0 * first.value / second.value, Unit.PCT, None, 2, _facts((first, second)))
    return _explained(made, _formula("/", (first, second), made))


def _count(term: Term, known: Known) -> Quantity:
    parts = members(term.terms, known) if term.terms else []
    made = Quantity(float(len(parts)), Unit.COUNT, None, 0, _facts(parts))
    return _explained(made, f"{len(parts)} of {term.text[6:-1][:120]}")


def _rank(term: Term, known: Known) -> Quantity:
    """Place of the first among its family, or among the others named, the largest first."""
    if not term.terms:
        raise Refused("rank wants a fact.")
    first = quantity(term.terms[0], known)
    among = members(term.terms[1:], known) if len(term.terms) > 1 else rivals(first, known)
    _same([first, *among])
    place = 1 + sum(one.value > first.value for one in among if one.facts != first.facts)
    count = len({one.facts for one in (first, *among)})
    said = f"{first.facts[0].metric_id} {_value(first)}: place {place} of {count}, the largest first"
    return Quantity(float(place), Unit.COUNT, None, 0, first.facts, said, ordinal=True)


def _amount(term: Term, known: Known) -> Quantity:
    """A percentage of the portfolio's value as money: a loss, a weight."""
    (part,) = _exactly(1, term, known)
    total = known.fact("total_value")
    if total is None or part.unit not in {Unit.PCT, Unit.PP}:
        raise Refused("An amount is a percentage of total_value, which has to be there.")
    made = Quantity(part.value * total.value / 100.0, Unit.CCY, total.currency, total.decimals, (*part.facts, total))
    return _explained(made, f"{part.facts[0].metric_id} {_value(part)} * total_value = {_value(made)}")


def rivals(one: Quantity, known: Known) -> list[Quantity]:
    """The other members of a fact's family."""
    name = one.facts[0].metric_id
    family, point, _ = name.partition(".")
    if not point:
        raise Refused(f"{name} has no family to be compared with.")
    return [of_fact(fact) for fact in known.family(f"{family}.") if fact.metric_id != name]


def _exactly(count: int, term: Term, known: Known) -> list[Quantity]:
    if len(term.terms) != count:
        raise Refused(f"{term.function} wants {count} facts.")
    return [quantity(one, known) for one in term.terms]


def _at_least(count: int, term: Term, known: Known) -> list[Quantity]:
    parts = members(term.terms, known)
    if len(parts) < count:
        raise Refused(f"{term.function} wants at least {count} facts.")
    return parts


_FUNCTIONS: Final[Mapping[str, Callable[[Term, Known], Quantity]]] = {
    "sum": _sum, "top": _top, "difference": _difference, "ratio": _ratio, "change": _change, "mean": _mean,
    "share": _share, "count": _count, "rank": _rank, "amount": _amount,
}  # fmt: skip
