"""Price histories: daily closes in the currency of the quote, with the badge of where they come from."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.units import Badge
from core.errors import BadInput

_MAGIC = b"MOSYPH01"
_HEADER = struct.Struct("<8sIQ")
_MAX_BYTES = 1 << 30
_BYTES_PER_CLOSE = 4 + 8


class BadPrices(BadInput):
    """A price series cannot be used as it is; the message names the symbol, the day and the value."""


@dataclass(frozen=True, slots=True, eq=False)
class PriceSeries:
    """Closes of one symbol. The arrays are made read-only.

    Attributes:
        symbol: As holdings write it.
        currency: ISO 4217 of the closes (pounds, not pence).
        badge: Where the closes come from.
        days: Strictly increasing, shape (n,), datetime64[D].
        closes: Positive and finite, shape (n,), float64.

    Raises:
        BadPrices: Any of that does not hold.
    """

    symbol: str
    currency: str
    badge: Badge
    days: NDArray[np.datetime64]
    closes: NDArray[np.float64]

    def __post_init__(self) -> None:
        days = np.array(self.days, dtype="datetime64[D]")
        closes = np.array(self.closes, dtype=np.float64)
        if days.ndim != 1 or days.shape != closes.shape:
            raise BadPrices(
                f"Prices of '{self.symbol}' have {days.shape} days and {closes.shape} closes: give one close a day."
            )
        if np.isnat(days).any():
            raise BadPrices(f"Prices of '{self.symbol}' have a day that is no date: drop that row.")
        backward = np.flatnonzero(np.diff(days).astype(np.int64) <= 0)
        if backward.size:
            at = int(backward[0])
            raise BadPrices(
                f"Prices of '{self.symbol}' go from {days[at]} to {days[at + 1]}: sort the days and keep each once."
            )
        wrong = np.flatnonzero(~(np.isfinite(closes) & (closes > 0)))
        if wrong.size:
            at = int(wrong[0])
            raise BadPrices(
                f"Price of '{self.symbol}' on {days[at]} is {closes[at]}: a close is above zero. Leave the day out."
            )
        days.flags.writeable = False
        closes.flags.writeable = False
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "closes", closes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PriceSeries):
            return NotImplemented
        return (
            (self.symbol, self.currency, self.badge) == (other.symbol, other.currency, other.badge)
            and np.array_equal(self.days, other.days)
            and np.array_equal(self.closes, other.closes)
        )

    def __hash__(self) -> int:
        return hash((self.symbol, self.currency, self.badge, self.days.size))


class PriceHistory(Mapping[str, PriceSeries]):
    """Series by symbol; immutable. Equal when it holds equal series."""

    __slots__ = ("_series",)

    def __init__(self, series: Mapping[str, PriceSeries]) -> None:
        self._series = dict(series)

    @classmethod
    def from_series(cls, series: Iterable[PriceSeries]) -> PriceHistory:
        """Raises: BadPrices: A symbol comes twice."""
        held: dict[str, PriceSeries] = {}
        for one in series:
            if one.symbol in held:
                raise BadPrices(f"Symbol '{one.symbol}' has two price series: join them into one.")
            held[one.symbol] = one
        return cls(held)

    def __getitem__(self, symbol: str) -> PriceSeries:
        return self._series[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def __repr__(self) -> str:
        return f"PriceHistory({len(self)} symbols)"

    def to_bytes(self) -> bytes:
        """A compact document for a database column; `from_bytes` reads it back exactly.

        Layout, little-endian: "MOSYPH01", length of the head (u32), length of the body unpacked (u64), the head
        (JSON rows of symbol, currency, badge, count), then the zlib-packed body: all days as differences in days
        (i4; each series starts from 1970-01-01), then all closes (f8).
        """
        rows = [[one.symbol, one.currency, one.badge.value, one.days.size] for one in self.values()]
        days = [np.diff(one.days.astype(np.int64), prepend=0).astype("<i4").tobytes() for one in self.values()]
        closes = [one.closes.astype("<f8").tobytes() for one in self.values()]
        body = b"".join([*days, *closes])
        head = msgspec.json.encode(rows)
        return _HEADER.pack(_MAGIC, len(head), len(body)) + head + zlib.compress(body, level=1)

    @classmethod
    def from_bytes(cls, data: bytes) -> PriceHistory:
        """Raises: BadPrices: Not written by `to_bytes`, or damaged since."""
        try:
            magic, head_bytes, body_bytes = _HEADER.unpack_from(data)
            if magic != _MAGIC or body_bytes > _MAX_BYTES:
                raise BadPrices("Stored price history starts with unknown bytes: load the prices again.")
            start = _HEADER.size + head_bytes
            rows = msgspec.json.decode(data[_HEADER.size : start], type=list[tuple[str, str, Badge, int]])
            unpacking = zlib.decompressobj()
            # One byte more than announced, so that the stream reaches its checksum but never fills the memory.
            body = unpacking.decompress(data[start:], body_bytes + 1)
        except (struct.error, msgspec.MsgspecError, zlib.error) as error:
            raise BadPrices(f"Stored price history cannot be read ({error}): load the prices again.") from None
        counts = [count for *_, count in rows]
        if min(counts, default=0) < 0 or sum(counts) * _BYTES_PER_CLOSE != len(body) or not unpacking.eof:
            raise BadPrices("Stored price history is cut short: load the prices again.")
        total = sum(counts)
        steps = np.frombuffer(body, dtype="<i4", count=total).astype(np.int64)
        closes = np.frombuffer(body, dtype="<f8", count=total, offset=total * 4)
        edges = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        return cls.from_series(
            PriceSeries(symbol, currency, badge, np.cumsum(steps[start:end]).astype("datetime64[D]"), closes[start:end])
            for (symbol, currency, badge, _), (start, end) in zip(rows, pairwise(edges), strict=True)
        )
