"""What the local server does with offered tools: calls each once, reads the results, cites their figures, searches."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.simulator import prompt_tables
from core.simulator.schema_filling import fit
from core.simulator.slot_words import SAYS

_CITED_A_CALL: Final = 2
_PAGES: Final = (
    ("https://example.com/markets/review", "Simulated market review"),
    ("https://example.org/outlook", "Simulated outlook"),
)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One function that the simulated model calls.

    Attributes:
        identity: 32 hex digits that its ids are made of.
        arguments: JSON.
    """

    identity: str
    name: str
    arguments: str

    @property
    def call_id(self) -> str:
        """As results refer to it."""
        return f"call_{self.identity[:24]}"


@dataclass(frozen=True, slots=True)
class Search:
    """One web search that the simulated model made while it answered."""

    identity: str
    query: str


def calls(body: Mapping[str, Any], custom_id: str, fault: str | None) -> tuple[FunctionCall, ...]:
    """The functions that are called now; none when the conversation is ready for an answer.

    The first answer calls every offered function once, and the next one answers. With the fault "bad_arguments" the
    first arguments cannot be used and are written again after the complaint; with "unknown_tool" a function is called
    that nobody offered; with "endless_tools" calls go on for as long as they are allowed.
    """
    offered = _functions(body)
    if not offered or body.get("tool_choice") == "none":
        return ()
    done = _rounds(body)
    tables = prompt_tables.read(prompt_tables.user_text(body))
    if done == 0 and fault == "bad_arguments":
        wanted = [(name, '{"weights": "all of it"') for name in list(offered)[:1]]
    elif done == 0 and fault == "unknown_tool":
        wanted = [("delete_everything", "{}")]
    elif done == 0 or (done == 1 and fault in {"bad_arguments", "unknown_tool"}) or fault == "endless_tools":
        wanted = [(name, orjson.dumps(_arguments(name, offered[name], tables)).decode()) for name in offered]
    else:
        return ()
    return tuple(
        FunctionCall(_identity(f"{custom_id}|{done}|{place}"), name, arguments)
        for place, (name, arguments) in enumerate(wanted)
    )


def searches(body: Mapping[str, Any], path: str, custom_id: str) -> tuple[Search, ...]:
    """Web searches made on the way to an answer: one where the tool is offered and may be used."""
    tools = body.get("tools")
    offered = isinstance(tools, list) and any(_kind(tool).startswith("web_search") for tool in tools)
    if path != "/v1/responses" or not offered or body.get("tool_choice") == "none":
        return ()
    portfolio = prompt_tables.read(prompt_tables.user_text(body)).portfolio
    query = f"market outlook {portfolio.get('base_currency', '')} {portfolio.get('as_of_date', '')}"
    return (Search(_identity(f"{custom_id}|search"), " ".join(query.split())),)


def with_results(document: Any, body: Mapping[str, Any]) -> Any:
    """An answer that cites figures of the tools' results, under the ids that the results gave them."""
    claims = document.get("claims") if isinstance(document, dict) else None
    rows = list(_result_metrics(body))
    if not isinstance(claims, list) or not claims or not rows:
        return document
    if document.get("schema_version") == "3":
        language = prompt_tables.read(prompt_tables.user_text(body)).language
        said = "; ".join(f"{{{{{row['metric_id']} name}}}}" for row in rows)
        told = {"text": f"{SAYS['tools'][language]}{said}.", "basis": [], "kind": "fact"}
        return {**document, "claims": [*claims, told]}
    claim = copy.deepcopy(claims[0])
    claim |= {"metrics": rows, "text": "The tools that were called say so."}
    if "source_ids" in claim:
        claim["source_ids"] = []
    return {**document, "claims": [*claims, claim]}


def cited(text: str) -> list[dict[str, Any]]:
    """Citations of an answer that was written after a search."""
    step = max(1, len(text) // 4)
    return [
        {
            "type": "url_citation",
            "url": url,
            "title": title,
            "start_index": place * step,
            "end_index": min(len(text), (place + 1) * step),
        }
        for place, (url, title) in enumerate(_PAGES)
        if text
    ]


def search_item(search: Search) -> dict[str, Any]:
    """The output item of a search."""
    return {
        "id": f"ws_{search.identity}",
        "type": "web_search_call",
        "status": "completed",
        "action": {
            "type": "search",
            "query": search.query,
            "queries": [search.query],
            "sources": [{"type": "url", "url": url} for url, _ in _PAGES],
        },
    }


def call_item(call: FunctionCall) -> dict[str, Any]:
    """The output item of a call in a response."""
    return {
        "id": f"fc_{call.identity}",
        "type": "function_call",
        "status": "completed",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
    }


def chat_call(call: FunctionCall) -> dict[str, Any]:
    """A call in a chat message."""
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _functions(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Offered functions with the schema of their arguments, in either shape."""
    found: dict[str, Mapping[str, Any]] = {}
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        if _kind(tool) == "function":
            inner = tool.get("function", tool)
            found[str(inner.get("name"))] = inner.get("parameters") or {"type": "object", "properties": {}}
    return found


def _kind(tool: object) -> str:
    return str(tool.get("type")) if isinstance(tool, Mapping) else ""


def _rounds(body: Mapping[str, Any]) -> int:
    """How often calls were made in the conversation so far."""
    messages = body.get("messages")
    if isinstance(messages, list):
        return sum(bool(each.get("tool_calls")) for each in messages if isinstance(each, Mapping))
    rounds, calling = 0, False
    for item in _input(body):
        is_call = item.get("type") == "function_call"
        rounds += is_call and not calling
        calling = is_call
    return rounds


def _input(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    given = body.get("input")
    return (item for item in (given if isinstance(given, list) else []) if isinstance(item, Mapping))


def _arguments(name: str, schema: Mapping[str, Any], tables: prompt_tables.Blocks) -> Any:
    held = tables.table("HOLDINGS")
    first = held[0].get("holding_id", "") if held else ""
    known: dict[str, dict[str, Any]] = {
        "risk_calculator": {"weights": []},
        "correlation_analyzer": {"holding_ids": [], "pairs": 2},
        "fmp_stock_data": {"symbol": first, "period": "1y"},
        "fred_economic_data": {"series_id": "UNRATE"},
        "sec_filings": {"company": first, "forms": [], "limit": 2, "concepts": []},
    }
    return known[name] if name in known else fit(schema)


def _results(body: Mapping[str, Any]) -> Iterator[str]:
    messages = body.get("messages")
    for each in messages if isinstance(messages, list) else []:
        if isinstance(each, Mapping) and each.get("role") == "tool" and isinstance(each.get("content"), str):
            yield each["content"]
    for item in _input(body):
        if item.get("type") == "function_call_output" and isinstance(item.get("output"), str):
            yield item["output"]


def _result_metrics(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for text in _results(body):
        try:
            result = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        rows = result.get("metrics") if isinstance(result, dict) else None
        for row in (rows if isinstance(rows, list) else [])[:_CITED_A_CALL]:
            yield {name: row.get(name) for name in ("metric_id", "value", "unit", "currency", "period")}


def _identity(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
