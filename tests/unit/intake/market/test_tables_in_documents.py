"""Tables of filings: a row stays a row, its figures keep their signs, and a figure can be quoted with its name."""

from __future__ import annotations

import pytest

from core.intake.opening.html_text import page_text
from core.intake.opening.pdf_text import pdf_text
from tests.linear.adversary import Recipe
from tests.linear.effort import TOO_MUCH, growth
from tests.unit.intake.market.test_documents import a_pdf, read

FILING = """<html><body><p>Net sales by category:</p>
<table><tr><td>&nbsp;</td><th>2026</th><td></td><th>2025</th></tr>
  <tr><td>Total net sales</td><td>$</td><td>391,035</td><td></td><td>$</td><td>383,285</td></tr>
  <tr><td>Loss on sale</td><td>(</td><td>1,234</td><td>)</td><td>\u2014</td></tr>
  <tr><td>Change</td><td>(2</td><td>)%</td><td>5</td><td>%</td></tr>
  <tr><td><div>Other</div><div>income</div></td><td><span>$ (</span></td><td>55</td><td>)</td></tr>
  <tr hidden><td>Secret</td><td>1</td></tr><tr><td style="display:none">Hidden</td><td>77</td></tr></table>
<p>After the table.</p></body></html>"""


def test_a_row_of_a_table_is_one_line_with_signs_at_their_numbers() -> None:
    lines = [line for line in page_text(FILING)[0].splitlines() if line]
    assert lines == [
        "Net sales by category:",
        "2026 | 2025",
        "Total net sales | $391,035 | $383,285",
        "Loss on sale | (1,234) | \u2014",
        "Change | (2)% | 5%",
        "Other income | $(55)",
        "77",
        "After the table.",
    ]


def test_passages_keep_rows_as_lines() -> None:
    (passage,) = read("10-k.html", FILING.encode()).passages
    assert "Total net sales | $391,035 | $383,285\nLoss on sale | (1,234)" in passage.text


def test_a_page_that_lays_out_paragraphs_in_cells_keeps_them_apart() -> None:
    text = page_text(
        f"<html><table><tr><td><p>{'First words. ' * 30}</p><p>Second.</p></td><td>side</td></tr></table>"
    )[0]
    assert " | " not in text
    assert "\n\nSecond." in text


def test_a_table_in_a_cell_is_a_table() -> None:
    inner = "<table><tr><td>Cash</td><td>$</td><td>5</td></tr></table>"
    assert "Cash | $5\n" in page_text(f"<html><table><tr><td>Assets {inner}</td></tr></table>")[0]


def test_signs_of_its_own_make_no_rows_of_a_page() -> None:
    assert page_text("<html><p>a\x1eb\x1fc\x1dd</p>")[0].split() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("unit", ["<tr><td>1", "<table>", "<td>$", "<td>(</td>", "<tr>", "</table>"])
def test_tables_made_to_cost_time_cost_little(unit: str) -> None:
    assert growth(page_text, Recipe("<html><table>", (unit,)), size=30_000) <= TOO_MUCH


ROWS = (
    ("Total net sales", "391,035", "383,285"),
    ("Cost of sales", "210,352", "214,137"),
    ("Gross margin", "180,683", "169,148"),
    ("Research", "31,370", "29,915"),
    ("Net income", "93,736", "96,995"),
)


def test_a_page_of_a_pdf_that_looks_like_a_table_keeps_its_columns() -> None:
    shown = "".join(
        f"1 0 0 1 {50 + 200 * place} {700 - 20 * number} Tm ({cell}) Tj "
        for number, row in enumerate(ROWS)
        for place, cell in enumerate(row)
    )
    page = a_pdf(f"BT /F 10 Tf {shown}ET".encode())
    assert pdf_text("r.pdf", page).pages[0].split("\n") == [" | ".join(row) for row in ROWS]


def test_a_page_of_a_pdf_without_a_table_is_read_as_before() -> None:
    words = "".join(f"1 0 0 1 50 {700 - 20 * number} Tm (Words of line {number} and   more) Tj " for number in range(9))
    assert " | " not in pdf_text("r.pdf", a_pdf(f"BT /F 10 Tf {words}ET".encode())).pages[0]
