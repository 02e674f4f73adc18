"""Reference rates of the European Central Bank newer than the bundled ones: from its zip of all days, or its XML."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date
from math import isclose, isfinite
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.domain.market import ReferenceRate, SourceOffer
from core.errors import BadInput, NotFound, ProviderError
from core.market_sources.http_client import HttpClient
from core.market_sources.protocol import Nothing
from core.market_sources.terms import ECB

MAX_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 64_000_000
_SAME = 1e-9
_MAX_DIFFERENT = 0.01


class EcbSource(Nothing):
    """`MarketData` with reference rates.

    Args:
        place: A file on this machine, or a door to the address of one.
    """

    terms = ECB
    offers = (SourceOffer.FX,)

    def __init__(self, place: Path | HttpClient) -> None:
        self._place = place

    def close(self) -> None:
        """Give back connections."""
        if isinstance(self._place, HttpClient):
            self._place.close()

    def fx(self) -> list[ReferenceRate]:
        """Every rate of the file, oldest first.

        Raises:
            NotFound: There is no such file.
            ProviderError: It is no file of reference rates.
        """
        return rates_of(self._bytes())

    def _bytes(self) -> bytes:
        if isinstance(self._place, HttpClient):
            return self._place.body("", doing="read reference rates")
        try:
            if self._place.stat().st_size > MAX_BYTES:
                raise BadInput(f"'{self._place.name}' is larger than {MAX_BYTES:,} bytes: no file of the ECB's is.")
            return self._place.read_bytes()
        except OSError as error:
            raise NotFound(
                f"The file of MOSYCHLOS_ECB_RATES cannot be read ({error.strerror}). Check the path '{self._place}'."
            ) from None


def rates_of(data: bytes) -> list[ReferenceRate]:
    """The rates in eurofxref-hist.zip (a zip of one CSV), that CSV, or one of the eurofxref XML files, oldest first.

    Raises:
        ProviderError: It is none of these, or a rate is not above zero.
    """
    if data.startswith(b"PK\x03\x04"):
        data = _unzipped(data)
    found = _from_xml(data) if data.lstrip()[:1] == b"<" else _from_csv(data)
    if not found:
        raise ProviderError(
            "The ECB's answer holds no reference rates. Check the address or file in MOSYCHLOS_ECB_RATES."
        )
    for one in found:
        if not isfinite(one.per_euro) or one.per_euro <= 0 or len(one.currency) != 3:
            raise ProviderError(
                f"The ECB's answer states {one.per_euro} {one.currency} for a euro on {one.day}, which cannot be. "
                "Nothing of it was kept."
            )
    return sorted(found, key=lambda one: (one.day, one.currency))


def _unzipped(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            first = archive.infolist()[0]
            if first.file_size > MAX_UNPACKED_BYTES:
                raise ProviderError(f"The ECB's archive unpacks to {first.file_size:,} bytes, which it never does.")
            return archive.read(first)
    except (zipfile.BadZipFile, zlib.error, IndexError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ProviderError(f"The ECB's archive is damaged ({error}). Fetch it again.") from None


def _from_csv(data: bytes) -> list[ReferenceRate]:
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
        header = [cell.strip() for cell in rows[0]]
        if header[0].lower() != "date":
            return []
        return [
            ReferenceRate(date.fromisoformat(row[0].strip()), header[place], float(cell))
            for row in rows[1:]
            if row
            for place, cell in enumerate(row[: len(header)])
            if place and header[place] and cell.strip() not in {"", "N/A"}
        ]
    except (UnicodeDecodeError, ValueError, IndexError, csv.Error):
        raise ProviderError(
            "The ECB's answer is no table of reference rates by day. Check MOSYCHLOS_ECB_RATES."
        ) from None


def _from_xml(data: bytes) -> list[ReferenceRate]:
    try:
        root: Element = fromstring(data)
        return [
            ReferenceRate(date.fromisoformat(day.attrib["time"]), rate.attrib["currency"], float(rate.attrib["rate"]))
            for day in root.iter()
            if day.tag.endswith("Cube") and "time" in day.attrib
            for rate in day
        ]
    except (ParseError, DefusedXmlException, ValueError, KeyError) as error:
        raise ProviderError(f"The ECB's answer is no file of reference rates ({type(error).__name__}).") from None


def joined(known: Sequence[ReferenceRate], newer: Sequence[ReferenceRate]) -> tuple[list[ReferenceRate], int]:
    """Known rates with the days that are new, and how many days that are.

    Raises:
        ProviderError: More than one in a hundred of the rates that are in both differ: it is another table.
    """
    have = {(one.day, one.currency): one.per_euro for one in known}
    both = [one for one in newer if (one.day, one.currency) in have]
    different = [one for one in both if not isclose(have[one.day, one.currency], one.per_euro, rel_tol=_SAME)]
    if len(different) > _MAX_DIFFERENT * len(both):
        first = different[0]
        raise ProviderError(
            f"{len(different):,} of {len(both):,} rates differ from the known ones, such as {first.currency} on "
            f"{first.day}: {first.per_euro:g} and not {have[first.day, first.currency]:g}. Nothing was kept."
        )
    days = {one.day for one in known}
    fresh = [one for one in newer if one.day not in days]
    merged = [*known, *fresh]
    merged.sort(key=lambda one: (one.day, one.currency))
    return merged, len({one.day for one in fresh})


def history_zip(rates: Sequence[ReferenceRate]) -> bytes:
    """Rates as the ECB publishes all days: a zip of one CSV, newest day first, a column a currency."""
    currencies = sorted({one.currency for one in rates})
    by_day: dict[date, dict[str, float]] = {}
    for one in rates:
        by_day.setdefault(one.day, {})[one.currency] = one.per_euro
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Date", *currencies])
    for day in sorted(by_day, reverse=True):
        writer.writerow(
            [day.isoformat(), *(repr(by_day[day][code]) if code in by_day[day] else "N/A" for code in currencies)]
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", text.getvalue())
    return packed.getvalue()
