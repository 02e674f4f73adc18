"""PDFs made to nest, loop, unpack or start something: text or a sentence comes of each."""

from __future__ import annotations

import zlib

import pytest

from core.errors import UnreadableFile
from core.intake.opening.pdf_text import pdf_text

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R "
    b"/Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>"
)
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def stream(body: bytes, more: bytes = b"") -> bytes:
    return b"<< " + more + b" /Length %d >>\nstream\n" % len(body) + body + b"\nendstream"


WORDS = stream(b"BT /F 12 Tf 50 700 Td (words) Tj ET")


def pdf(*objects: bytes) -> bytes:
    """A document of numbered objects, the first of them its catalogue."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def packed(text: bytes, times: int) -> bytes:
    for _ in range(times):
        text = zlib.compress(text, 9)
    return text


KIDS = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n + 1, n + 1) for n in range(2, 60)]
LOOP = stream(b"/X Do /X Do", b"/Type /XObject /Subtype /Form /Resources << /XObject << /X 6 0 R >> >>")


@pytest.mark.parametrize(
    "data",
    [
        pdf(CATALOG, b"<< /Type /Pages /Kids " + b"[" * 100_000 + b"]" * 100_000 + b" /Count 1 >>"),
        pdf(CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"),
        pdf(CATALOG, *KIDS, PAGE),
    ],
    ids=["nested arrays", "a parent among its children", "two to the sixtieth pages"],
)
def test_a_pdf_that_nests_without_end_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"nested too deeply|damaged PDF"):
        pdf_text("evil.pdf", data)


@pytest.mark.parametrize(
    "data",
    [
        pdf(CATALOG, PAGES, PAGE, WORDS, FONT, b"<< /A " * 50_000 + b">>" * 50_000),
        pdf(CATALOG, PAGES, PAGE, stream(packed(b" " * 9_000_000, 4), b"/Filter [" + b"/FlateDecode " * 4 + b"]")),
        pdf(CATALOG, PAGES, PAGE, stream(b"/X Do"), FONT, LOOP),
        pdf(CATALOG, PAGES, PAGE, b"<< /F (/etc/passwd) /Length 0 >>\nstream\n\nendstream", FONT),
    ],
    ids=["nested dictionaries", "packed four times", "a drawing in itself", "a file beside it"],
)
def test_a_pdf_with_tricks_beside_its_text_gives_its_own_text_and_no_more(data: bytes) -> None:
    assert set(pdf_text("odd.pdf", data).pages) <= {"words", ""}


@pytest.mark.parametrize(
    "action", [b"/JavaScript /JS (app.alert(1))", b"/Launch /F (/bin/sh)", b"/URI /URI (http://a)"]
)
def test_actions_in_a_pdf_are_never_taken(action: bytes) -> None:
    catalog = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S " + action + b" >> >>"
    assert pdf_text("active.pdf", pdf(catalog, PAGES, PAGE, WORDS, FONT)).pages == ("words",)
