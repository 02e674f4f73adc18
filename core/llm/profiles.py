"""Investment profiles: what an investor of a kind holds and bears, as reviewed data with overrides by country.

They are a house's yardsticks and no rules: `core.compliance` evaluates rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isnan
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.domain.evidence import Band, Profile
from core.domain.facts import Badge, Fact, FactSheet, Unit
from core.domain.portfolio import AssetClass
from core.errors import BadSetting, NotFound

FOLDER = Path(__file__).resolve().parent / "profile_data"

GROUPS: Mapping[str, tuple[AssetClass, ...]] = {
    "equities": (AssetClass.EQUITY, AssetClass.EQUITY_FUND),
    "bonds": (AssetClass.BOND, AssetClass.BOND_FUND),
    "real_estate": (AssetClass.REAL_ESTATE,),
    "commodities": (AssetClass.COMMODITY,),
    "alternatives": (AssetClass.PRIVATE, AssetClass.CRYPTO, AssetClass.DERIVATIVE, AssetClass.OTHER),
    "cash": (AssetClass.CASH,),
}
"""Asset classes that a range speaks of together. Mixed funds (`fund`) belong to none: what they hold is not known."""

MIXED = "mixed_funds"


@dataclass(frozen=True, slots=True)
class Range:
    """Where the weight of a group is meant to be, in percent of the portfolio."""

    group: str
    least_pct: float
    target_pct: float
    most_pct: float


@dataclass(frozen=True, slots=True)
class InvestmentProfile:
    """One profile, for one country or for all.

    Attributes:
        profile_id: "conservative", "moderate", "aggressive".
        country: ISO 3166-1 alpha-2 of the override that was applied; "" for none.
        ranges: By group; targets sum to 100.
        max_volatility_pct: Most volatility a year that is borne.
        max_drawdown_pct: Deepest fall from a peak that is borne, as a positive percentage.
        max_position_pct: Largest weight of one line that is no fund.
        max_foreign_currency_pct: Most weight outside the portfolio's base currency.
        source: "house view", or where the figures are from.
        reviewed: When a person last looked at them.
    """

    profile_id: str
    name: str
    country: str
    horizon_years: int
    ranges: tuple[Range, ...]
    max_volatility_pct: float
    max_drawdown_pct: float
    max_position_pct: float
    max_foreign_currency_pct: float
    notes: str
    source: str
    reviewed: date

    def evidence(self) -> Profile:
        """What fits an answer's evidence: ranges of groups that are a single asset class, and the largest line."""
        bands = tuple(
            Band(f"asset_class.{GROUPS[one.group][0].value}", one.least_pct, one.target_pct, one.most_pct)
            for one in self.ranges
            if len(GROUPS[one.group]) == 1
        )
        return Profile(self.profile_id, self.name, bands, None, self.max_position_pct)

    def facts(self, sheet: FactSheet) -> tuple[Fact, ...]:
        """What the profile asks for and what the portfolio has, side by side.

        "profile.equities.least", ".target", ".most" and ".weight" in percent, "profile.max_volatility" and so on.
        The weight is left out where the portfolio holds lines whose weight is not known.
        """
        note = f"Profile '{self.name}'" + (f" for {self.country}" if self.country else "") + f", {self.source}."
        facts: list[Fact] = []

        def add(name: str, value: float, text: str, badge: Badge = Badge.REAL, period: str | None = None) -> None:
            facts.append(Fact(f"profile.{name}", value, Unit.PCT, None, period, text, badge, 2))

        weights = _weights(sheet)
        for one in self.ranges:
            add(f"{one.group}.least", one.least_pct, f"Least weight of {one.group}. {note}")
            add(f"{one.group}.target", one.target_pct, f"Wanted weight of {one.group}. {note}")
            add(f"{one.group}.most", one.most_pct, f"Most weight of {one.group}. {note}")
            if weights is not None:
                text = f"Sum of the weights of {', '.join(kind.value for kind in GROUPS[one.group])}."
                add(f"{one.group}.weight", weights[one.group], text, Badge.DERIVED, f"as of {sheet.as_of}")
        if weights is not None and weights[MIXED]:
            text = "Weight of funds that hold several asset classes and therefore count in none of the ranges."
            add(f"{MIXED}.weight", weights[MIXED], text, Badge.DERIVED, f"as of {sheet.as_of}")
        add("max_volatility", self.max_volatility_pct, f"Most volatility a year that is borne. {note}")
        add("max_drawdown", self.max_drawdown_pct, f"Deepest fall from a peak that is borne. {note}")
        add("max_position", self.max_position_pct, f"Largest weight of one line that is no fund. {note}")
        add("max_foreign_currency", self.max_foreign_currency_pct, f"Most weight outside the base currency. {note}")
        return tuple(facts)


