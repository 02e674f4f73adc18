"""Laws of the rules that hold for every portfolio."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.compliance.check import check
from core.compliance.kinds import types_of
from core.compliance.library import rule_sets
from core.compliance.measures import Empty, measured
from core.compliance.policy import read_policy
from core.compliance.position import Book, RulePosition
from core.compliance.rule import Rule
from core.domain.compliance import RuleResult, RuleStatus
from core.domain.instrument import FundKind, InstrumentType, Liquidity
from core.domain.portfolio import AssetClass
from tests.unit.compliance.making import book, cash, line, result, unknown

unhurried = settings(deadline=None, max_examples=40)  # a busy machine is no reason to fail

EVERY = [name for name in rule_sets() if name not in {"none", "ips"}]
HAIR = Decimal("1e-12")

T, A = InstrumentType, AssetClass
KINDS = [
    (T.SHARE, A.EQUITY), (T.GOVERNMENT_BOND, A.BOND), (T.CORPORATE_BOND, A.BOND), (T.COVERED_BOND, A.BOND),
    (T.FUND, A.EQUITY_FUND), (T.FUND, A.REAL_ESTATE), (T.EXCHANGE_COMMODITY, A.COMMODITY), (T.SWAP, A.DERIVATIVE),
    (T.PRIVATE_EQUITY, A.PRIVATE), (None, A.OTHER), (None, A.BOND), (None, A.FUND),
]  # fmt: skip
weights = st.decimals("0.01", "30", places=3)


@st.composite
def any_line(draw: st.DrawFn) -> RulePosition:
    kind, asset_class = draw(st.sampled_from(KINDS))
    return line(
        draw(st.sampled_from([f"S{n}" for n in range(12)])),
        draw(weights),
        kind,
        asset_class=asset_class,
        country=draw(st.sampled_from(["", "DE", "CH", "US"])),
        sector=draw(st.sampled_from(["", "Energy", "Financials"])),
        currency=draw(st.sampled_from(["EUR", "USD"])),
        issuer=draw(st.sampled_from(["", "A", "B", "C"])),
        issuer_group=draw(st.sampled_from(["", "G", "H"])),
        counterparty=draw(st.sampled_from(["", "A"])),
        listed=draw(st.sampled_from([None, True, False])),
        liquidity=draw(st.sampled_from([None, Liquidity.HIGH, Liquidity.ILLIQUID])),
        related_party=draw(st.sampled_from([None, True, False])),
        fund_kind=draw(st.sampled_from([None, FundKind.UCITS, FundKind.OTHER])),
        votes_pct=draw(st.sampled_from([None, 1.0, 12.0])),
        notional=draw(st.sampled_from([None, Decimal(7)])),
    )


@st.composite
def any_book(draw: st.DrawFn, lines: st.SearchStrategy[RulePosition] | None = None) -> Book:
    found = draw(st.lists(any_line() if lines is None else lines, min_size=1, max_size=12))
    named = [replace(one, holding_id=f"{one.holding_id}#{place}") for place, one in enumerate(found)]
    return book(*named, cash(draw(weights)))


described = st.builds(
    line,
    st.sampled_from([f"S{n}" for n in range(12)]),
    weights,
    issuer=st.sampled_from(["A", "B", "C", "D", "E"]),
    issuer_group=st.sampled_from(["G", "H"]),
)


def verdicts(of: Book) -> dict[tuple[str, str], tuple[RuleStatus, float | None, float | None]]:
    return {(one.rule_id, one.reading): (one.status, one.measured, one.headroom) for one in check(of, EVERY).results}


def numbered(results: tuple[RuleResult, ...]) -> dict[tuple[str, str], RuleResult]:
    return {(one.rule_id, one.reading): one for one in results}


@unhurried
@given(any_book(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(of: Book, order: random.Random) -> None:
    lines = list(of.positions)
    order.shuffle(lines)
    assert check(book(*lines), EVERY) == check(of, EVERY)


@unhurried
@given(any_book(), st.data())
def test_splitting_a_line_changes_no_verdict_and_no_measure(of: Book, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(of.positions) - 1))
    one = of.positions[place]
    assert one.value is not None
    quarter = Decimal("0.25")
    parts = [
        replace(
            one,
            holding_id=f"part {share}",
            value=one.value * share,
            notional=None if one.notional is None else one.notional * share,
        )
        for share in (quarter, 1 - quarter)
    ]
    # Each part of a stake carries its part of the votes; halves sum up alike.
    if one.terms.votes_pct is not None:
        parts = [replace(part, terms=replace(part.terms, votes_pct=one.terms.votes_pct / 2)) for part in parts]
    lines = [*of.positions[:place], *parts, *of.positions[place + 1 :]]
    assert verdicts(book(*lines)) == verdicts(of)


@unhurried
@given(any_book(), st.sampled_from([Decimal("0.001"), Decimal(7), Decimal("1e9")]))
def test_the_size_of_a_portfolio_changes_nothing(of: Book, factor: Decimal) -> None:
    lines = [
        replace(
            one,
            value=None if one.value is None else one.value * factor,
            notional=None if one.notional is None else one.notional * factor,
        )
        for one in of.positions
    ]
    assert verdicts(book(*lines)) == verdicts(of)


@unhurried
@given(any_book(described), st.sampled_from(["A", "B", "C"]), weights)
def test_more_of_an_issuer_never_makes_the_largest_share_smaller(of: Book, issuer: str, more: Decimal) -> None:
    # What is added is taken from cash, so that the whole stays.
    rich = book(*of.positions, cash(100, symbol="RICH"))
    richer = book(*of.positions, line("NEW", more, issuer=issuer), cash(100 - more, symbol="RICH"))
    before, after = (numbered(check(one, ["ucits"]).results) for one in (rich, richer))
    for key in (("EU.UCITS.52.1-2", ""), ("EU.UCITS.52.2-sum40", "")):
        assert (after[key].measured or 0) >= (before[key].measured or 0)


@unhurried
@given(any_book(), st.data())
def test_what_is_certain_stays_certain_when_more_becomes_known(of: Book, data: st.DataObject) -> None:
    """A breach or a pass in spite of gaps is none because of them: filling a gap never turns it into its opposite."""
    issuer = data.draw(st.sampled_from(["A", "B", "Z"]))
    group = data.draw(st.sampled_from(["G", "Z"]))
    listed = data.draw(st.booleans())
    filled = book(
        *[
            replace(
                one,
                terms=replace(
                    one.terms,
                    issuer=one.terms.issuer or issuer,
                    issuer_group=one.terms.issuer_group or group,
                    counterparty=one.terms.counterparty or issuer,
                    listed=listed if one.terms.listed is None else one.terms.listed,
                    related_party=listed if one.terms.related_party is None else one.terms.related_party,
                    instrument_type=one.terms.instrument_type or data.draw(st.sampled_from(possible(one))),
                ),
            )
            for one in of.positions
        ]
    )
    kept = {RuleStatus.PASS, RuleStatus.NEAR}
    after = numbered(check(filled, EVERY).results)
    for key, before in numbered(check(of, EVERY).results).items():
        if before.status is RuleStatus.BREACH:
            assert after[key].status not in kept, (before.explanation, after[key].explanation)
        elif before.status in kept:
            assert after[key].status is not RuleStatus.BREACH, (before.explanation, after[key].explanation)


def possible(one: RulePosition) -> list[InstrumentType]:
    return sorted(types_of(one))


@unhurried
@given(any_book())
def test_the_low_end_never_lies_above_the_high_end(of: Book) -> None:
    for rule_set in rule_sets().values():
        for rule in rule_set.rules:
            for bounds in ends(rule, of):
                assert bounds[1] is None or bounds[0] <= bounds[1], rule.id


def ends(rule: Rule, of: Book) -> list[tuple[Fraction, Fraction | None]]:
    if not rule.measure.of and rule.measure.metric != "borrowing":
        return []
    found = [measured(of, rule.measure, reading) for reading in rule.readings or (None,)]
    return [(one.low, one.high) for one in found if not isinstance(one, Empty)]


@unhurried
@given(st.decimals("1", "30", places=6), st.sampled_from([-HAIR, Decimal(0), HAIR]))
def test_a_policys_limit_splits_exactly_at_the_limit(limit: Decimal, off: Decimal) -> None:
    policy = read_policy(f"name: P\nas_of: 2026-01-01\nranges: [{{bucket: equity, max: '{limit}'}}]")
    done = check(book(line("A", limit + off), cash(100 - limit - off)), [], policies=[policy])
    assert (done.results[0].status is RuleStatus.BREACH) is (off > 0)


@unhurried
@given(st.sampled_from([-HAIR, Decimal(0), HAIR]), st.integers(1, 7))
def test_five_percent_splits_exactly_at_five_percent(off: Decimal, many: int) -> None:
    lines = [line(f"S{n}", 5 + off) for n in range(many)]
    found = result("EU.UCITS.52.2-sum40", book(*lines, cash(100 - many * (5 + off))))
    assert (found.measured == 0) is (off <= 0)


@unhurried
@given(st.lists(weights, min_size=1, max_size=6))
def test_lines_without_any_description_break_no_rule(values: list[Decimal]) -> None:
    blank = book(*[unknown(f"X{place}", value) for place, value in enumerate(values)])
    assert not [one for one in check(blank, EVERY).results if one.status is RuleStatus.BREACH]
