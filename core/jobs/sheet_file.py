"""The facts that went into each prompt, kept beside the input file: answers are checked against what was said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from math import nan
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from core.domain.facts import AbsentFact, Badge, Fact, FactSheet, HoldingFact, Unit
from core.metrics.definitions import definition_of


class SheetWriter:
    """Writes one line a request: custom id, a tab, the sheet as JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_suffix(".tmp")
        descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(self._path)
        else:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def add(self, custom_id: str, sheet: FactSheet) -> None:
        """Append one sheet."""
        self._file.write(custom_id.encode() + b"\t" + dump(sheet) + b"\n")


class SheetIndex:
    """Finds sheets by custom id: offsets in memory, sheets read when asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offsets: dict[str, tuple[int, int]] = {}
        offset = 0
        for line in file:
            custom_id, tab, _ = line.partition(b"\t")
            start = offset + len(custom_id) + len(tab)
            self._offsets[custom_id.decode()] = (start, offset + len(line) - start)
            offset += len(line)

    def get(self, custom_id: str) -> FactSheet:
        """The sheet of a request.

        Raises:
            KeyError: The file has no such request.
        """
        start, length = self._offsets[custom_id]
        self._file.seek(start)
        return load(self._file.read(length))


@contextmanager
def sheet_index(path: Path) -> Iterator[SheetIndex]:
    """Open a file of sheets for looking up."""
    with path.open("rb") as file:
        yield SheetIndex(file)


def sheet_path(folder: Path) -> Path:
    """Where a job's sheets stand."""
    return folder / "facts.jsonl"


def dump(sheet: FactSheet) -> bytes:
    """A sheet as JSON, without the definitions, which follow from the metric ids."""
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
                ]
                for line in sheet.holdings
            ],
        ]
    )


def load(document: bytes) -> FactSheet:
    """The inverse of `dump`."""
    portfolio_id, name, as_of, base_currency, region, is_sample, facts, absent, holdings = orjson.loads(document)
    return FactSheet(
        portfolio_id=portfolio_id,
        name=name,
        as_of=date.fromisoformat(as_of),
        base_currency=base_currency,
        region=region,
        is_sample=is_sample,
        facts=tuple(
            Fact(
                metric_id=metric_id,
                value=value,
                unit=Unit(unit),
                currency=currency,
                period=period,
                definition=_definition(metric_id),
                badge=Badge(badge),
                decimals=decimals,
            )
            for metric_id, value, unit, currency, period, badge, decimals in facts
        ),
        absent=tuple(AbsentFact(*one) for one in absent),
        # JSON has no NaN: a weight or value that is not known was written as null.
        holdings=tuple(HoldingFact(*one[:7], *(nan if part is None else part for part in one[7:])) for one in holdings),
    )


def _definition(metric_id: str) -> str:
    known = definition_of(metric_id)
    return known.text if known is not None else ""
