"""What a page says, as a reader would list it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.shell.downloads import OFFERS


def said(test: AppTest) -> str:
    """Every sentence of the page, without the backslashes that keep Markdown from reading it."""
    kinds = (test.title, test.subheader, test.markdown, test.caption, test.error, test.warning, test.success, test.info)
    sentences = [str(element.value) for kind in kinds for element in kind]
    sentences += [element.proto.title for kind in (test.error, test.warning, test.success) for element in kind]
    sentences += [f"{card.label}: {card.value}" for card in test.metric]
    return "\n".join(sentences).replace("\\", "")


def button(test: AppTest, label: str):  # type: ignore[no-untyped-def]  # AppTest's elements have no public type
    """The button with this label."""
    return next(one for one in test.button if one.label == label)


def column(test: AppTest, name: str) -> list[object]:
    """The values of a column of the first table that has it."""
    return next(list(table.value[name]) for table in test.dataframe if name in table.value.columns)


def written(test: AppTest) -> str:
    """The HTML that the page draws: sentences with marked numbers, and committee pages."""
    return "\n".join(block.proto.body for block in test.get("html"))


def taken(test: AppTest, label: str) -> tuple[str, bytes]:
    """Name and content of what the link with this label hands out; a test's page belongs to no browser."""
    link = next(one.proto for one in test.get("link_button") if one.proto.label == label)
    offer = OFFERS.find("", link.url.rpartition("/")[2])
    assert offer is not None, link.url
    return offer.name, b"".join(offer.chunks())
