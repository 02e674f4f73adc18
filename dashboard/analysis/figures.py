"""What is particular to analyses about figures: allocation, performance and attribution."""

from __future__ import annotations

import streamlit as st

from dashboard.analysis import charts as analysis_charts
from dashboard.analysis.answer import AnswerPlaces, Part
from dashboard.analysis.charts import Bullet
from dashboard.analysis.parts import claims, heading, proposals
from dashboard.portfolio import charts as portfolio_charts
from dashboard.widgets import listings, show, text

_EFFECTS = ("allocation", "selection", "interaction", "currency", "residual")
_SEEN = 0.005
"""In percentage points; a smaller one would read as 0.00."""

_BASIS = {
    "twr_gross": "time-weighted, before costs",
    "twr_net": "time-weighted, after costs",
    "mwr_net": "money-weighted, after costs",
    "price_only": "prices only",
    "simulated": "simulated prices",
}


def allocation(answer: AnswerPlaces) -> None:
    """Weights against their bands, overlaps, proposals."""
    _deviations(answer)
    overlaps = answer.parts("overlaps")
    if overlaps:
        heading("Overlaps")
        for place, one in enumerate(overlaps):
            path = f"overlaps[{place}]"
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{text.escape(', '.join(map(str, one.get('holding_ids') or [])))}**")
                answer.say(one.get("comment"), f"{path}.comment")
                answer.chips(one.get("metrics") or [], f"{path}.metrics")
                answer.flags(path)
    proposals(answer)
    if answer.words("turnover_comment"):
        heading("Turnover")
        answer.say(answer.words("turnover_comment"), "turnover_comment")


def _deviations(answer: AnswerPlaces) -> None:
    rows = answer.parts("deviations")
    heading("Weights against targets")
    if not rows:
        st.caption("The answer names no deviation. Without a profile there is no target to deviate from.")
        answer.flags("deviations")
        return
    bars = [bar for row in rows if (bar := _bullet(answer, row)) is not None]
    if bars:
        outside = [bar.name for bar in bars if bar.outside]
        said = f"outside: {', '.join(outside)}" if outside else "all inside their bands"
        show.chart(
            analysis_charts.bullets(bars, show.colours()),
            key="item_bullets",
            alt=f"Weights of {text.count(len(bars), 'bucket')} with band and target; {said}",
        )
    listings.table(
        {
            "Bucket": [text.fact(str(row.get("bucket_id", ""))) for row in rows],
            "Weight": [answer.cell(row.get("portfolio") or {}, f"deviations[{place}].portfolio")
                       for place, row in enumerate(rows)],
            "Target": [answer.cell(row.get("target") or {}, f"deviations[{place}].target")
                       for place, row in enumerate(rows)],
            "Direction": [str(row.get("direction", "")).replace("_", " ") for row in rows],
            "Status": [str(row.get("status", "")) for row in rows],
            "Comment": [str(row.get("comment", "")) for row in rows],
        },
        alt="Weights against targets, as the answer states them",
    )  # fmt: skip
    answer.flags("deviations")


def _bullet(answer: AnswerPlaces, row: Part) -> Bullet | None:
    """A row with the bounds that the profile gives its bucket, not the ones that the answer says."""
    cited = row.get("portfolio") or {}
    value, bucket = answer.value(cited), str(cited.get("metric_id", ""))
    if value is None:
        return None
    bounds = [answer.facts.get(f"{name}.{bucket}") for name in ("least", "target", "most")]
    low, target, high = (None if fact is None else fact.value for fact in bounds)
    return Bullet(text.words(bucket.partition(".")[2] or bucket), value, low, target, high)


def performance(answer: AnswerPlaces) -> None:
    """Periods against the benchmark, what holdings added and cost, and what else was said of the return."""
    basis = answer.words("return_basis")
    st.caption(f"Returns: {text.escape(_BASIS.get(basis, basis))}")
    _periods(answer)
    _contributions(answer)
    for name, title in (
        ("risk_adjusted", "Return for the risk taken"),
        ("drawdown", "Drawdown"),
        ("currency_effect", "Currency"),
        ("cost_effect", "Costs"),
    ):
        claims(answer, name, title)
    answer.flags("verdict")


