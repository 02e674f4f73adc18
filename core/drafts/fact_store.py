"""The facts that went into each prompt, kept beside the input file: answers are checked against what was said."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from math import nan
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from core.domain.compliance import BreachType, RuleResult, RuleStatus
from core.domain.evidence import NO_EVIDENCE, Band, Evidence, Finished, InvestmentProfile, SourceDocument
from core.domain.facts import AbsentFact, Fact, FactSheet, HoldingFact
from core.domain.units import Badge, Unit
from core.drafts.line_index import LineIndexWriter, index_path, places
from core.metrics.definitions import ALL_DEFINITIONS
from core.metrics.restatements import key_of, restated


class SheetWriter:
    """Writes one line a request: custom id, a tab, the sheet as JSON; and an index of them beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_suffix(".tmp")
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=1 << 20)
        self._index, self._size = LineIndexWriter(), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            # The index comes first: without its file it means nothing.
            self._index.write(index_path(self._path), self._size)
            self._temporary.replace(self._path)
        else:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def add(self, custom_id: str, sheet: FactSheet) -> None:
        """Append one sheet."""
        line = custom_id.encode() + b"\t" + dump(sheet) + b"\n"
        self._index.add(custom_id, self._size)
        self._size += self._file.write(line)


class SheetIndex:
    """Finds sheets by custom id: places in memory, sheets read when asked for."""

    def __init__(self, file: BinaryIO, places: Mapping[str, Sequence[int]]) -> None:
        self._file = file
        self._places = places

    def get(self, custom_id: str) -> FactSheet:
        """The sheet of a request.

        Raises:
            KeyError: The file has no such request, or it was not among those that were wanted.
        """
        start = custom_id.encode() + b"\t"
        for place in self._places[custom_id]:
            self._file.seek(place)
            line = self._file.readline()
            if line.startswith(start):
                return load(line[len(start) :])
        raise KeyError(custom_id)


@contextmanager
def sheet_index(path: Path, wanted: Collection[str]) -> Iterator[SheetIndex]:
    """Open a file of sheets for looking up those of some requests."""
    with path.open("rb") as file:
        found = places(path, wanted)
        yield SheetIndex(file, _scanned(file, wanted) if found is None else found)


def _scanned(file: BinaryIO, wanted: Collection[str]) -> dict[str, list[int]]:
    """Places of a file without an index, which is read no further than to the last line wanted."""
    found: dict[str, list[int]] = {}
    place = 0
    for line in file:
        if len(found) == len(wanted):
            break
        name = line[: line.find(b"\t")].decode()
        if name in wanted:
            found[name] = [place]
        place += len(line)
    return found


def first_sheet(path: Path) -> FactSheet | None:
    """The first sheet of a file; None of an empty one."""
    with path.open("rb") as file:
        _, _, document = file.readline().partition(b"\t")
    return load(document) if document else None


def sheet_path(folder: Path) -> Path:
    """Where a job's sheets stand."""
    return folder / "facts.jsonl"


def dump(sheet: FactSheet) -> bytes:
    """A sheet as JSON, without the definitions, which follow from the metric ids; what they add for a fact is kept."""
    notes = _Notes()
    return orjson.dumps(
        [
            sheet.portfolio_id,
            sheet.name,
            sheet.as_of.isoformat(),
            sheet.base_currency,
            sheet.region,
            sheet.is_sample,
            [
                [
                    fact.metric_id,
                    fact.value,
                    fact.unit.value,
                    fact.currency,
                    fact.period,
                    fact.badge.value,
                    fact.decimals,
                    *notes.of(fact),
                ]
                for fact in sheet.facts
            ],
            [[absent.metric_id, absent.reason] for absent in sheet.absent],
            [
                [
                    line.holding_id,
                    line.symbol,
                    line.name,
                    line.asset_class,
                    line.sector,
                    line.country,
                    line.currency,
                    line.weight_pct,
                    line.value_base,
                    line.exposure,
                    line.hedged_to,
                    line.rating,
                    line.duration_years,
                ]
                for line in sheet.holdings
            ],
            list(map(asdict, sheet.rules)),
            None if sheet.evidence == NO_EVIDENCE else asdict(sheet.evidence),
            sheet.benchmark,
            notes.texts,
            sheet.benchmark_names,
        ]
    )


