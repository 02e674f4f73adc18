"""A fact sheet as the delimited tables that stand in the prompt, in front of the question.

    <METRICS>
    metric_id|value|unit|currency|period|badge
    top1_weight|46.00|pct||as of 2026-10-30|derived
    </METRICS>

Data cannot end a table: the characters that could ("|", "<", ">", line breaks, control characters) are replaced in
every cell by look-alikes or spaces. Values stand at display precision, so that a model copies what a person sees.
"""

from __future__ import annotations

import re
from math import isfinite

from core.domain.facts import FactSheet

_LOOK_ALIKE = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " "),
    # Marks that reorder the line on a screen, so that a reviewer would see other rows than the model.
    **dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF], None),
    # Halves of surrogate pairs cannot be encoded.
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    ord("|"): "¦",
    ord("<"): "‹",
    ord(">"): "›",
}
_special = re.compile("[" + "".join(map(re.escape, map(chr, _LOOK_ALIKE))) + "]").search

_NAME_CHARACTERS = 100

_METRICS_HEADER = "metric_id|value|unit|currency|period|badge"
_ABSENT_HEADER = "metric_id|reason"
_HOLDINGS_HEADER = "holding_id|name|asset_class|sector|country|currency|weight_pct|value"


def cell(text: str) -> str:
    """Text as it may stand in a table cell."""
    if _special(text):
        text = " ".join(text.translate(_LOOK_ALIKE).split())
    return text


def _amount(value: float) -> str:
    """Two decimals; an empty cell where no rate was known."""
    return f"{value:.2f}" if isfinite(value) else ""


def tables(sheet: FactSheet, language: str) -> str:
    """The PORTFOLIO, METRICS, ABSENT and HOLDINGS tables of a portfolio, without a closing newline.

    Args:
        sheet: The facts.
        language: Of the answer that is wanted ("en", "fr").
    """
    rows = [
        "<PORTFOLIO>",
        f"portfolio_id|{cell(sheet.portfolio_id)}",
        f"name|{cell(sheet.name)[:_NAME_CHARACTERS]}",
        f"as_of|{sheet.as_of.isoformat()}",
        f"base_currency|{cell(sheet.base_currency)}",
        f"region|{cell(sheet.region)}",
        f"language|{cell(language)}",
        "</PORTFOLIO>",
        "<METRICS>",
        _METRICS_HEADER,
    ]
    rows += [
        f"{cell(fact.metric_id)}|{fact.shown}|{fact.unit}|{fact.currency or ''}|{cell(fact.period or '')}|{fact.badge}"
        for fact in sheet.facts
    ]
    rows += ["</METRICS>", "<ABSENT>", _ABSENT_HEADER]
    rows += [f"{cell(absent.metric_id)}|{cell(absent.reason)}" for absent in sheet.absent]
    rows += ["</ABSENT>", "<HOLDINGS>", _HOLDINGS_HEADER]
    rows += [
        f"{cell(line.holding_id)}|{cell(line.name)[:_NAME_CHARACTERS]}|{cell(line.asset_class)}|{cell(line.sector)}"
        f"|{cell(line.country)}|{cell(line.currency)}|{_amount(line.weight_pct)}|{_amount(line.value_base)}"
        for line in sheet.holdings
    ]
    rows.append("</HOLDINGS>")
    return "\n".join(rows)
