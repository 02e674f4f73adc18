"""Investment profiles: reviewed figures that hold together, with overrides by country."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.portfolio import AssetClass
from core.errors import BadSetting, NotFound
from core.llm.profiles import FOLDER, GROUP, GROUPS, countries_of, investment_profile, profile_ids

EVERY = [(name, country) for name in profile_ids() for country in ("", *countries_of(name))]


def test_there_are_three_profiles_from_calm_to_bold() -> None:
    assert profile_ids() == ("conservative", "moderate", "aggressive")


@pytest.mark.parametrize(("name", "country"), EVERY)
def test_some_portfolio_can_be_inside_every_profile(name: str, country: str) -> None:
    profile = investment_profile(name, country)
    ends = [(one.low_pct or 0, one.target_pct or 0, one.high_pct or 0) for one in profile.bands]
    least, target, most = (sum(parts) for parts in zip(*ends, strict=True))
    assert target == pytest.approx(100)
    assert least <= 100 <= most
    assert all(list(one) == sorted(one) for one in ends)
    assert (profile.max_volatility_pct or 0) < (profile.max_drawdown_pct or 0)
    assert profile.source


def test_a_bolder_profile_bears_more() -> None:
    calm, middle, bold = (investment_profile(name) for name in profile_ids())
    for name in ("horizon_years", "max_volatility_pct", "max_drawdown_pct", "max_position_pct",
                 "max_turnover_pct", "max_foreign_currency_pct"):  # fmt: skip
        assert getattr(calm, name) < getattr(middle, name) < getattr(bold, name)


def test_a_country_overrides_what_it_names_and_nothing_else() -> None:
    base, swiss = investment_profile("moderate"), investment_profile("moderate", "ch")
    assert (base.country, swiss.country) == ("", "CH")
    assert (base.max_foreign_currency_pct, swiss.max_foreign_currency_pct) == (40, 30)
    assert swiss.max_volatility_pct == base.max_volatility_pct
    assert "BVV 2" in swiss.source
    assert (swiss.excluded, swiss.max_turnover_pct) == (base.excluded, base.max_turnover_pct)
    assert investment_profile("moderate", "UK").country == "GB"
    assert investment_profile("moderate", "FR") == base


def test_every_asset_class_but_mixed_funds_belongs_to_one_group() -> None:
    kinds = [kind for group in GROUPS.values() for kind in group]
    assert len(kinds) == len(set(kinds))
    assert set(AssetClass) - set(kinds) == {AssetClass.FUND}


def test_each_range_bounds_the_classes_of_its_group_together() -> None:
    bands = {one.bucket_id: one for one in investment_profile("moderate").bands}
    assert set(bands) == {f"{GROUP}{name}" for name in GROUPS}
    assert bands["asset_group.equities"].asset_classes == ("equity", "equity_fund")
    assert (bands["asset_group.cash"].low_pct, bands["asset_group.cash"].high_pct) == (0, 20)
    assert investment_profile("conservative").excluded == ("asset_class.crypto",)


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
        ("asset_class.crypto", "asset_class.gold_bars", "which is no asset class"),
    ],
)
def test_a_profile_that_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (FOLDER / "conservative.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "conservative.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadSetting, match=says):
        profile_ids(tmp_path)