@lru_cache(maxsize=8192)
def _note(key: str, definition: str) -> str:
    """What a fact says beyond its definition.

    What stands in front of the definition tells of a restatement, and is told anew when the sheet is read.
    """
    return definition.partition(ALL_DEFINITIONS[key].text)[2].strip() if key else ""


class _Notes:
    """What facts say beyond their definitions (sample, rates, doubts about prices), each text once.

    Attributes:
        texts: Of a sheet, in the order in which `of` counts them.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._known: dict[tuple[str, int], tuple[int, ...]] = {}

    def of(self, fact: Fact) -> tuple[int, ...]:
        """Version of the methodology, and place of the note where there is one."""
        key = fact.definition, fact.version
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._placed(fact)
        return found

    def _placed(self, fact: Fact) -> tuple[int, ...]:
        note = _note(key_of(fact.metric_id), fact.definition) if fact.version else ""
        if not note:
            return (fact.version,)
        if note not in self.texts:
            self.texts.append(note)
        return fact.version, self.texts.index(note)


def load(document: bytes) -> FactSheet:
    """The inverse of `dump`."""
    parts: list[Any] = orjson.loads(document)
    portfolio_id, name, as_of, base_currency, region, is_sample, facts, absent, holdings = parts[:9]
    # Files of earlier versions end here.
    later: list[Any] = [[], None, [], [], []]
    rules, evidence, benchmark, notes, benchmark_names = (*parts[9:], *later[len(parts) - 9 :])
    return FactSheet(
        portfolio_id=portfolio_id,
        name=name,
        as_of=date.fromisoformat(as_of),
        base_currency=base_currency,
        region=region,
        is_sample=is_sample,
        facts=tuple(_fact(one, notes) for one in facts),
        absent=tuple(AbsentFact(*one) for one in absent),
        # JSON has no NaN: a weight or value that is not known was written as null.
        holdings=tuple(
            HoldingFact(*one[:7], *(nan if part is None else part for part in one[7:9]), *one[9:]) for one in holdings
        ),
        rules=tuple(map(_rule, rules)),
        evidence=_evidence(evidence) if evidence else NO_EVIDENCE,
        benchmark=tuple((name, weight) for name, weight in benchmark),
        benchmark_names=tuple(benchmark_names),
    )


def _rule(fields: dict[str, Any]) -> RuleResult:
    breach = fields["breach_type"]
    for name in ("breached_since", "kept_before"):
        fields[name] = date.fromisoformat(fields[name]) if fields.get(name) else None
    return RuleResult(
        **fields
        | {
            "as_of": date.fromisoformat(fields["as_of"]),
            "status": RuleStatus(fields["status"]),
            "unit": Unit(fields["unit"]),
            "holding_ids": tuple(fields["holding_ids"]),
            "missing": tuple(fields["missing"]),
            "breach_type": BreachType(breach) if breach else None,
        }
    )


def _evidence(fields: dict[str, Any]) -> Evidence:
    profile = fields["profile"]
    if profile:
        bands = tuple(map(_band, profile["bands"]))
        profile = InvestmentProfile(**profile | {"bands": bands, "excluded": tuple(profile["excluded"])})
    return Evidence(
        sources=tuple(
            SourceDocument(**one | {"passages": tuple(one["passages"]), "holding_ids": tuple(one["holding_ids"])})
            for one in fields["sources"]
        ),
        profile=profile,
        analyses=tuple(Finished(**one | {"as_of": date.fromisoformat(one["as_of"])}) for one in fields["analyses"]),
        scenarios=tuple(fields["scenarios"]),
        period=fields["period"],
        decimal_mark=fields["decimal_mark"],
        language=fields.get("language", ""),
        caveat=fields.get("caveat", ""),
        overlay=fields.get("overlay", ""),
    )


def _band(fields: dict[str, Any]) -> Band:
    return Band(**fields | {"asset_classes": tuple(fields.get("asset_classes", ()))})


def _fact(fields: Sequence[Any], notes: Sequence[str]) -> Fact:
    metric_id, value, unit, currency, period, badge, decimals, *rest = fields
    key = key_of(metric_id)
    # Sheets of before there were versions hold figures of the first.
    version = rest[0] if rest else int(bool(key))
    text = ALL_DEFINITIONS[key].text if key else ""
    note = notes[rest[1]] if len(rest) > 1 else ""
    definition = " ".join(part for part in (restated(key, version), text, note) if part)
    return Fact(metric_id, value, Unit(unit), currency, period, definition, Badge(badge), decimals, version)
