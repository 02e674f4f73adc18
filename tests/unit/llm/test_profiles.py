"""Investment profiles: reviewed figures that hold together, with overrides by country."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.domain.facts import Badge, FactSheet, HoldingFact
from core.domain.portfolio import AssetClass
from core.errors import BadSetting, NotFound
from core.llm.profiles import FOLDER, GROUPS, countries_of, investment_profile, profile_ids

EVERY = [(name, country) for name in profile_ids() for country in ("", *countries_of(name))]


def test_there_are_three_profiles_from_calm_to_bold() -> None:
    assert profile_ids() == ("conservative", "moderate", "aggressive")


@pytest.mark.parametrize(("name", "country"), EVERY)
def test_some_portfolio_can_be_inside_every_profile(name: str, country: str) -> None:
    profile = investment_profile(name, country)
    assert sum(one.target_pct for one in profile.ranges) == pytest.approx(100)
    assert sum(one.least_pct for one in profile.ranges) <= 100 <= sum(one.most_pct for one in profile.ranges)
    assert all(one.least_pct <= one.target_pct <= one.most_pct for one in profile.ranges)
    assert profile.max_volatility_pct < profile.max_drawdown_pct
    assert profile.source
    assert profile.reviewed <= date(2027, 12, 31)


def test_a_bolder_profile_bears_more() -> None:
    calm, middle, bold = (investment_profile(name) for name in profile_ids())
    for name in ("horizon_years", "max_volatility_pct", "max_drawdown_pct", "max_position_pct",
                 "max_foreign_currency_pct"):  # fmt: skip
        assert getattr(calm, name) < getattr(middle, name) < getattr(bold, name)


def test_a_country_overrides_what_it_names_and_nothing_else() -> None:
    base, swiss = investment_profile("moderate"), investment_profile("moderate", "ch")
    assert (base.country, swiss.country) == ("", "CH")
    assert (base.max_foreign_currency_pct, swiss.max_foreign_currency_pct) == (40, 30)
    assert swiss.max_volatility_pct == base.max_volatility_pct
    assert "BVV 2" in swiss.source
    assert swiss.notes.startswith(base.notes)
    assert investment_profile("moderate", "UK").country == "GB"
    assert investment_profile("moderate", "FR") == base


def test_every_asset_class_but_mixed_funds_belongs_to_one_group() -> None:
    kinds = [kind for group in GROUPS.values() for kind in group]
    assert len(kinds) == len(set(kinds))
    assert set(AssetClass) - set(kinds) == {AssetClass.FUND}


def a_sheet(*lines: tuple[str, float]) -> FactSheet:
    holdings = tuple(HoldingFact(kind, kind, "", kind, "", "", "USD", weight, 1.0) for kind, weight in lines)
    return FactSheet("p", "P", date(2026, 10, 30), "USD", "US", (), (), holdings)


def test_facts_put_what_is_held_beside_what_is_wanted() -> None:
    profile = investment_profile("moderate")
    facts = {one.metric_id: one for one in profile.facts(a_sheet(("equity", 20), ("equity_fund", 25), ("fund", 55)))}
    assert facts["profile.equities.weight"].value == 45
    assert facts["profile.mixed_funds.weight"].value == 55
    assert facts["profile.equities.weight"].badge is Badge.DERIVED
    assert (facts["profile.equities.least"].value, facts["profile.cash.most"].value) == (30, 20)
    assert facts["profile.max_drawdown"].value == 25
    assert "house view" in facts["profile.max_drawdown"].definition


def test_weights_that_are_not_known_are_not_stated() -> None:
    facts = {one.metric_id for one in investment_profile("moderate").facts(a_sheet(("equity", float("nan"))))}
    assert "profile.equities.weight" not in facts
    assert "profile.equities.most" in facts


def test_bands_for_answers_are_of_single_asset_classes() -> None:
    bands = {one.bucket_id: one for one in investment_profile("moderate").evidence().bands}
    assert set(bands) == {"asset_class.real_estate", "asset_class.commodity", "asset_class.cash"}
    assert bands["asset_class.cash"].high_pct == 20


def test_an_unknown_profile_lists_what_there_is() -> None:
    with pytest.raises(NotFound, match="aggressive, conservative, moderate"):
        investment_profile("reckless")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("equities: [0, 20, 30]", "equities: [40, 20, 30]", "in this order"),
        ("equities: [0, 20, 30]", "equities: [0, 25, 30]", "sum to 100"),
        ("  cash: [5, 15, 40]\n", "", "must name"),
        ("max_volatility_pct: 6", "max_volatility_pct: 600", "max_volatility_pct"),
        ("profile_id: conservative", "profile_id: other", "calls itself"),
        ("name: Conservative", "name: [", "not as it must be"),
        ("source: house view", "colour: red", "not as it must be"),
    ],
)
def test_a_profile_that_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (FOLDER / "conservative.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "conservative.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadSetting, match=says):
        profile_ids(tmp_path)
