"""Answers of market data sources checked against the shape that is read from them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from core.errors import ProviderError

T = TypeVar("T")


class Shape(BaseModel):
    """A part of an answer: what is not named is ignored, because sources add fields whenever they like."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def checked(adapter: TypeAdapter[T], value: Any, name: str, doing: str) -> T:
    """The answer in its shape.

    Raises:
        ProviderError: Names the first place that is different; nothing of the answer is quoted.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ProviderError(
            f"Could not {doing}: the answer of {name} has an unknown shape at '{place[:80]}' ({first['msg'][:80]}). "
            "The source may have changed; see docs/market-data.md for what is expected."
        ) from None
