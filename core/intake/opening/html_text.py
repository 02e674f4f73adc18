"""Text of a web page as a reader sees it: no scripts, no styles, nothing that is hidden."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser

_SILENT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "math",
        "iframe",
        "object",
        "select",
        "textarea",
        "button",
    }
)
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
        "table", "td", "th", "tr", "ul",
    }
)  # fmt: skip
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])|font-size\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARATION = re.compile(r"<(?:[!?]|/(?![A-Za-z]))[^>]*(?:>|\Z)")
"""Also an end of no element: for each one that is not closed, the parser would look through the rest of the page."""

_CUT_TAG = re.compile(r"</?[A-Za-z]")
_PARAGRAPH = frozenset({"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article"})
_TABLE, _ROW, _CELL = "\x1d", "\x1e", "\x1f"
"""Where tables, rows and cells begin, until the text is put together; a page's own are blanks."""
CELLS_PARTED = " | "
"""Between the cells of a row."""
_TABLE_MARKS = {"table": f"{_ROW}{_TABLE}{_ROW}", "tr": _ROW, "td": _CELL, "th": _CELL}
_OWN_MARKS = str.maketrans({_TABLE: " ", _ROW: " ", _CELL: " "})
_BEFORE = re.compile(r"(?:[A-Z]{0,3}[$€£¥₹] ?)?\(?")
_BEHIND = re.compile(r"\)? ?%?\)?")
_WIDEST = 300
"""Cells of figures and of what they are called are shorter; in longer ones a page lays out its paragraphs."""


class PageText(HTMLParser):
    """Gathers the visible text. What stands in an element that a browser would not show is left out, because a page's
    owner may have hidden it there for machines to read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._title: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._count: Counter[str] = Counter()
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        if tag == "title":
            self._in_title = True
        self._break(tag)
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        unseen = (
            tag in _SILENT
            or "hidden" in given
            or given.get("aria-hidden", "").lower() == "true"
            or _UNSEEN.search(given.get("style", "")) is not None
        )
        self._open.append((tag, unseen or self._silent))
        self._count[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        """An element closes, and with it whatever was left open inside it."""
        if tag == "title":
            self._in_title = False
        # Counted, so that a page of ends without beginnings costs nothing.
        if self._count[tag]:
            closed = ""
            while closed != tag:
                closed, _ = self._open.pop()
                self._count[closed] -= 1
        if tag not in ("td", "th"):
            self._break(tag)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._pieces.append(_TABLE_MARKS.get(tag) or ("\n\n" if tag in _PARAGRAPH else "\n"))

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._in_title:
            self._title.append(data)
        elif not self._silent:
            self._pieces.append(data.translate(_OWN_MARKS))

    @property
    def _silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    @property
    def text(self) -> str:
        """What is visible; a row of a table is a line, its cells parted by " | "."""
        return "".join(map(_row, "".join(self._pieces).split(_ROW)))

    @property
    def title(self) -> str:
        """The page's title, "" for none."""
        return " ".join("".join(self._title).split())


def _row(text: str) -> str:
    """A row of figures as one line, signs at their numbers; what lays out paragraphs, and all other text, as it is."""
    if _CELL not in text:
        # What stands between two rows is only how the page was written.
        return "\n\n" if text == _TABLE else "" if text.isspace() else text
    cells = [" ".join(cell.split()) for cell in text.split(_CELL)]
    if max(map(len, cells)) > _WIDEST:
        return "\n\n" + text.replace(_CELL, "\n") + "\n\n"
    line = CELLS_PARTED.join(_glued(cell for cell in cells if cell))
    return f"{line}\n" if line else ""


def _glued(cells: Iterable[str]) -> list[str]:
    """Cells of a row; "$", "(", ")" and "%" that stand in cells of their own at the number they belong to."""
    made: list[str] = []
    held = ""
    for cell in cells:
        if _BEFORE.fullmatch(cell):
            held += cell.replace(" ", "")
        elif made and not held and _BEHIND.fullmatch(cell):
            made[-1] += cell
        else:
            made.append(held + cell)
            held = ""
    return [*made, held] if held else made


def page_text(html: str) -> tuple[str, str]:
    """The visible text of a page, and its title."""
    page = PageText()
    page.feed(_without_unseen_markup(html))
    page.close()
    return page.text, page.title


def _without_unseen_markup(html: str) -> str:
    """The page without comments, declarations and ends of nothing, also those never closed, and without a cut-off tag.

    A browser shows none of them; the parser would hand on what is not closed as text.
    """
    html = _DECLARATION.sub("", _COMMENT.sub("", html))
    last = html.rfind(">") + 1
    cut = _CUT_TAG.search(html, last)
    return html if cut is None else html[: cut.start()]
