"""No row of the engine's tables is ever unpickled: unpickling runs whatever code the row names.

The engine keeps beside each value the name of the decoder that reads it, and one of them is pickle, whatever serializer
the program has set. So whoever may write a row could choose to run code in the process that holds the provider's key.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

from dbos import _serialization


class PickleRefused(TypeError):
    """A row of the engine's tables names pickle as its decoder; nothing of it was read."""


def _refused(*_: Any, **__: Any) -> NoReturn:
    raise PickleRefused(
        "a row of the engine's tables says that it is pickled; this program writes no such rows and reads none. "
        "Find out who else may write that database."
    )


def refuse_pickle() -> None:
    """Make every door of the engine to pickle a refusal, for this process and for good."""
    _serialization.DefaultSerializer.deserialize = _refused  # type: ignore[method-assign]  # the door itself
    _serialization.DefaultSerializer.serialize = _refused  # type: ignore[method-assign]  # what is not read is not written
    # Whatever else the module comes to do with pickle in a later version.
    _serialization.pickle = SimpleNamespace(loads=_refused, dumps=_refused, load=_refused, Unpickler=_refused)  # type: ignore[assignment, attr-defined]
