"""What the lines of one batch came to: by their own usage, else by their share of what the provider counts for all.

A line that does not say what it came to is never free. What `batch.usage` counts beyond the lines that do say is shared
over those that do not: input by the tokens that were counted before it was sent, output by the length of the answer,
to the token. Requests without a line share it where every line that came has its own. A share may have been a long
request, and is charged as one, unless what was counted before rules that out. Where the provider counts nothing, or
too little for that many answers, the cost is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final

from core.domain.analysis import ResultStatus, Usage, UsageFrom
from core.domain.batch import Counted, ResultLine
from core.domain.provider import NOBODY, AnsweredBy
from core.llm.answers import read_line
from core.llm.tariff import Tariff
from core.storage.jobs.results import ExpectedLine
from core.worker.result_lines import lines_from, name_in

_MARGIN: Final = 2
"""A count made before sending is believed within this factor."""

_STORED: Final = Decimal("1e-9")
_ANSWERED: Final = frozenset({ResultStatus.SUCCEEDED, ResultStatus.TRUNCATED, ResultStatus.REFUSED})


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request came to.

    Attributes:
        cost_usd: None where it is not known.
    """

    usage: Usage
    usage_from: UsageFrom
    cost_usd: Decimal | None


UNKNOWN: Final = Charge(Usage(), UsageFrom.UNKNOWN, None)
"""Of a request that was answered, or may have been, and of which nothing more is known."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A request that does not say what it came to.

    Attributes:
        input_tokens: As counted before it was sent; 0 where that is not known.
        length: Characters of its answer.
        answered: It must have come to something.
        by: Who answered.
    """

    custom_id: str
    input_tokens: int
    length: int = 0
    answered: bool = False
    by: AnsweredBy = NOBODY


@dataclass(slots=True)
class Charges:
    """Prices the requests of one batch.

    Attributes:
        expected: Every request of the batch.
        files: Its result files.
        counted: What the provider counts for the whole batch; None where it does not say. Asked if it is needed.
        may_grow: The input may have grown by what nobody could count before, such as pages that were searched.
        whole: What it counts, where that is known without asking or was asked.
    """

    tariff: Tariff
    expected: Mapping[str, ExpectedLine]
    files: Sequence[Path]
    counted: Callable[[], Counted | None]
    may_grow: bool = False
    whole: Counted | None = None
    _shares: dict[str, Charge] | None = field(default=None, init=False)
    _silent: Counter[UsageFrom] = field(default_factory=Counter, init=False)
    _served: Counter[tuple[str, bool]] = field(default_factory=Counter, init=False)
    _odd: int = field(default=0, init=False)
    _example: str = field(default="", init=False)

    def of(self, line: ResultLine) -> Charge:
        """What the request of a line came to."""
        if line.usage_note:
            self._odd += 1
            self._example = self._example or line.usage_note
        if line.usage is None:
            charge = self._share(line.custom_id) or UNKNOWN
            self._silent[charge.usage_from] += 1
            self._note_served(line.answered, charge.cost_usd)
            return charge
        spent = self.tariff.cost(line)
        self._note_served(line.answered, spent)
        return Charge(line.usage, UsageFrom.ANSWER, spent)

    def of_missing(self, custom_id: str, *, may_be_billed: bool) -> Charge:
        """What a request without a line came to.

        Args:
            may_be_billed: It may have been answered. Else it counts as unpaid, unless the provider counts more than the
                lines that came.
        """
        return self._share(custom_id) or (UNKNOWN if may_be_billed else self.nothing)

    def ask(self) -> None:
        """Ask the provider what it counts; what it said before stands where it says nothing now.

        Raises:
            ProviderError: It could not be asked.
            DownloadCut: It has more to say.
        """
        self.whole = self.counted() or self.whole

    @property
    def nothing(self) -> Charge:
        """Of a request that was not answered. Without a price nothing is known of money at all."""
        return Charge(Usage(), UsageFrom.ANSWER, Decimal(0) if self.tariff.known else None)

    def at_least(self, said: Counted, spent: Decimal) -> Decimal | None:
        """What a batch costs for which the provider counts other tokens than its lines say: the dearer reading."""
        whole = self.whole
        if whole is None:
            return spent
        left = whole - said
        above = self.tariff.long_above
        more = self.tariff.cost_of(left, long=above is not None and left.usage.input_tokens > above)
        # Of the whole sum nobody can tell what was long.
        short = self.tariff.cost_of(whole, long=False)
        return None if more is None or short is None else max(spent + more, short)

    def notes(self) -> Iterator[str]:
        """What was odd about the lines that were priced."""
        if shared := self._silent[UsageFrom.BATCH]:
            yield f"{_silent(shared)} what it came to: its share of what the provider counts is taken."
        if unknown := self._silent[UsageFrom.UNKNOWN]:
            yield f"{_silent(unknown)} what it came to, nor does the provider: its cost is not known."
        if self._odd:
            yield f"What an answer says it came to is odd ({self._odd:,} times), such as: {self._example}."
        if self.whole is not None and self.whole.note:
            yield f"What the provider counts for the whole batch is odd: {self.whole.note}."
        for (by, priced), answers in self._served.items():
            at = "at its own price" if priced else "whose price is not known: neither is its cost"
            yield f"An answer came from {by} ({answers:,} times), {at}."

    def _note_served(self, answered: AnsweredBy, spent: Decimal | None) -> None:
        if by := self.tariff.unusual(answered):
            self._served[by, spent is not None] += 1

    def _share(self, custom_id: str) -> Charge | None:
        if self._shares is None:
            if self.whole is None:
                self.ask()
            self._shares = {} if self.whole is None else self._shared(self.whole)
        return self._shares.get(custom_id)

    def _shared(self, whole: Counted) -> dict[str, Charge]:
        silent, seen, said = list[Silent](), set[str](), Counted(Usage())
        for line in _lines(self.files):
            if line.custom_id not in self.expected or line.custom_id in seen:
                continue
            seen.add(line.custom_id)
            if line.usage is not None:
                said += Counted(line.usage, line.cache_write_tokens)
                continue
            tokens, answered = self.expected[line.custom_id].input_tokens, line.status in _ANSWERED
            silent.append(Silent(line.custom_id, tokens, len(line.text or ""), answered, line.answered))
        left = whole - said
        if not silent:
            silent = [Silent(name, one.input_tokens) for name, one in self.expected.items() if name not in seen]
        long = may_be_long(silent, left, self.tariff.long_above, may_grow=self.may_grow)
        shares = share_out(left, silent)
        by = {one.custom_id: one.by for one in silent}
        costs = exact_parts([self.tariff.cost_of(part, by[name], long=name in long) for name, part in shares.items()])
        return {
            name: Charge(part.usage, UsageFrom.BATCH, spent)
            for (name, part), spent in zip(shares.items(), costs, strict=True)
        }


