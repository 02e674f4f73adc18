"""A replication pack as files: inputs, definitions, what the program delivers, the script, and a manifest of it all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from core.compliance.library import FOLDER
from core.compliance.vocabulary import HANDED_IN
from core.desk.replication import inputs
from core.desk.replication.inputs import Gathered
from core.desk.replication.rules import NOT_RECOMPUTED, RulesGathered, rules_table, verdicts_table
from core.domain.facts import FactSheet
from core.drafts.rule_checks import RuleCheck
from core.metrics import thresholds
from core.metrics.definitions import ALL_DEFINITIONS
from core.metrics.restatements import VERSIONS
from core.storage.portfolios.portfolio_document import to_document

HERE: Final = Path(__file__).resolve().parent
SCRIPT: Final = "replicate.py"
MANIFEST: Final = "MANIFEST.json"
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_-]+")
_ROOT: Final = HERE.parents[2]
_CODE: Final = ("core/metrics", "core/compliance", "core/domain", "core/drafts", "core/intake/register")


@dataclass(frozen=True, slots=True)
class ReplicationPack:
    """A pack.

    Attributes:
        files: Content by name, the manifest last.
        figures, verdicts: How many it has the program's word of; articles are among the verdicts.
    """

    portfolio_id: str
    files: Mapping[str, bytes]
    figures: int
    verdicts: int
    as_of: date

    @property
    def name(self) -> str:
        """Of its folder."""
        return name_of(self.portfolio_id, self.as_of)


def name_of(portfolio_id: str, as_of: date) -> str:
    """A pack's name for a folder or a file, whatever the portfolio's id has in it."""
    return f"{_NOT_PLAIN.sub('-', portfolio_id)[:80]}-{as_of}-replication"


def pack_of(found: Gathered, rules: RulesGathered, sheet: FactSheet, check: RuleCheck) -> ReplicationPack:
    """The pack of a portfolio.

    Args:
        sheet: Its facts, of every group.
        check: Its rules' results.
    """
    files = {
        **{f"rules/{one.regime}.yaml": (FOLDER / f"{one.regime}.yaml").read_bytes() for one in rules.sets},
        **{
            f"rules/policy-{place}.json": _json(one.model_dump(mode="json"))
            for place, one in enumerate(rules.policies, 1)
        },
        "rules/cases.json": _json(rules_table(rules)),
        "expected/verdicts.json": _json(verdicts_table(check)),
        "inputs/snapshot.json": to_document(found.stored),
        "inputs/portfolio.json": _json(inputs.portfolio_table(found.portfolio)),
        "inputs/lines.json": _json(inputs.lines_table(found)),
        "inputs/series.json": _json(inputs.series_table(found)),
        "inputs/closes.csv": _csv(inputs.closes_table(found)),
        "inputs/rates.csv": _csv(inputs.rates_table(found)),
        "inputs/benchmark.json": _json(inputs.members_table(found)),
        "inputs/short_rate.json": _json(inputs.short_rate_table(found.short_rate)),
        "inputs/earlier.json": _json(inputs.earlier_table(found.earlier)),
        "inputs/look_through.json": _json(inputs.look_through_table(found)),
        "definitions/metrics.json": _json(_definitions()),
        "definitions/thresholds.json": _json(_thresholds()),
        "definitions/scenarios.json": (_ROOT / "core/metrics/scenarios.json").read_bytes(),
        "definitions/formulas.json": (HERE / "formulas.json").read_bytes(),
        "definitions/not_recomputed.json": _json(NOT_RECOMPUTED),
        "expected/figures.json": _json(_expected(sheet)),
        "expected/units.json": _json(inputs.units_table(found)),
        "README.txt": (HERE / "README.txt").read_bytes(),
        SCRIPT: (HERE / f"{SCRIPT}.txt").read_bytes(),
    }
    files[MANIFEST] = _json(_manifest(found, files))
    verdicts = len(check.results) + len(check.articles)
    return ReplicationPack(found.portfolio.portfolio_id, files, len(sheet.facts), verdicts, found.portfolio.as_of)


def _expected(sheet: FactSheet) -> dict[str, Any]:
    return {
        "figures": {
            fact.metric_id: {
                "value": fact.value,
                "unit": fact.unit.value,
                "period": fact.period,
                "badge": fact.badge.value,
                "version": fact.version,
                "definition": fact.definition,
            }
            for fact in sheet.facts
        },
        "absent": {one.metric_id: one.reason for one in sheet.absent},
    }


def _definitions() -> dict[str, Any]:
    return {
        key: {"unit": one.unit.value, "text": one.text, "source": one.source, "version": VERSIONS[key]}
        for key, one in ALL_DEFINITIONS.items()
    }


def _thresholds() -> dict[str, Any]:
    return {"HANDED_IN": sorted(HANDED_IN)} | {
        name: value for name, value in vars(thresholds).items() if name.isupper()
    }


def _manifest(found: Gathered, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "portfolio_id": found.portfolio.portfolio_id,
        "as_of": found.portfolio.as_of.isoformat(),
        "program": f"mosychlos {version('mosychlos')}",
        "code_sha256": code_hash(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }


def code_hash() -> str:
    """SHA-256 over the program's files that figures and verdicts are computed by: names and contents, in order."""
    whole = hashlib.sha256()
    for path in sorted(path for folder in _CODE for path in (_ROOT / folder).rglob("*") if path.is_file()):
        if path.suffix in (".py", ".yaml", ".json", ".csv"):
            whole.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