def _weights(sheet: FactSheet) -> dict[str, float] | None:
    weights = dict.fromkeys((*GROUPS, MIXED), 0.0)
    group_of = {kind.value: group for group, kinds in GROUPS.items() for kind in kinds}
    for line in sheet.holdings:
        if isnan(line.weight_pct):  # a rate is missing
            return None
        weights[group_of.get(line.asset_class, MIXED)] += line.weight_pct
    return weights


Percent = Annotated[float, Field(ge=0, le=100)]
Ends = tuple[Percent, Percent, Percent]


class _Override(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    ranges: dict[str, Ends] = {}
    max_volatility_pct: Percent | None = None
    max_drawdown_pct: Percent | None = None
    max_position_pct: Percent | None = None
    max_foreign_currency_pct: Percent | None = None
    notes: str
    source: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    profile_id: str
    name: str
    source: Annotated[str, Field(min_length=3)]
    reviewed: date
    horizon_years: Annotated[int, Field(ge=1, le=50)]
    max_volatility_pct: Percent
    max_drawdown_pct: Percent
    max_position_pct: Percent
    max_foreign_currency_pct: Percent
    ranges: dict[str, Ends]
    notes: str
    countries: dict[Annotated[str, Field(pattern="^[A-Z]{2}$")], _Override] = {}

    @model_validator(mode="after")
    def _holds_together(self) -> _File:
        if set(self.ranges) != set(GROUPS):
            raise ValueError(f"ranges must name {', '.join(GROUPS)}")
        for country, override in (("", None), *self.countries.items()):
            if override is not None and not set(override.ranges) <= set(GROUPS):
                raise ValueError(f"ranges of {country} name a group that there is not")
            _check_ranges(country, self.ranges | (override.ranges if override else {}))
        return self


def _check_ranges(country: str, ranges: Mapping[str, Ends]) -> None:
    where = f" of {country}" if country else ""
    for group, ends in ranges.items():
        if list(ends) != sorted(ends):
            raise ValueError(f"the range of {group}{where} must be least, target, most, in this order")
    if abs(sum(ends[1] for ends in ranges.values()) - 100) > 1e-9:
        raise ValueError(f"the targets{where} must sum to 100")
    if sum(ends[0] for ends in ranges.values()) > 100 or sum(ends[2] for ends in ranges.values()) < 100:
        raise ValueError(f"no portfolio can be inside all ranges{where}")


@lru_cache(maxsize=4)
def _files(folder: Path) -> dict[str, _File]:
    found: dict[str, _File] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            one = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
            raise BadSetting(f"The investment profile {path.name} is not as it must be: {_first(error)}.") from None
        if one.profile_id != path.stem:
            raise BadSetting(f"The investment profile {path.name} calls itself '{one.profile_id}'. Use one name.")
        found[one.profile_id] = one
    return found


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first: Any = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return " ".join(str(error).split())


def profile_ids(folder: Path = FOLDER) -> tuple[str, ...]:
    """The profiles there are, from the least to the most volatility."""
    files = _files(folder)
    return tuple(sorted(files, key=lambda name: files[name].max_volatility_pct))


def countries_of(profile_id: str, folder: Path = FOLDER) -> tuple[str, ...]:
    """Countries for which a profile has an override.

    Raises:
        NotFound: No such profile.
    """
    return tuple(_file(profile_id, folder).countries)


def investment_profile(profile_id: str, country: str = "", folder: Path = FOLDER) -> InvestmentProfile:
    """A profile with the override of a country, or as it stands where the country has none.

    Args:
        profile_id: "conservative", "moderate" or "aggressive".
        country: ISO 3166-1 alpha-2 in any case; "UK" is read as GB; "" for none.
        folder: Where the files are.

    Raises:
        NotFound: No such profile; the message lists what there is.
        BadSetting: A file is not as it must be.
    """
    one = _file(profile_id, folder)
    code = {"UK": "GB"}.get(country.upper(), country.upper())
    override = one.countries.get(code)
    ranges = one.ranges | (override.ranges if override else {})

    def figure(name: str) -> float:
        own = None if override is None else getattr(override, name)
        return float(getattr(one, name) if own is None else own)

    notes: Iterable[str] = (one.notes,) if override is None else (one.notes, override.notes)
    return InvestmentProfile(
        profile_id=one.profile_id,
        name=one.name,
        country=code if override else "",
        horizon_years=one.horizon_years,
        ranges=tuple(Range(group, *ranges[group]) for group in GROUPS),
        max_volatility_pct=figure("max_volatility_pct"),
        max_drawdown_pct=figure("max_drawdown_pct"),
        max_position_pct=figure("max_position_pct"),
        max_foreign_currency_pct=figure("max_foreign_currency_pct"),
        notes=" ".join(notes),
        source=(override.source if override else "") or one.source,
        reviewed=one.reviewed,
    )


def _file(profile_id: str, folder: Path) -> _File:
    files = _files(folder)
    if profile_id not in files:
        raise NotFound(f"There is no investment profile '{profile_id}'. There are: {', '.join(files)}.")
    return files[profile_id]
