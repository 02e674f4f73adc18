"""Money survives the database: whole billionths of a dollar, exact sums, unknown stays unknown."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.domain.analysis import Usage
from core.domain.cost import Price
from core.llm.pricing import cost
from core.storage.money import from_nano, to_nano

NANOS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=12)
EXACT = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=9)
TOKENS = st.integers(min_value=0, max_value=2_000_000)


@given(NANOS)
def test_every_number_of_billionths_comes_back(nano: int) -> None:
    assert to_nano(from_nano(nano)) == nano


@given(EXACT)
def test_an_amount_to_the_billionth_comes_back(usd: Decimal) -> None:
    assert from_nano(to_nano(usd)) == usd


@given(AMOUNTS)
def test_a_finer_amount_is_off_by_half_a_billionth_at_most(usd: Decimal) -> None:
    back = from_nano(to_nano(usd))
    assert back is not None
    assert abs(back - usd) <= Decimal("0.0000000005")


@given(st.lists(EXACT, max_size=50))
def test_sums_in_the_database_are_the_sums_of_the_amounts(amounts: list[Decimal]) -> None:
    nanos = [to_nano(amount) for amount in amounts]
    assert from_nano(sum(nano for nano in nanos if nano is not None)) == sum(amounts, Decimal(0))


def test_unknown_stays_unknown_and_is_never_nothing() -> None:
    assert to_nano(None) is None
    assert from_nano(None) is None
    assert to_nano(Decimal(0)) == 0


@given(TOKENS, TOKENS, st.integers(min_value=1, max_value=20_000))
def test_what_a_request_costs_fits_the_database_without_rounding(given_: int, written: int, cents: int) -> None:
    """Prices have at most four decimals per million tokens, so a cost may need ten: one more is rounded off."""
    price = Price(input=Decimal(cents) / 100, cached_input=None, output=Decimal(cents) / 50, source="test")
    spent = cost(price, Usage(input_tokens=given_, output_tokens=written))
    assert from_nano(to_nano(spent)) == spent