def _periods(answer: AnswerPlaces) -> None:
    rows = answer.parts("periods")
    heading("Periods")
    if not rows:
        st.caption("No period could be compared with a benchmark. The gaps below say what is missing.")
        answer.flags("periods")
        return
    bars = []
    for row in rows:
        own, other = answer.value(row.get("portfolio") or {}), answer.value(row.get("benchmark") or {})
        if own is not None:
            bars.append((str(row.get("period", "")), own, other))
    if bars:
        said = ", ".join(f"{name} {own:.1f} %" + (f" against {other:.1f} %" if other is not None else "")
                         for name, own, other in bars)  # fmt: skip
        show.chart(portfolio_charts.years(bars, show.colours()), key="item_periods", alt=f"Returns by period: {said}")
    listings.table(
        {
            "Period": [str(row.get("period", "")) for row in rows],
            **{
                title: [answer.cell(row.get(part) or {}, f"periods[{place}].{part}") for place, row in enumerate(rows)]
                for title, part in (("Portfolio", "portfolio"), ("Benchmark", "benchmark"), ("Difference", "excess"))
            },
            "Comment": [str(row.get("comment", "")) for row in rows],
        },
        alt="Returns of the portfolio and its benchmark by period",
    )
    answer.flags("periods")


def _contributions(answer: AnswerPlaces) -> None:
    both = [
        (name, place, one) for name in ("contributors", "detractors") for place, one in enumerate(answer.parts(name))
    ]
    if not both:
        return
    heading("What holdings added and cost")
    bars = [
        (str(one.get("holding_id", "")), value)
        for _, _, one in both
        if (value := answer.value(one.get("contribution") or {})) is not None
    ]
    bars.sort(key=lambda bar: -bar[1])
    if bars:
        said = ", ".join(f"{name} {value:+.2f}" for name, value in bars)
        show.chart(
            analysis_charts.signed(bars, "pp", show.colours()), key="item_contributions",
            alt=f"Contributions in percentage points: {said}",
        )  # fmt: skip
    listings.table(
        {
            "Holding": [str(one.get("holding_id", "")) for _, _, one in both],
            "Contribution": [answer.cell(one.get("contribution") or {}, f"{name}[{place}].contribution")
                             for name, place, one in both],
            "Comment": [str(one.get("comment", "")) for _, _, one in both],
        },
        alt="Contributions of holdings",
    )  # fmt: skip
    answer.flags("contributors")
    answer.flags("detractors")


def attribution(answer: AnswerPlaces) -> None:
    """From the benchmark to the portfolio, then effect by effect in each segment."""
    words = [answer.words(name).replace("_", " ") for name in ("method", "linking")]
    st.caption(text.escape(f"{text.period(answer.words('period'))} · {' · '.join(word for word in words if word)}"))
    _totals(answer)
    _segments(answer)
    if answer.words("evidence_limits"):
        heading("What this cannot show")
        answer.say(answer.words("evidence_limits"), "evidence_limits")
    st.caption(f"Persistence: {text.escape(answer.words('persistence').replace('_', ' '))}")


def _totals(answer: AnswerPlaces) -> None:
    totals: Part = answer.analysis.get("totals") or {}
    heading("From the benchmark to the portfolio")
    steps = [(name, answer.value(totals.get(name) or {})) for name in _EFFECTS]
    active = answer.value(totals.get("active_return") or {})
    bars = [
        (text.words(name), value)
        for name, value in steps
        if value is not None and (name != "residual" or abs(value) >= _SEEN)
    ]
    if active is not None and bars:
        said = ", ".join(f"{name} {value:+.2f}" for name, value in bars)
        show.chart(
            portfolio_charts.waterfall(bars, ("Active return", active), show.colours()), key="item_waterfall",
            alt=f"Waterfall to an active return of {active:+.2f} percentage points: {said}",
        )  # fmt: skip
    names = ("active_return", *_EFFECTS)
    listings.table(
        {
            "Effect": [text.words(name) for name in names],
            "As stated": [answer.cell(totals.get(name) or {}, f"totals.{name}") for name in names],
        },
        alt="The active return and its effects",
    )
    answer.flags("totals")


def _segments(answer: AnswerPlaces) -> None:
    rows = answer.parts("segments")
    if not rows:
        return
    heading("Segments")
    effects: dict[str, dict[str, float]] = {}
    for row in rows:
        effect, segment = str(row.get("effect", "")), str(row.get("segment_id", ""))
        fact = answer.facts.get(f"attribution.{effect}.{segment}")
        if fact is not None:
            effects.setdefault(text.words(effect), {})[text.words(segment)] = fact.value
    if effects:
        said = ", ".join(f"{effect} {name} {value:+.2f}" for effect, found in effects.items()
                         for name, value in found.items())  # fmt: skip
        show.chart(
            portfolio_charts.segments(effects, show.colours()), key="item_segments",
            alt=f"Effects by segment in percentage points: {said}",
        )  # fmt: skip
    for place, row in enumerate(rows):
        path = f"segments[{place}]"
        with st.container(border=True, gap="xsmall"):
            name = text.words(str(row.get("segment_id", "")))
            st.markdown(
                f"**{text.escape(name)}** {text.escape(row.get('effect', ''))}, {text.escape(row.get('direction', ''))}"
            )
            answer.say(row.get("explanation"), f"{path}.explanation")
            answer.chips(row.get("metrics") or [], f"{path}.metrics")
            answer.flags(path)
