"""Tools and answer formats in the shapes of the two endpoints, and in words for models that take neither."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.analysis import Endpoint

Shape = dict[str, Any]


def read_format(value: object) -> Shape | None:
    """An answer format in its flat shape, from either endpoint's shape; None when it is not one.

    Chat Completions nests name, schema and strict under "json_schema", Responses does not.
    """
    if not isinstance(value, Mapping):
        return None
    kind = value.get("type")
    if kind in ("text", "json_object"):
        return {"type": kind}
    if kind != "json_schema":
        return None
    inner = value.get("json_schema", value)
    if not isinstance(inner, Mapping):
        return None
    name, schema = inner.get("name"), inner.get("schema")
    if not isinstance(name, str) or not name or not isinstance(schema, Mapping):
        return None
    return {"type": "json_schema"} | {
        key: inner[key] for key in ("name", "description", "strict", "schema") if inner.get(key) is not None
    }


def write_format(flat: Shape, endpoint: Endpoint) -> Shape:
    """A flat format as the endpoint wants it."""
    if endpoint is Endpoint.RESPONSES or flat["type"] != "json_schema":
        return flat
    return {"type": "json_schema", "json_schema": {key: value for key, value in flat.items() if key != "type"}}


def read_tool(value: object) -> Shape | None:
    """A tool in its flat shape, from either endpoint's shape; None when it is not one.

    A tool of another type than "function" is the provider's own and is returned as it is.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        return None
    if value["type"] != "function":
        return dict(value)
    inner = value.get("function", value)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str) or not inner["name"]:
        return None
    parameters = inner.get("parameters")
    if parameters is not None and not isinstance(parameters, Mapping):
        return None
    return {"type": "function"} | {
        key: inner[key] for key in ("name", "description", "parameters", "strict") if inner.get(key) is not None
    }


def write_tool(flat: Shape, endpoint: Endpoint) -> Shape:
    """A flat tool as the endpoint wants it."""
    if endpoint is Endpoint.CHAT:
        return {"type": "function", "function": {key: value for key, value in flat.items() if key != "type"}}
    if flat["type"] != "function":
        return flat
    # Responses requires both keys, where Chat Completions lets them be absent.
    return {"parameters": {"type": "object", "properties": {}}, "strict": False} | flat


def read_choice(value: object) -> str | None:
    """A tool choice as one word: "auto", "none", "required", or "=name" for one function; None when it is none."""
    if isinstance(value, str):
        return value if value in {"auto", "none", "required"} else None
    if not isinstance(value, Mapping) or value.get("type") != "function":
        return None
    inner = value.get("function", value)
    name = inner.get("name") if isinstance(inner, Mapping) else None
    return f"={name}" if isinstance(name, str) else None


def write_choice(choice: str, endpoint: Endpoint) -> str | Shape:
    """A tool choice as the endpoint wants it."""
    if not choice.startswith("="):
        return choice
    name = choice[1:]
    if endpoint is Endpoint.CHAT:
        return {"type": "function", "function": {"name": name}}
    return {"type": "function", "name": name}


def tools_as_text(tools: Sequence[object]) -> str:
    """What tools there would be, in words, for a model that cannot call them; "" when there are none."""
    rows = [_tool_line(tool) for tool in map(read_tool, tools) if tool is not None]
    if not rows:
        return ""
    return (
        "TOOLS (for reference: none of them can be called here. Where you would need what one of them returns, name "
        "the tool and its arguments as a data gap; never guess its result.)\n" + "\n".join(rows)
    )


def schema_as_text(flat: Shape) -> str:
    """A demanded answer format in words, for a model that cannot be held to it."""
    if flat["type"] == "text":
        return ""
    sentence = "Answer with exactly one JSON object and nothing around it: no heading, no code fence, no remark."
    if flat["type"] == "json_object":
        return sentence
    schema = json.dumps(flat["schema"], ensure_ascii=False, separators=(",", ":"))
    return f"{sentence} It must be valid against this JSON schema named '{flat['name']}':\n{schema}"


def _tool_line(tool: Shape) -> str:
    if tool["type"] != "function":
        return f"- {tool['type']}"
    parameters = tool.get("parameters", {})
    properties, required = parameters.get("properties"), parameters.get("required")
    arguments = ", ".join(
        f"{name}{'' if isinstance(required, list) and name in required else '?'}: {_type_word(schema)}"
        for name, schema in (properties.items() if isinstance(properties, Mapping) else ())
    )
    description = " ".join(str(tool.get("description", "")).split())
    return f"- {tool['name']}({arguments})" + (f": {description}" if description else "")


def _type_word(schema: object) -> str:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(kind, str):
        return kind
    return " or ".join(map(str, kind)) if isinstance(kind, list) else "any"
