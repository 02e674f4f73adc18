"""What a wish comes to before anything is sent: its price, what stands against it, and what could be chosen instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import streamlit as st

from core.app import App
from core.desk.jobs import QueueRoom
from core.desk.sets import SetPart, SetPreview, SetWish
from core.domain.actor import Actor
from core.errors import MosychlosError
from core.llm.models import find
from core.llm.surcharges import UPLIFT
from dashboard.prepare import link as prepare_link
from dashboard.prepare import missing as prepare_missing
from dashboard.prepare.confirm import review
from dashboard.shell import queries
from dashboard.widgets import text
from dashboard.widgets.pairs import pairs

_MOST_WARNINGS = 6


def check(app: App, actor: Actor, wish: SetWish, needed_by: datetime | None) -> SetPreview | None:
    """Price a wish and say what stands against it, with the button that asks once more."""
    with st.container(border=True):
        st.subheader("Check", anchor=False)
        lacking = _not_yet(wish)
        if lacking:
            st.caption(lacking)
            return None
        fallback = bool(st.session_state.get(prepare_link.FALLBACK))
        version = f"{app.portfolios.count(actor)} {app.jobs.count_by_state(actor)}"
        try:
            with st.spinner("Counting every request …"):
                found = queries.preview(app, actor.subject, actor, repr(wish), version, fallback, wish)
        except MosychlosError as error:
            st.error(text.escape(error), title="This cannot be sent", icon=":material/block:")
            return None
        if found.found:
            _price(found)
        _over(found)
        _parts_that_cannot(found, fallback=fallback)
        prepare_missing.show(app, found)
        _suggestions(found)
        _warnings(found.warnings)
        if found.found:
            _figures(found)
        review(app, actor, found, needed_by, fallback=fallback, force=_blockers(found))
    return found


def _not_yet(wish: SetWish) -> str:
    if not wish.base.portfolio_ids:
        return "Choose at least one portfolio to see the price."
    if not wish.kinds:
        return "Choose at least one analysis to see the price."
    return "" if wish.models else "Choose at least one model to see the price."


def _price(found: SetPreview) -> None:
    if found.expected_usd is None:
        st.metric("Expected cost", "unknown")
        return
    saving = found.savings_usd
    cheaper = saving is not None and saving > 0
    st.metric(
        "Expected cost",
        text.escape(text.usd(found.expected_usd)),
        delta=text.escape(f"{text.usd(saving)} less than one by one") if saving is not None else None,
        delta_color="green" if cheaper else "off",
        delta_arrow="down" if cheaper else "off",
    )
    bases = list(dict.fromkeys(one.estimate.basis or one.estimate.assumption for one in found.found))
    rests = f", by {bases[0]}" if len(bases) == 1 else ", by the length of answers to each analysis"
    st.caption(text.escape(f"between {text.usd(found.low_usd)} and {text.usd(found.high_usd)}{rests}"))


def _over(found: SetPreview) -> None:
    if found.over_budget:
        st.error(text.escape(found.over_budget), title="Over budget", icon=":material/account_balance_wallet:")


def _parts_that_cannot(found: SetPreview, *, fallback: bool) -> None:
    """Models that cannot be asked, with their stand-ins, and whatever else stops a whole analysis."""
    offered = {part.fallback.asked: part.fallback for part in found.parts if part.fallback is not None}
    problems = {part.problem: None for part in found.parts if part.preview is None and not _is_missing(found, part)}
    for problem in problems:
        st.error(text.escape(problem), title="This cannot be sent", icon=":material/block:")
    for stand_in in offered.values():
        say = st.warning if fallback else st.info
        say(text.escape(stand_in.sentence), icon=":material/swap_horiz:")
    if offered:
        names = ", ".join(f"{one.model} in place of {asked}" for asked, one in offered.items())
        st.checkbox(f"Take {text.escape(names)}", key=prepare_link.FALLBACK)


def _is_missing(found: SetPreview, part: SetPart) -> bool:
    """Said by the list of missing analyses already."""
    return bool(found.missing) and part.request.kind == "committee_brief"


def _suggestions(found: SetPreview) -> None:
    """Cheaper models, one for each that was chosen; nothing changes without a click."""
    best: dict[str, list[SetPart]] = {}
    for part in found.parts:
        if part.preview is not None and part.preview.suggestion is not None:
            best.setdefault(part.request.model, []).append(part)
    for asked, parts in best.items():
        first = parts[0].preview.suggestion if parts[0].preview else None
        if first is None or first.model in found.wish.models:
            continue
        before = sum(
            (part.preview.suggestion.before_usd for part in parts if part.preview and part.preview.suggestion),
            Decimal(0),
        )
        after = sum(
            (part.preview.suggestion.after_usd for part in parts if part.preview and part.preview.suggestion),
            Decimal(0),
        )
        share = first.record.share
        held = (
            "None of its answers to this analysis has been checked yet: try one first."
            if share is None
            else f"Of {first.record.stated:,} numbers it stated in earlier answers {text.percent(share)} held."
        )
        changed = "".join(f" {one.parameter} {one.wished} would {_becomes(one.sent)}." for one in first.changes)
        st.info(
            text.escape(
                f"{text.usd(before)} now, {text.usd(after)} then: it {', '.join(first.reasons)}. {held}{changed}"
            ),
            title=f"{text.escape(first.model)} costs {text.percent(float((before - after) / before), 0)} less than "
            + text.escape(asked),
            icon=":material/savings:",
        )
        st.button(
            f"Use {text.escape(first.model)} instead", key=f"prepare_use_{asked}", icon=":material/swap_horiz:",
            on_click=prepare_link.exchange, args=(asked, first.model),
        )  # fmt: skip


def _becomes(sent: str) -> str:
    return f"become {sent}" if sent else "be left out"


def _warnings(sentences: Sequence[str]) -> None:
    if len(sentences) == 1:
        st.warning(text.escape(sentences[0]), icon=":material/warning:")
    elif sentences:
        more = len(sentences) - _MOST_WARNINGS
        lines = [f"- {text.escape(sentence)}" for sentence in sentences[:_MOST_WARNINGS]]
        lines += [f"- and {more:,} more of their kind"] if more > 0 else []
        st.warning("\n".join(lines), title=text.count(len(sentences), "warning"), icon=":material/warning:")


def _figures(found: SetPreview) -> None:
    regions: dict[str, int] = {}
    for one in found.found:
        for name, number in one.regions.items():
            regions[name] = regions.get(name, 0) + number
    share = found.cacheable_share
    pairs(
        {
            "Requests": f"{found.requests:,}" + (f" in {len(found.found)} jobs" if len(found.found) > 1 else ""),
            "Tokens in, counted": f"{found.input_tokens:,}",
            "Tokens out, expected": f"{found.output_tokens:,}",
            "Same in many requests": "none" if not share else f"{text.percent(share, 0)} of the input, cacheable",
            "Back within": found.completion_time,
            "Room in the queue": _rooms(found),
            "Provider batches": f"{sum(one.estimate.shards for one in found.found):,}, "
            f"{text.size(sum(one.estimate.bytes for one in found.found))}",
            "Models": ", ".join(f"{name}: {number:,}" for name, number in found.model_mix.items()),
            "Regional rules": ", ".join(f"{name}: {number:,}" for name, number in sorted(regions.items())),
            "Prompt": ", ".join(dict.fromkeys(one.prompt_version for one in found.found)),
            **_uplift(found),
            "Prices from": found.found[0].estimate.price_source,
        },
        alt="The estimate in figures",
    )


def _uplift(found: SetPreview) -> dict[str, str]:
    """What data residency adds, as a line of its own."""
    if found.uplift_usd is None:
        return {}
    region = found.found[0].estimate.region.upper()
    return {f"Data residency in {region}": f"+{text.percent(float(UPLIFT), 0)}, {text.usd(found.uplift_usd)} of it"}


def _rooms(found: SetPreview) -> str:
    rooms: dict[str, QueueRoom] = {}
    needed: dict[str, int] = {}
    for one in found.found:
        if one.room is not None:
            rooms[one.estimate.model] = one.room
            needed[one.estimate.model] = needed.get(one.estimate.model, 0) + one.room.needed
    if not rooms:
        return "not known"
    said = []
    for model, room in rooms.items():
        left = room.granted - room.enqueued - room.waiting
        named = f"{model}: " if len(rooms) > 1 else ""
        said.append(
            f"{named}{_short(max(left, 0))} of {_short(room.granted)} tokens are free"
            + (", it goes at once" if needed[model] <= left else f", it waits its turn with {_short(needed[model])}")
        )
    return "; ".join(said)


def _short(tokens: int) -> str:
    for unit, word in ((1_000_000_000, " bn"), (1_000_000, " m"), (1_000, " k")):
        if tokens >= unit:
            return f"{tokens / unit:,.3g}{word}"
    return f"{tokens:,}"


def _blockers(found: SetPreview) -> bool | None:
    """None when nothing stops it; else whether the reader insists."""
    unknown = [model for model in dict.fromkeys(part.request.model for part in found.parts) if not find(model).known]
    sentences = [*found.blockers, *(f"The model '{model}' is not known here; check its spelling." for model in unknown)]
    if not sentences:
        return None
    for sentence in sentences:
        st.error(text.escape(sentence), icon=":material/block:")
    return st.checkbox("Send it all the same", key="prepare_force")