def _silent(answers: int) -> str:
    return f"An answer does not say ({answers:,} times)"


def share_out(left: Counted, silent: Sequence[Silent]) -> dict[str, Counted]:
    """What each request came to, to the token; empty where there is too little left for that many answers.

    Where some of them were answered, the others came to nothing.
    """
    answered = [one for one in silent if one.answered]
    chosen = answered or silent
    if min(left.usage.input_tokens, left.usage.output_tokens) < len(answered):
        return {}
    read = _split(left.usage.input_tokens, [max(1, one.input_tokens) for one in chosen], least=1)
    written = _split(left.usage.output_tokens, [max(1, one.length) for one in chosen], least=1)
    cached = _split(left.usage.cached_tokens, read)
    kept = _split(left.cache_write_tokens, [each - part for each, part in zip(read, cached, strict=True)])
    reasoning = _split(left.usage.reasoning_tokens, written)
    shares = {one.custom_id: Counted(Usage()) for one in silent}
    for one, *tokens, writes in zip(chosen, read, cached, written, reasoning, kept, strict=True):
        shares[one.custom_id] = Counted(Usage(*tokens), writes)
    return shares


def exact_parts(costs: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Costs in whole billionths, as they are stored, whose sum is off by less than one of them in all."""
    parts: list[Decimal | None] = []
    so_far = paid = Decimal(0)
    for spent in costs:
        so_far += spent or 0
        part = so_far.quantize(_STORED, ROUND_HALF_EVEN) - paid
        parts.append(None if spent is None else part)
        paid += part if spent is not None else 0
    return parts


def may_be_long(silent: Sequence[Silent], left: Counted, above: int | None, *, may_grow: bool) -> set[str]:
    """Those of which nothing rules out that they were longer than `above` tokens."""
    tokens = left.usage.input_tokens
    if above is None or tokens <= above:
        return set()
    counted = sum(one.input_tokens for one in silent)
    if may_grow or tokens > _MARGIN * counted:
        return {one.custom_id for one in silent}  # what was counted before rules nothing out
    return {one.custom_id for one in silent if not one.input_tokens or _MARGIN * one.input_tokens > above}


def _split(total: int, weights: Sequence[int], *, least: int = 0) -> list[int]:
    """Whole parts of a total in proportion to weights, by largest remainders.

    Without `least` no part exceeds its weight where the total does not exceed their sum.

    Args:
        least: Each part is at least this, where the total suffices for it.
    """
    whole, n = sum(weights), len(weights)
    if not whole or not total:
        return [0] * n
    least = least if total >= least * n else 0
    rest = total - least * n
    parts = [rest * weight // whole for weight in weights]
    by_remainder = sorted(range(n), key=lambda place: (-(rest * weights[place] % whole), place))
    for place in by_remainder[: rest - sum(parts)]:
        parts[place] += 1
    return [part + least for part in parts]


def _lines(files: Sequence[Path]) -> Iterator[ResultLine]:
    """What each line says it came to; one that is too long to be read was answered, and does not say."""
    for path in files:
        for line in lines_from(path, 0):
            if line.whole:
                yield read_line(line.data)
            else:
                yield ResultLine(name_in(line.data), ResultStatus.TRUNCATED, None, None, None, "")
