"""The few elements of a Flex Query that matter, streamed past with their lines; the rest of the file is not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import UnreadableFile
from core.intake.opening.limits import MAX_DEPTH, MAX_ROWS, MAX_XML_BYTES, check_size
from core.intake.opening.source import Container, SourceFile
from core.intake.opening.xml_tree import feed

_KEPT = frozenset(
    {
        "FlexStatement",
        "AccountInformation",
        "OpenPosition",
        "SecurityInfo",
        "CashReport",
        "CashReportCurrency",
        "CashTransaction",
        "CorporateAction",
        "EquitySummaryByReportDateInBase",
        "Trade",
    }
)


@dataclass(frozen=True, slots=True)
class FlexElement:
    """An element, its attributes, and the line it starts on."""

    tag: str
    attributes: dict[str, str]
    row: int


class _Keeper:
    """Receives the parser's events."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0
        self.lines: Callable[[], int] = lambda: 0
        self.root = ""
        self.kept: list[FlexElement] = []
        self._account: FlexElement | None = None
        self._texts: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableFile(f"'{self._name}' is nested deeper than {MAX_DEPTH} levels, which no statement is.")
        if tag in _KEPT:
            if len(self.kept) >= MAX_ROWS:
                raise UnreadableFile(f"'{self._name}' has more than {MAX_ROWS:,} records. Split the query by account.")
            self.kept.append(FlexElement(tag, attributes, self.lines()))
        if tag == "AccountInformation":
            self._account = self.kept[-1]
        self._texts = []

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "AccountInformation":
            self._account = None
        elif self._account is not None:
            # Until 2013 what is known of the account stood in elements of its own, not in attributes.
            self._account.attributes.setdefault(tag, "".join(self._texts).strip())
        self._texts = []

    def data(self, text: str) -> None:
        """Text carries something inside the account's information only."""
        if self._account is not None:
            self._texts.append(text)

    def close(self) -> list[FlexElement]:
        return self.kept


def flex_elements(source: SourceFile) -> list[FlexElement]:
    """The elements that matter, in the order of the file.

    Raises:
        UnreadableFile: Not XML, not a Flex Query, a document type, entities or external references (the stuff of XML
            bombs), too large or too deep.
    """
    name = source.name
    check_size(name, source.size, MAX_XML_BYTES)
    if source.container is not Container.XML:
        raise UnreadableFile(f"'{name}' is {source.container.value}, not XML. Leave the format to 'auto'.")
    keeper = _Keeper(name)
    feed(name, source.data, keeper)
    if keeper.root != "FlexQueryResponse":
        raise UnreadableFile(
            f"'{name}' is XML but no Flex Query of Interactive Brokers. Its root is '{keeper.root[:40]}'."
        )
    return keeper.kept
