"""What is measured, between what is certain and what the missing fields could make of it at worst.

With every field known the two ends are equal. Where an issuer, say, is not known, its line stands alone at the low end
and joins the largest issuer at the high end; a verdict is given when both ends agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from core.compliance.hedges import unhedged_bounds
from core.compliance.identity import Identities, Key, body_field, body_name
from core.compliance.kinds import DERIVATIVES, is_short_derivative, types_of
from core.compliance.lines import membership
from core.compliance.owed import overdrafts, owed
from core.compliance.position import Book, RulePosition, ids_of, value_of
from core.compliance.rule import Measurement
from core.compliance.vocabulary import Base, By, LimitReading, RuleMetric

ZERO = Fraction()
Gaps = Mapping[str, tuple[RulePosition, ...]]


@dataclass(frozen=True, slots=True)
class ExposureGroup:
    """One issuer, fund or industry.

    Attributes:
        share: As far as is certain.
    """

    name: str
    share: Fraction
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A measure's two ends, as a fraction of the base or as a count.

    Attributes:
        low: What is certain.
        high: The most that it can be; None where there is no telling.
        lines: Ids of the lines behind it, the largest first.
        groups: Of the metric "largest": issuers, funds or industries, the largest first.
        gaps: Missing fields, each with the lines that lack it.
    """

    low: Fraction
    high: Fraction | None
    lines: tuple[str, ...] = ()
    groups: tuple[ExposureGroup, ...] = ()
    gaps: Gaps | None = None

    @property
    def exact(self) -> bool:
        """True when nothing that is missing matters."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Empty:
    """There is nothing to measure: none of the lines that the rule is about is held."""


@dataclass(frozen=True, slots=True)
class _Line:
    position: RulePosition
    amount: Fraction
    certain: bool
    key: str | None
    name: str
    wide: str | None
    """What it is put together by at most; None where that is not known."""


@dataclass(slots=True)
class _Chosen:
    lines: list[_Line]
    gaps: dict[str, list[RulePosition]]
    unbounded: bool

    def found_gaps(self) -> Gaps:
        return {field: tuple(self.gaps[field]) for field in sorted(self.gaps)}


def measured(book: Book, measure: Measurement, reading: LimitReading | None = None) -> Bounds | Empty:
    """Measure lines of a book. Measures that are handed in are not for this function."""
    match measure.metric:
        case RuleMetric.BORROWING:
            return _borrowing(book, measure)
        case RuleMetric.ASSET_COVERAGE:
            return _asset_coverage(book)
        case RuleMetric.SHORT:
            return _short(book, measure)
        case RuleMetric.UNHEDGED:
            return _unhedged(book, measure)
        case RuleMetric.VOTES:
            return _votes(book, measure)
        case RuleMetric.DIVERSIFIED:
            return _diversified(book, measure, reading or LimitReading.EXCLUDE)
        case RuleMetric.TOTAL | RuleMetric.NOTIONAL:
            return _total(book, measure)
        case _:
            return _grouped(book, measure)


class Counted(NamedTuple):
    """A line that a measure counts, whatever it is worth.

    Attributes:
        basis: What its amount is: "value", "notional", the "larger" of both, or "unknown".
        inside: True, or the name of the field that would tell.
        key: What it is put together by: for certain, and at most.
        field: Of the key, the field that is missing; "" where none is.
    """

    position: RulePosition
    basis: str
    inside: bool | str
    key: Key
    name: str = ""
    field: str = ""


def counted(book: Book, measure: Measurement, *, at_notional: bool = False) -> Iterator[Counted]:
    """The lines that a measure counts, the largest first, with what their amounts are and whom they are of."""
    for position in book.ranked:
        inside = membership(position, measure.of, measure.without, book.base_currency)
        if inside is not True and "related_party" in measure.of:
            inside = _by_relation(book, position, measure, inside)
        if inside is False:
            continue
        basis = "value"
        if (at_notional or measure.at_notional) and types_of(position) & DERIVATIVES:
            if position.notional is None and ("derivatives" in measure.of or types_of(position) <= DERIVATIVES):
                yield Counted(position, "unknown", inside, (None, None))
                continue
            if is_short_derivative(position) and measure.by is not None and inside is True:
                # Sold, it takes away from what is held of its underlying, or stands for itself.
                inside = "netting"
            # It counts with its value or with its notional: which one, its kind would tell.
            surely = types_of(position) <= DERIVATIVES
            basis, inside = ("notional", inside) if surely else ("larger", "instrument_type")
        yield Counted(position, basis, inside, *_key(position, measure.by, book.identities))


def _amount(one: Counted) -> Fraction:
    value, notional = max(value_of(one.position), ZERO), Fraction(one.position.notional or 0)
    return {"value": value, "notional": notional, "larger": max(value, notional)}[one.basis]


def _choose(book: Book, measure: Measurement, *, at_notional: bool = False) -> _Chosen:
    """The lines that count, with the amounts they count with. Short lines never make a share smaller."""
    chosen = _Chosen([], {}, unbounded=False)
    for one in counted(book, measure, at_notional=at_notional):
        if one.basis == "unknown":
            chosen.gaps.setdefault("notional", []).append(one.position)
            chosen.unbounded = True
            continue
        amount = _amount(one)
        if amount <= 0:
            continue
        for missing in (one.inside, one.field):
            if isinstance(missing, str) and missing:
                chosen.gaps.setdefault(missing, []).append(one.position)
        chosen.lines.append(_Line(one.position, amount, one.inside is True, one.key[0], one.name, one.key[1]))
    return chosen


def _by_relation(book: Book, position: RulePosition, measure: Measurement, said: bool | str) -> bool | str:
    """Whether a line that is not marked as of a related party is of the issuer, or the group, of one that is."""
    if membership(position, ("all",), measure.without, book.base_currency) is not True:
        return said
    issuers, groups = book.related
    if book.identities.issuer(position)[0] in issuers:
        return True
    return "related_party" if book.identities.group(position)[0] in groups else said


def _key(position: RulePosition, by: By | None, known: Identities) -> tuple[Key, str, str]:
    """What a line is put together by: (certain and widest key, name for people, missing field)."""
    holding, terms = position.holding, position.terms
    own = holding.name or holding.symbol
    if by is None or by is By.INSTRUMENT:
        key = "" if by is None else position.instrument
        return (key, key), own, ""
    if by in {By.REGION, By.INDUSTRY}:
        name, field = _place(position, by)
        place: Key = (name.casefold(), name.casefold()) if name else (None, None)
        return place, name or own, "" if name else field
    keys, name, field = {
        By.ISSUER: (known.issuer, terms.issuer, "issuer"),
        By.SCHEME: (known.scheme, terms.issuer, "issuer"),
        By.GROUP: (known.group, terms.issuer_group, "issuer_group"),
        By.BODY: (known.body, body_name(position), body_field(position)),
        By.COUNTERPARTY: (known.counterparty, body_name(position), "counterparty"),
        By.BODY_GROUP: (known.body_group, terms.issuer_group or body_name(position), "issuer_group"),
        By.COUNTERPARTY_GROUP: (known.counterparty_group, terms.counterparty, "issuer_group"),
    }[by]  # fmt: skip
    found = keys(position)
    if found[0] is None and by in {By.BODY_GROUP, By.COUNTERPARTY_GROUP}:
        field = body_field(position)
    elif found[0] != found[1] and found[1] is not None:
        field = "lei"  # the same issuer, and unlike names: share classes, or funds of one umbrella
    return found, name or own, field if found[0] != found[1] or found[1] is None else ""


def _place(position: RulePosition, by: By) -> tuple[str, str]:
    if by is By.REGION:
        return position.terms.exposure or position.holding.country, "country"
    return position.holding.sector.strip(), "sector"


def _sums(lines: Iterable[_Line]) -> dict[str, Fraction]:
    """Amounts by key; a line whose key is not known stands alone, together with lines of the same instrument."""
    sums: dict[str, Fraction] = {}
    for line in lines:
        key = line.key if line.key is not None else f"\0{line.position.instrument}"
        sums[key] = sums.get(key, ZERO) + line.amount
    return sums


def _wide_sums(lines: Iterable[_Line]) -> dict[str, Fraction]:
    """Amounts by the widest key, of lines whose key is known."""
    sums: dict[str, Fraction] = {}
    for line in lines:
        if line.wide is not None:
            sums[line.wide] = sums.get(line.wide, ZERO) + line.amount
    return sums


def _of_keys(lines: Iterable[_Line], keys: Iterable[str]) -> list[_Line]:
    wanted = set(keys)
    return [line for line in lines if (line.key if line.key is not None else f"\0{line.position.instrument}") in wanted]


def _groups(lines: Sequence[_Line], base: Fraction) -> tuple[ExposureGroup, ...]:
    sums = _sums(lines)
    of_key: dict[str, list[_Line]] = {}
    for line in lines:
        of_key.setdefault(line.key if line.key is not None else f"\0{line.position.instrument}", []).append(line)
    return tuple(
        ExposureGroup(of_key[key][0].name, sums[key] / base, ids_of([line.position for line in of_key[key]]))
        for key in sorted(sums, key=lambda key: (-sums[key], key))
    )


def _base(book: Book, measure: Measurement) -> tuple[Fraction, Fraction]:
    """What shares are shares of: its low and its high end."""
    if measure.share_of:
        whole = _choose(book, Measurement(metric=RuleMetric.TOTAL, of=measure.share_of))
        return (
            sum((line.amount for line in whole.lines if line.certain), ZERO),
            sum((line.amount for line in whole.lines), ZERO),
        )
    base = book.total_assets if measure.base is Base.TOTAL_ASSETS else book.net_assets
    return base, base


def _share(low: Fraction, high: Fraction, base: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction | None]:
    return low / base[1], high / base[0] if base[0] > 0 else None


def _total(book: Book, measure: Measurement) -> Bounds | Empty:
    base = _base(book, measure)
    if base[1] <= 0:
        return Empty()
    chosen = _choose(book, measure, at_notional=measure.metric is RuleMetric.NOTIONAL)
    certain = [line for line in chosen.lines if line.certain]
    low, high = _share(
        sum((line.amount for line in certain), ZERO), sum((line.amount for line in chosen.lines), ZERO), base
    )
    return Bounds(
        low,
        None if chosen.unbounded else high,
        ids_of([line.position for line in certain or chosen.lines]),
        gaps=chosen.found_gaps(),
    )


def _grouped(book: Book, measure: Measurement) -> Bounds | Empty:
    base = _base(book, measure)
    chosen = _choose(book, measure)
    if base[1] <= 0 or not (chosen.lines or chosen.unbounded):
        return Empty()
    certain = [line for line in chosen.lines if line.certain]
    low_sums = _sums(certain)
    known = _wide_sums(chosen.lines)
    loose = [line for line in chosen.lines if line.wide is None]
    unknown = sum((line.amount for line in loose), ZERO)
    gaps = chosen.found_gaps()
    threshold = Fraction(measure.threshold or 0) / 100
    if measure.metric is RuleMetric.COUNT:
        singles = {line.position.instrument for line in loose}
        return Bounds(
            Fraction(len({line.key for line in certain if line.key is not None}) or min(len(certain), 1)),
            Fraction(len(known) + len(singles)),
            ids_of([line.position for line in certain or chosen.lines]),
            gaps=gaps,
        )
    if measure.metric is RuleMetric.LARGEST:
        low, high = _share(max(low_sums.values(), default=ZERO), max(known.values(), default=ZERO) + unknown, base)
        groups = _groups(certain or chosen.lines, base[1])
        behind = groups[0].lines if groups else ()
        return Bounds(low, None if chosen.unbounded else high, behind, groups, gaps)
    # The base is never uncertain here: no rule sums up parts of a part.
    floor = threshold * base[0]
    low_above = [key for key, amount in low_sums.items() if amount > floor]
    behind_ids = ids_of([line.position for line in _of_keys(certain, low_above)])
    above = [amount for amount in known.values() if amount > floor]
    below = max((amount for amount in known.values() if amount <= floor), default=ZERO)
    everything = sum(known.values(), ZERO) + unknown
    if measure.metric is RuleMetric.SUM_ABOVE:
        # The unknown lines either lift nobody over the threshold, or may lift anybody.
        most = sum(above, ZERO) + (unknown if above else ZERO) if below + unknown <= floor else everything
        low, high = _share(sum((low_sums[key] for key in low_above), ZERO), most, base)
        return Bounds(low, None if chosen.unbounded else high, behind_ids, gaps=gaps)
    most_groups = len(known) + len({line.position.instrument for line in loose})
    room = ceil(everything / floor) - 1 if floor > 0 else most_groups
    count = len(above) if below + unknown <= floor else max(len(above), min(room, most_groups))
    # Lines of unknown issuers above the threshold may all be of one issuer, or of one that is counted already.
    sure = {line.key for line in certain if line.key is not None}
    least = len([key for key in low_above if key in sure]) or min(len(low_above), 1)
    return Bounds(Fraction(least), None if chosen.unbounded else Fraction(count), behind_ids, gaps=gaps)


def _diversified(book: Book, measure: Measurement, reading: LimitReading) -> Bounds | Empty:
    base = _base(book, measure)
    if base[1] <= 0:
        return Empty()
    floor = Fraction(measure.threshold or 0) / 100 * base[0]
    free_certain, free_most, gaps = ZERO, ZERO, dict[str, list[RulePosition]]()
    for position in book.ranked:
        amount = max(value_of(position), ZERO)
        inside = membership(position, measure.free, (), book.base_currency)
        if amount <= 0 or inside is False:
            continue
        free_most += amount
        if inside is True:
            free_certain += amount
        else:
            gaps.setdefault(inside, []).append(position)
    issuers = Measurement(
        metric=RuleMetric.LARGEST, by=By.ISSUER, of=measure.of, without=(*measure.without, *measure.free)
    )
    chosen = _choose(book, issuers)
    for field, positions in chosen.gaps.items():
        gaps.setdefault(field, []).extend(positions)
    certain = [line for line in chosen.lines if line.certain]
    # An issuer of which more than 10 % of the votes are held does not count, where the votes are known.
    votes: dict[str, float] = {}
    for line in chosen.lines:
        if line.key is not None and line.position.terms.votes_pct:
            votes[line.key] = votes.get(line.key, 0.0) + line.position.terms.votes_pct
    controlled = {key for key, share in votes.items() if share > 10}
    known = _wide_sums(line for line in certain if line.key not in controlled)
    unknown = sum((line.amount for line in chosen.lines if line.wide is None), ZERO)
    uncertain = sum((line.amount for line in chosen.lines if not line.certain), ZERO)
    loose = unknown + uncertain

    def counted(amount: Fraction, more: Fraction = ZERO) -> Fraction:
        if reading is LimitReading.CAP:
            return min(amount, floor)
        return amount if amount + more <= floor else ZERO

    least = free_certain + sum((counted(amount, loose) for amount in known.values()), ZERO)
    # At the high end every line of an unknown issuer stands alone, and a line that may not count lifts nobody over.
    sure = _sums(line for line in certain if line.key not in controlled)
    open_sums = _sums(line for line in chosen.lines if line.key not in controlled)
    most = free_most + sum(
        (min(amount, floor) if reading is LimitReading.CAP or loose else counted(amount))
        for key, amount in open_sums.items()
        if reading is LimitReading.CAP or sure.get(key, ZERO) <= floor
    )
    most = min(most, base[0])
    above = [key for key, amount in _sums(chosen.lines).items() if amount > floor]
    behind = ids_of([line.position for line in _of_keys(chosen.lines, above)])
    low, high = _share(least, most, base)
    return Bounds(low, high, behind, gaps={field: tuple(gaps[field]) for field in sorted(gaps)})


def _borrowing(book: Book, measure: Measurement) -> Bounds | Empty:
    base = _base(book, measure)
    if base[1] <= 0:
        return Empty()
    sure, maybe = overdrafts(book)
    debt = owed(sure)
    low, high = _share(debt, debt + owed(maybe), base)
    return Bounds(low, high, ids_of([*sure, *maybe]), gaps={"instrument_type": tuple(maybe)} if maybe else None)


def _asset_coverage(book: Book) -> Bounds | Empty:
    sure, maybe = overdrafts(book)
    if not sure and not maybe:
        return Empty()
    debt, most = owed(sure), owed([*sure, *maybe])
    coverage = (book.net_assets + debt) / debt if debt else None
    low = (book.net_assets + most) / most
    return Bounds(low, coverage, ids_of([*sure, *maybe]), gaps={"instrument_type": tuple(maybe)} if maybe else None)


def _short(book: Book, measure: Measurement) -> Bounds | Empty:
    """Negative lines, less what is held long of the same instrument."""
    base = _base(book, measure)
    if base[1] <= 0:
        return Empty()
    sums: dict[str, Fraction] = {}
    for one in book.positions:
        sums[one.instrument] = sums.get(one.instrument, ZERO) + value_of(one)
    certain: list[RulePosition] = []
    maybe: list[RulePosition] = []
    gaps: dict[str, list[RulePosition]] = {}
    for one in book.ranked:
        if value_of(one) >= 0 or sums[one.instrument] >= 0:
            continue
        inside = membership(one, measure.of, measure.without, book.base_currency)
        if isinstance(inside, str):
            gaps.setdefault(inside, []).append(one)
        if inside is not False:
            (certain if inside is True else maybe).append(one)

    def sold(lines: Iterable[RulePosition]) -> Fraction:
        return -sum((sums[name] for name in {one.instrument for one in lines}), ZERO)

    low, high = _share(sold(certain), sold([*certain, *maybe]), base)
    return Bounds(low, high, ids_of(certain or maybe), gaps={name: tuple(gaps[name]) for name in sorted(gaps)})


def _unhedged(book: Book, measure: Measurement) -> Bounds | Empty:
    base = _base(book, measure)
    if base[1] <= 0:
        return Empty()
    found = unhedged_bounds(book, measure)
    low, high = _share(found.low, found.high or ZERO, base)
    gaps = {name: tuple(found.gaps[name]) for name in sorted(found.gaps)}
    return Bounds(low, None if found.high is None else high, ids_of(found.lines), gaps=gaps)


def _votes(book: Book, measure: Measurement) -> Bounds | Empty:
    chosen = _choose(book, Measurement(metric=RuleMetric.LARGEST, by=By.ISSUER, of=measure.of, without=measure.without))
    if not chosen.lines:
        return Empty()
    votes: dict[str, Fraction] = {}
    silent: list[RulePosition] = []
    for line in chosen.lines:
        if line.position.terms.votes_pct is None:
            silent.append(line.position)
        elif line.certain:
            key = line.key if line.key is not None else f"\0{line.position.instrument}"
            votes[key] = votes.get(key, ZERO) + Fraction(repr(line.position.terms.votes_pct)) / 100
    largest = max(votes, key=lambda key: (votes[key], key), default="")
    behind = _of_keys(chosen.lines, [largest])
    low = votes.get(largest, ZERO)
    loose = [line for line in chosen.lines if line.wide is None or not line.certain]
    gaps = {**chosen.found_gaps(), **({"votes_pct": tuple(silent)} if silent else {})}
    ids = ids_of([line.position for line in behind])
    groups = (ExposureGroup(behind[0].name, low, ids),) if behind else ()
    return Bounds(low, None if silent or loose else low, ids, groups, gaps)
