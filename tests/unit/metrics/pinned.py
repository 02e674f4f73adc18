"""What every definition says and comes to, pinned with its version: neither changes unless the version does.

`make methodology` pins what is new and what has a new version, and nothing else: a change without a row in
`core.metrics.restatements.RESTATEMENTS` stays a failing test.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from math import sin
from pathlib import Path

from core.domain.facts import FactSheet
from core.domain.instrument import InstrumentType, Liquidity, Terms
from core.domain.market import EconomicSeries
from core.domain.portfolio import AssetClass
from core.domain.units import Badge
from core.metrics.definitions import ALL_DEFINITIONS, MetricGroup
from core.metrics.factsheet import fact_sheets
from core.metrics.prices import PriceHistory
from core.metrics.restatements import VERSIONS, key_of
from tests.unit.metrics.making import FRIDAY, FixedRates, cash, holding, portfolio, series

PINS = Path(__file__).parent / "pinned.json"
_COUNT = 700

Pin = dict[str, int | str]


def _moves(seed: int) -> list[float]:
    """Daily returns that need no generator, so that they are the same wherever they are made."""
    return [0.0003 + 0.012 * sin(day * (1.7 + 0.31 * seed)) * sin(day * 0.013 * seed + seed) for day in range(_COUNT)]


def fixed_sheet() -> FactSheet:
    """A portfolio in which every group of metrics has something to state."""
    prices = PriceHistory.from_series(
        series(symbol, _moves(seed), currency="USD" if symbol == "USA" else "EUR")
        for seed, symbol in enumerate(["ONE", "TWO", "USA", "BOND", "FUND", "IX", "IY"], 1)
    )
    before = FRIDAY - timedelta(days=400)
    held = portfolio(
        holding("ONE", 3000, sector="Energy", country="FR", terms=Terms(InstrumentType.SHARE, issuer="One SA")),
        holding("TWO", 2000, sector="Banks", country="DE", terms=Terms(liquidity=Liquidity.HIGH, issuer="Two AG")),
        holding("USA", 1000, currency="USD", sector="Energy", country="US", terms=Terms(issuer="Usa Inc")),
        holding(
            "BOND", 1500, asset_class=AssetClass.BOND, country="DE",
            terms=Terms(InstrumentType.CORPORATE_BOND, issuer="Two AG", rating="A", duration_years=4.5),
        ),
        holding(
            "FUND", 1800, asset_class=AssetClass.EQUITY_FUND, country="IE",
            terms=Terms(InstrumentType.FUND, exposure="EUR"),
        ),
        cash(700),
        benchmark={"IX": "0.6", "IY": "0.4"},
        flows=[(before + timedelta(days=200), 500.0, "EUR")],
    )  # fmt: skip
    groups = [group for group in MetricGroup if group is not MetricGroup.LOOKTHROUGH]
    members = {"IX": holding("IX", 1), "IY": holding("IY", 1, asset_class=AssetClass.BOND)}
    snapshots = {"p": [(before, 8000.0), (before + timedelta(days=200), 9000.0)]}
    rates = FixedRates({("USD", "EUR"): 0.9})
    first = FRIDAY - timedelta(days=1100)
    months = tuple(first + timedelta(days=30 * at) for at in range(37))
    told = tuple(2.0 + 0.05 * at for at in range(37))
    short_rate = EconomicSeries(
        "short_rate.EUR", "", "percent", "monthly", "Bank", "", "", "file", Badge.REAL, True, months, told
    )
    return fact_sheets(
        [held],
        rates,
        prices,
        groups=groups,
        snapshots=snapshots,
        members=members,
        short_rates={"EUR": short_rate},
    )[0]


def pins() -> dict[str, Pin]:
    """As they are now, by key of the definition."""
    figures: dict[str, list[str]] = {}
    sheet = fixed_sheet()
    for fact in sheet.facts:
        figures.setdefault(key_of(fact.metric_id), []).append(f"{fact.metric_id}={fact.value:.8g}")
    return {key: _pin(key, figures.get(key, [])) for key in ALL_DEFINITIONS}


def _pin(key: str, figures: list[str]) -> Pin:
    one = ALL_DEFINITIONS[key]
    # Whom a definition cites may be said better without restating a figure.
    words = "|".join([one.unit.value, str(one.decimals), one.text, *one.keys])
    found: Pin = {"version": VERSIONS[key], "words": hashlib.sha256(words.encode()).hexdigest()[:16]}
    return found | {"figures": " ".join(sorted(figures))}


def pinned() -> dict[str, Pin]:
    """As they stand in the file."""
    stored: dict[str, Pin] = json.loads(PINS.read_text(encoding="utf-8"))
    return stored


def main() -> None:
    """Pin what is new or has a new version."""
    before = pinned() if PINS.exists() else {}
    now = pins()
    kept = {
        key: before[key] if key in before and before[key]["version"] == one["version"] else one
        for key, one in now.items()
    }
    PINS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for key in sorted(key for key in now if kept[key] != now[key]):
        print(f"{key} changed and has no new version: add a row to RESTATEMENTS.")


if __name__ == "__main__":
    main()
