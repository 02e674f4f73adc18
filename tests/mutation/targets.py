"""Which modules are changed, and which tests must notice: the quick ones that state the module's rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Target:
    """A module and its tests, the nearest first."""

    path: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """Dotted."""
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def source(self) -> str:
        """Its text."""
        return (ROOT / self.path).read_text("utf-8")


def _unit(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/unit/{name}.py" for name in names)


_CHECKING: Final = _unit(
    "analyses/test_verify",
    "analyses/test_verify_edges",
    "analyses/test_agreement",
    "analyses/test_words",
    "analyses/test_numbers",
    "analyses/test_undecided",
    "analyses/test_series",
)

_RULES: Final = (
    "evaluate",
    "exactness",
    "missing_fields",
    "readings",
    "provenance",
    "policy",
    "vev",
    "look_through",
    "each_rule",
)

TARGETS: Final = (
    Target("core/analyses/verify.py", _CHECKING),
    Target("core/analyses/diagnosis.py", _CHECKING),
    Target(
        "core/compliance/evaluate.py",
        _unit(*(f"compliance/test_{name}" for name in _RULES)),
    ),
    Target("core/worker/submit.py", _unit("worker/test_submit", "worker/test_input_file")),
    Target("core/worker/input_file.py", _unit("worker/test_input_file", "worker/test_submit")),
    Target("core/storage/jobs/shards.py", _unit("storage/test_claims", "storage/test_shards")),
    Target("core/llm/pricing.py", _unit("llm/test_pricing", "llm/test_tariff")),
    Target("core/llm/estimate.py", _unit("llm/test_estimate_sums", "llm/test_estimate")),
)
