from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from core.domain.portfolio import AssetClass
from core.domain.units import Badge
from core.errors import BadInput
from core.metrics import risk
from core.metrics.prices import PriceHistory
from core.metrics.simulate import simulated_history
from tests.unit.metrics.making import FRIDAY, cash, holding

STOCK = holding("AAPL", 1, currency="USD", country="US", price="255.50", sector="Information Technology")
FUND = holding("VTI", 1, currency="USD", country="US", asset_class=AssetClass.EQUITY_FUND)
LONG_BONDS = holding("TLT", 1, country="US", asset_class=AssetClass.BOND_FUND, name="20+ Year Treasury Bond")
SHORT_BONDS = holding("SHY", 1, country="US", asset_class=AssetClass.BOND_FUND, name="1-3 Year Treasury Bond")
BITCOIN = holding("BTC", 1, asset_class=AssetClass.CRYPTO)
GOLD = holding("GLD", 1, asset_class=AssetClass.COMMODITY, name="Gold Shares")


def returns(history: PriceHistory, symbol: str) -> np.ndarray:
    closes = history[symbol].closes
    return closes[1:] / closes[:-1] - 1


def test_a_symbol_moves_the_same_whoever_else_is_simulated() -> None:
    alone = simulated_history([STOCK], FRIDAY)["AAPL"]
    assert simulated_history([GOLD, FUND, STOCK], FRIDAY)["AAPL"] == alone


def test_a_later_end_adds_days_and_changes_none() -> None:
    now, later = (simulated_history([FUND], FRIDAY + timedelta(days=more)) for more in (0, 3))
    shared = later["VTI"].days[later["VTI"].days <= np.datetime64(FRIDAY)].size - 1
    assert returns(later, "VTI")[:shared] == pytest.approx(returns(now, "VTI")[-shared:], abs=1e-12)


def test_another_seed_gives_another_history() -> None:
    assert simulated_history([FUND], FRIDAY, seed=1) != simulated_history([FUND], FRIDAY, seed=2)


def test_the_draws_are_the_same_on_every_machine() -> None:
    # Figures of the demo must not move between two installations.
    assert returns(simulated_history([FUND], FRIDAY), "VTI")[0] == pytest.approx(0.018036589659, rel=1e-6)


def test_a_series_is_badged_simulated_in_its_own_currency_on_weekdays() -> None:
    sunday = date(2026, 11, 1)
    one = simulated_history([STOCK], sunday, years=1)["AAPL"]
    assert (one.badge, one.currency) == (Badge.SIMULATED, "USD")
    assert one.days[-1] == np.datetime64(FRIDAY)
    assert np.is_busday(one.days).all()
    assert 255 <= one.days.size <= 263


def test_a_series_ends_at_the_holdings_price() -> None:
    history = simulated_history([STOCK, FUND], FRIDAY)
    assert history["AAPL"].closes[-1] == pytest.approx(float(Decimal("255.50")))
    assert history["VTI"].closes[-1] == pytest.approx(100)


def test_what_nobody_quotes_daily_gets_no_history() -> None:
    private = holding("PE", 1, asset_class=AssetClass.PRIVATE)
    option = holding("OPT", 1, asset_class=AssetClass.DERIVATIVE)
    assert list(simulated_history([cash(1), private, option, FUND], FRIDAY)) == ["VTI"]


def test_risk_has_the_order_that_people_know() -> None:
    history = simulated_history([STOCK, FUND, LONG_BONDS, SHORT_BONDS, BITCOIN, GOLD], FRIDAY, years=10)
    vol = {symbol: float(risk.volatility(returns(history, symbol))) for symbol in history}
    assert vol["SHY"] < 0.04 < vol["TLT"] < 0.22
    assert 0.12 < vol["VTI"] < 0.20 < vol["AAPL"] < 0.40 < vol["BTC"]
    assert 0.10 < vol["GLD"] < 0.20


def test_shares_move_together_and_bonds_apart() -> None:
    history = simulated_history([STOCK, FUND, LONG_BONDS], FRIDAY, years=10)
    moves = np.array([returns(history, symbol) for symbol in ("AAPL", "VTI", "TLT")])
    correlation = np.corrcoef(moves)
    assert correlation[0, 1] > 0.4
    assert abs(correlation[1, 2]) < 0.2


def test_a_fund_domiciled_in_ireland_moves_with_what_its_name_says() -> None:
    irish = holding("X", 1, country="IE", asset_class=AssetClass.EQUITY_FUND, name="S&P 500 UCITS ETF")
    history = simulated_history([irish, FUND], FRIDAY, years=5)
    assert np.corrcoef(returns(history, "X"), returns(history, "VTI"))[0, 1] > 0.9


@pytest.mark.parametrize(("end", "years"), [(FRIDAY, 0), (FRIDAY, 16), (date(2012, 1, 1), 3)])
def test_a_window_before_the_first_day_is_refused(end: date, years: int) -> None:
    with pytest.raises(BadInput, match="would start before 2011"):
        simulated_history([FUND], end, years=years)
