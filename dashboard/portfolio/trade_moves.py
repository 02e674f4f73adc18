"""The card "Before a trade" of the Rules tab: which rules trades on paper move, and the room before and after."""

from __future__ import annotations

import streamlit as st

from core.desk.trade_checks import Move, Side, TradeCheck
from core.errors import MosychlosError
from dashboard.portfolio import figures_of_rules
from dashboard.portfolio.open import OpenPortfolio
from dashboard.widgets import listings, states, text

_KEY = "rules_trades"
_MOST = 20


def card(one: OpenPortfolio) -> None:
    """A field for trades, one a line, and what they would move. Nothing is stored and nothing is traded."""
    with st.container(border=True):
        st.subheader(
            "Before a trade", anchor=False, help="At the portfolio's own prices, without costs, paid from cash."
        )
        said = st.text_area(
            "Trades, one a line", key=_KEY, placeholder="SELL 1000 ASML.AS\nBUY 50000 EUR NL0010273215",
            help="Units, or money with its currency, by symbol or ISIN.", max_chars=2_000,
        )  # fmt: skip
        trades = [line for line in (said or "").splitlines() if line.strip()][:_MOST]
        if not trades:
            return
        try:
            done = one.app.compliance.check_trades(one.actor, one.portfolio_id, trades, as_of=one.as_of)
        except MosychlosError as error:
            st.error(text.escape(str(error)), icon=":material/error:")
            return
        _moves(done)


def _moves(done: TradeCheck) -> None:
    if not done.moves:
        st.info("No rule moves.", icon=":material/check:")
        return
    base = done.after.base_currency
    listings.table(
        {
            "Rule that moves": [one.title for one in done.moves],
            "Before": [_status(one, one.before) for one in done.moves],
            "After": [_status(one, one.after) for one in done.moves],
            "Limit": ["" if one.limit is None else f"{one.operator} {_figure(one.limit, one)}" for one in done.moves],
            f"Room before, {base}": [_money(one.before) for one in done.moves],
            f"Room after, {base}": [_money(one.after) for one in done.moves],
            **(_in_units(done) if any(one.before.headroom_units for one in done.moves) else {}),
        },
        alt="Rules that the trades move, with the room before and after",
    )


def _in_units(done: TradeCheck) -> dict[str, list[str]]:
    return {
        "In units, before": [_units(one.before) for one in done.moves],
        "In units, after": [_units(one.after) for one in done.moves],
    }


def _status(one: Move, side: Side) -> str:
    return f"{states.RULE[side.status].word} {_figure(side.measured, one)}".strip()


def _figure(value: float | None, one: Move) -> str:
    return figures_of_rules.number(value, one.unit)


def _money(side: Side) -> str:
    return "" if side.headroom_money is None else f"{side.headroom_money:,.0f}"


def _units(side: Side) -> str:
    return ", ".join(f"{code} {units:,.2f}" for code, units in side.headroom_units.items())
