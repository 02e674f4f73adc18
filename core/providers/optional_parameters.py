"""What one server refuses of the parameters that it can be asked without."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from core.errors import ProviderRefused
from core.llm.optional_parameters import refused_among, without

logger = logging.getLogger(__name__)


class RefusalMemory(Protocol):
    """Keeps which optional parameters are refused, by model ("" for any) and endpoint."""

    def refused(self, model: str, endpoint: str) -> frozenset[str]:
        """Those that are not to be sent."""

    def refuse(self, model: str, endpoint: str, parameter: str, value: str, words: str) -> None:
        """Remember a refusal in the server's words."""


class ForgetfulMemory:
    """A memory that lasts as long as its object."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], frozenset[str]] = {}

    def forget(self) -> None:
        """Know nothing any more."""
        self._refused.clear()

    def refused(self, model: str, endpoint: str) -> frozenset[str]:
        """See `RefusalMemory`."""
        return self._refused.get((model, endpoint), frozenset())

    def refuse(self, model: str, endpoint: str, parameter: str, value: str, words: str) -> None:  # noqa: ARG002
        """See `RefusalMemory`."""
        self._refused[model, endpoint] = self.refused(model, endpoint) | {parameter}


class OptionalParameters:
    """The optional parameters of one kind of call.

    Args:
        offered: What would be sent, by name. What is in no table of optional ones is always sent.
    """

    def __init__(self, memory: RefusalMemory, model: str, endpoint: str, offered: Mapping[str, Any]) -> None:
        self._memory = memory
        self._place = model, endpoint
        away = without(memory.refused(*self._place))
        self.sent = {name: value for name, value in offered.items() if name not in away}

    def drop(self, refusal: ProviderRefused) -> bool:
        """Leave away from now on what a definite no is about; False where it is about nothing that can be.

        Each time something less is sent, so whoever asks again for True comes to an end.
        """
        names = refused_among(self.sent, status=refusal.status, param=refusal.param, message=str(refusal))
        for name in names:
            value = self.sent[name]
            self._memory.refuse(
                *self._place, name, str(value).lower() if isinstance(value, bool) else "given", str(refusal)
            )
            logger.warning("'%s' is refused and left away from now on: %s", name, refusal)
        self.sent = {name: value for name, value in self.sent.items() if name not in without(names)}
        return bool(names)
