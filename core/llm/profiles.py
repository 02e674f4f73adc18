"""Investment profiles: what an investor of a kind holds and bears, as reviewed data with overrides by country.

The figures stand in `profile_data/<id>.yaml` and nowhere else. What a model is told about the investor in words stands
with the prompts under the same id (`prompts/_profiles/<id>.md`); `prompts check` sees that both are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.domain.evidence import Band, InvestmentProfile
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

GROUP = "asset_group."
"""Ranges bound metrics whose id begins so ("asset_group.equities"): the weights of a group's classes together."""

Percent = Annotated[float, Field(ge=0, le=100)]
Ends = tuple[Percent, Percent, Percent]


class _Override(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    ranges: dict[str, Ends] = {}
    max_volatility_pct: Percent | None = None
    max_drawdown_pct: Percent | None = None
    max_position_pct: Percent | None = None
    max_turnover_pct: Percent | None = None
    max_foreign_currency_pct: Percent | None = None
    reason: Annotated[str, Field(min_length=3)]
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
    max_turnover_pct: Percent
    max_foreign_currency_pct: Percent
    excluded: tuple[str, ...] = ()
    ranges: dict[str, Ends]
    countries: dict[Annotated[str, Field(pattern="^[A-Z]{2}$")], _Override] = {}

    @model_validator(mode="after")
    def _holds_together(self) -> _File:
        if set(self.ranges) != set(GROUPS):
            raise ValueError(f"ranges must name {', '.join(GROUPS)}")
        unknown = set(self.excluded) - {f"asset_class.{one.value}" for one in AssetClass}
        if unknown:
            raise ValueError(f"excluded names {', '.join(sorted(unknown))}, which is no asset class")
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

    return InvestmentProfile(
        profile_id=one.profile_id,
        name=one.name,
        bands=tuple(
            Band(f"{GROUP}{group}", *_ends(ranges[group]), tuple(kind.value for kind in kinds))
            for group, kinds in GROUPS.items()
        ),
        max_turnover_pct=figure("max_turnover_pct"),
        max_position_pct=figure("max_position_pct"),
        excluded=one.excluded,
        country=code if override else "",
        horizon_years=one.horizon_years,
        max_volatility_pct=figure("max_volatility_pct"),
        max_drawdown_pct=figure("max_drawdown_pct"),
        max_foreign_currency_pct=figure("max_foreign_currency_pct"),
        source=(override.source if override else "") or one.source,
    )


def _ends(ends: Ends) -> Ends:
    least, target, most = map(float, ends)
    return least, target, most


def _file(profile_id: str, folder: Path) -> _File:
    files = _files(folder)
    if profile_id not in files:
        raise NotFound(f"There is no investment profile '{profile_id}'. There are: {', '.join(files)}.")
    return files[profile_id]
