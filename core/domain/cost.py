"""Money: prices, estimates and what was really spent. USD as Decimal; None means unknown, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LongInput:
    """USD per million tokens of a whole request, once its input is longer than `above_tokens`."""

    above_tokens: int
    input: Decimal
    cached_input: Decimal | None
    output: Decimal
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, and where the figures come from.

    Attributes:
        cached_input: None when the source publishes no cached rate for this way of processing.
        source: Name and version of the price table, stored with the job.
        cache_write: Rate of input tokens that are written into the provider's cache; None where it is the input rate.
        long_input: Dearer rates of very long requests; None where length does not matter.
        uplift: Share by which data residency has raised all rates, a fraction.
    """

    input: Decimal
    cached_input: Decimal | None
    output: Decimal
    source: str
    cache_write: Decimal | None = None
    long_input: LongInput | None = None
    uplift: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will probably cost, before any money moves.

    The low and high ends follow from the spread of answer lengths; input tokens are counted, not guessed.
    All `_usd` are None when the model's price is not known.

    Attributes:
        expected_usd: At batch prices.
        sync_usd: The same at synchronous prices.
        completion_time: Hours as people read them, "2-8 h".
        model_mix: Requests per model.
        price_source: Price table and version.
        basis: What the expected answer lengths rest on ("1,200 answers of 3 earlier batches"); "" for an assumption.
        assumption: What they rest on where `basis` is "".
        uplift_usd: Part of `expected_usd` that data residency adds; None where it adds nothing, or nobody knows.
        region: Where data have to stay ("eu"); "" for no such rule.
    """

    requests: int
    shards: int
    bytes: int
    input_tokens: int
    output_tokens: int
    low_usd: Decimal | None
    expected_usd: Decimal | None
    high_usd: Decimal | None
    sync_usd: Decimal | None
    completion_time: str
    model: str
    model_class: str
    model_mix: dict[str, int]
    price_source: str
    warnings: tuple[str, ...] = ()
    basis: str = ""
    assumption: str = ""
    uplift_usd: Decimal | None = None
    region: str = ""

    @property
    def savings_usd(self) -> Decimal | None:
        """What batching saves against asking synchronously."""
        if self.sync_usd is None or self.expected_usd is None:
            return None
        return self.sync_usd - self.expected_usd
