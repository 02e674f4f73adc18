"""Small batch input files for tests of the provider."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PROMPT = """<PORTFOLIO>
portfolio_id|acme
name|Acme
as_of|2026-10-30
base_currency|USD
region|US
language|{language}
</PORTFOLIO>
<METRICS>
metric_id|value|unit|currency|period|badge
total_value|100000.00|ccy|USD|as of 2026-10-30|real
holdings_count|12|count|||derived
hhi|0.2300|ratio||as of 2026-10-30|derived
top1_weight|41.20|pct||as of 2026-10-30|derived
asset_class.equity|80.00|pct||as of 2026-10-30|derived
currency.EUR|35.00|pct||as of 2026-10-30|derived
weight.VOO|41.20|pct||as of 2026-10-30|derived
volatility|22.10|pct||2023-10-31..2026-10-30|derived
max_drawdown|-18.40|pct||2023-10-31..2026-10-30|derived
var_95_1d|2.20|pct||2023-10-31..2026-10-30|derived
</METRICS>
<ABSENT>
metric_id|reason
sharpe|no risk-free rate
</ABSENT>
<HOLDINGS>
holding_id|name|asset_class|sector|country|currency|weight_pct|value
VOO|Vanguard S&P 500|equity|diversified|US|USD|41.20|41200.00
</HOLDINGS>
How risky is this portfolio?"""

FACTS = {
    "total_value": 100000.0,
    "holdings_count": 12,
    "hhi": 0.23,
    "top1_weight": 41.2,
    "asset_class.equity": 80.0,
    "currency.EUR": 35.0,
    "weight.VOO": 41.2,
    "volatility": 22.1,
    "max_drawdown": -18.4,
    "var_95_1d": 2.2,
}


def chat_body(schema: dict[str, Any] | None = None, *, language: str = "en", **more: Any) -> dict[str, Any]:
    """A Chat Completions body about one portfolio."""
    body: dict[str, Any] = {
        "model": "gpt-5.4-mini",
        "messages": [
            {"role": "system", "content": "You judge risk."},
            {"role": "user", "content": PROMPT.format(language=language)},
        ],
        **more,
    }
    if schema is not None:
        json_schema = {"name": "risk", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": json_schema}
    return body


def responses_body(schema: dict[str, Any] | None = None, *, language: str = "en", **more: Any) -> dict[str, Any]:
    """A Responses body about one portfolio."""
    body: dict[str, Any] = {
        "model": "gpt-5.4-mini",
        "instructions": "You judge risk.",
        "input": [{"role": "user", "content": PROMPT.format(language=language)}],
        **more,
    }
    if schema is not None:
        body["text"] = {"format": {"type": "json_schema", "name": "risk", "strict": True, "schema": schema}}
    return body


def line(custom_id: str, body: dict[str, Any], url: str = "/v1/chat/completions", **more: Any) -> dict[str, Any]:
    """One request of a batch file."""
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body, **more}


def write(path: Path, lines: Iterable[dict[str, Any] | str]) -> Path:
    """A JSONL file; a text among the lines is written as it is."""
    with path.open("w", encoding="utf-8") as out:
        for each in lines:
            out.write((each if isinstance(each, str) else json.dumps(each)) + "\n")
    return path
