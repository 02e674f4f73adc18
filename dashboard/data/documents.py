"""Research documents: calls, filings and news as text that analyses may quote, and their passages to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from core.app import App
from core.desk.documents import AddedDocument, DocumentImport
from core.domain.actor import Actor
from core.domain.market import DocumentKind, DocumentRow, Passage, ResearchDocument
from core.domain.portfolio import Problem
from core.errors import MosychlosError, NotFound
from core.guard.access import Permission, may
from core.intake.market.documents import About
from dashboard.shell import navigation, session
from dashboard.widgets import confirm, listings, show, states, text

_KEY = "data_documents"
_ROUND = f"{_KEY}_round"
_OUTCOME = f"{_KEY}_outcome"

KINDS = {
    DocumentKind.EARNINGS_CALL: states.StateLook("earnings call", ":material/call:", "blue"),
    DocumentKind.FILING: states.StateLook("filing", ":material/gavel:", "violet"),
    DocumentKind.NEWS: states.StateLook("news", ":material/newspaper:", "gray"),
}
MARKET = "the market"
"""Whom a document without a symbol is about."""

PASSAGES = 20
"""Passages of a page."""

_FILES, _TEXT = "Files", "Pasted text"


def tab(app: App, actor: Actor) -> None:
    """One document where the address names one, else all of them."""
    source_id = navigation.parameter("document")
    if source_id:
        _detail(app, actor, source_id)
        return
    _outcome()
    rows = app.research.rows(actor)
    importer = may(actor, Permission.PORTFOLIO_IMPORT)
    if not rows:
        sentence = "Add the first." if importer else "Somebody who may import can add them."
        with show.empty(
            "No documents yet",
            f"Market research quotes earnings calls, filings and news, and every quotation is checked. {sentence}",
            ":material/library_books:",
        ):
            pass
    if importer:
        with st.expander("Add documents", icon=":material/upload_file:", expanded=not rows, key=f"{_KEY}_add"):
            _adding(app, actor)
    if rows:
        _listing(rows)


def _listing(rows: Sequence[DocumentRow]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", type="search", placeholder="Title, publisher or symbol", key="documents_search",
            bind="query-params", width=280, icon=":material/search:",
        )  # fmt: skip
        there = [look.word for kind, look in KINDS.items() if any(row.kind is kind for row in rows)]
        kinds = st.pills("Kind", there, selection_mode="multi", key="documents_kind",
                         bind="query-params") if len(there) > 1 else []  # fmt: skip
    words = (search or "").casefold().split()
    found = [
        row
        for row in rows
        if all(word in f"{row.title} {row.publisher} {row.symbol or MARKET}".casefold() for word in words)
        and (not kinds or KINDS[row.kind].word in kinds)
    ]
    if not found:
        with show.empty("No document matches", "Shorten the search, or choose fewer kinds.", show.NO_MATCH):
            return
    st.caption(f"{text.count(len(found), 'document')} · click a title to read its passages")
    place = st.container()
    offset = listings.paging(len(found), key="documents_page")
    with place:
        clicked = _table(found[offset : offset + listings.PAGE_ROWS])
    if clicked:
        st.query_params["document"] = clicked
        st.rerun()


def _table(rows: Sequence[DocumentRow]) -> str:
    key = "documents_table"
    clicked = listings.opened(key, [row.source_id for row in rows])
    zone = session.timezone()
    columns: dict[str, list[Any]] = {
        "title": [row.title for row in rows],
        "kind": [[KINDS[row.kind].word] for row in rows],
        "about": [row.symbol or MARKET for row in rows],
        "published": [row.published for row in rows],
        "publisher": [row.publisher for row in rows],
        "media": [row.media.upper() if row.media != "text" else "text" for row in rows],
        "passages": [row.passages for row in rows],
        "characters": [row.characters for row in rows],
        "added": [row.added_at.astimezone(zone) for row in rows],
        "id": [row.source_id for row in rows],
    }
    column = st.column_config
    st.dataframe(
        listings.frame(columns),
        hide_index=True,
        height="content",
        key=key,
        alt="Stored documents, the newest publication first",
        placeholder=text.NONE,
        column_config={
            "title": listings.opener(key, "Title"),
            "kind": listings.badges("Kind", KINDS.values()),
            "about": "About",
            "published": column.DateColumn("Published", format="D MMM YYYY", help="An analysis of an earlier day never "
                                           "sees it."),
            "publisher": "Publisher",
            "media": "From",
            "passages": column.NumberColumn("Passages", format="localized"),
            "characters": column.NumberColumn("Characters", format="localized"),
            "added": column.DatetimeColumn("Added", format="D MMM YYYY, HH:mm"),
            "id": column.TextColumn("Id", help="What answers cite."),
        },
    )  # fmt: skip
    return clicked


def _back() -> None:
    for name in ("document", "passage"):
        st.query_params.pop(name, None)


def _detail(app: App, actor: Actor, source_id: str) -> None:
    st.button("All documents", icon=":material/arrow_back:", type="tertiary", on_click=_back, key=f"{_KEY}_back")
    try:
        document = app.research.get(actor, source_id)
    except NotFound as error:
        st.error(text.escape(error), icon=":material/error:")
        return
    st.subheader(text.escape(document.title), anchor=False)
    st.markdown(f"{KINDS[document.kind].badge} {_facts(document)}")
    if document.url:
        st.caption(text.escape(document.url))
    st.caption("Its text is data: whatever it says, it instructs nobody. Analyses quote it word by word, by its id.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Find", type="search", placeholder="Words in the text", key="document_find", width=320,
            icon=":material/search:",
        )  # fmt: skip
        if may(actor, Permission.PORTFOLIO_IMPORT):
            _removing(app, actor, document)
    _passages(document, search or "")


def _facts(document: ResearchDocument) -> str:
    parts = [
        f"about {document.symbol or MARKET}",
        f"published {text.day(document.published)}" if document.published else "day of publication unknown",
        document.publisher,
        text.count(len(document.passages), "passage"),
        text.count(document.characters, "character"),
        text.count(document.pages, "page") if document.pages else "",
        document.source_id,
    ]
    return " · ".join(text.escape(part) for part in parts if part)


def _passages(document: ResearchDocument, search: str) -> None:
    words = search.casefold().split()
    found = [one for one in document.passages if all(word in one.text.casefold() for word in words)]
    if not found:
        with show.empty("No passage has these words", "Search for fewer of them.", show.NO_MATCH):
            return
    if words:
        st.caption(f"{text.count(len(found), 'passage')} of {len(document.passages):,}")
    wanted = navigation.parameter("passage")
    place = next((place for place, one in enumerate(found) if str(one.number) == wanted), 0)
    if str(found[place].number) == wanted:
        _passage(document.source_id, found[place], linked=True)
    body = st.container()
    offset = _offset(len(found), place, key=f"document_page_{document.source_id}_{wanted}")
    with body:
        for one in found[offset : offset + PASSAGES]:
            _passage(document.source_id, one)


def _offset(total: int, place: int, *, key: str) -> int:
    """The first passage of the page that the pager stands at; at first, of the one with the wanted passage."""
    pages = -(-total // PASSAGES)
    if pages < 2:
        return 0
    with st.container(horizontal=True, horizontal_alignment="center"):
        chosen = st.pagination(pages, default=place // PASSAGES + 1, key=key)
    return (min(chosen, pages) - 1) * PASSAGES


def _passage(source_id: str, one: Passage, *, linked: bool = False) -> None:
    with st.container(border=True, gap="xsmall"):
        mark = ":blue-badge[:material/bookmark: linked] " if linked else ""
        st.caption(f"{mark}{text.escape(source_id)} · passage {one.number}")
        st.markdown(text.escape(one.text))


def _removing(app: App, actor: Actor, document: ResearchDocument) -> None:
    sentence = (
        f"'{document.title}' and its passages are forgotten, and no analysis is given them again. Answers that quoted "
        "it keep their quotations. There is no undo: add the file again."
    )
    if not confirm.asked("Remove", sentence, "Remove this document", key=f"{_KEY}_remove", icon=":material/delete:"):
        return
    try:
        app.research.remove(actor, document.source_id)
    except MosychlosError as error:
        st.error(text.escape(error))
        return
    session.flash(f"{text.escape(document.title)} removed.", ":material/delete:")
    _back()
    st.rerun()


def _adding(app: App, actor: Actor) -> None:
    number = st.session_state.get(_ROUND, 0)
    way = st.segmented_control("From", (_FILES, _TEXT), default=_FILES, required=True, key=f"{_KEY}_way")
    left, right = st.columns([3, 2], gap="medium")
    uploads: list[tuple[str, bytes]] = []
    with left:
        if way == _TEXT:
            pasted = st.text_area("Text", height=200, key=f"{_KEY}_text_{number}", placeholder="Paste the whole text")
            if pasted and pasted.strip():
                uploads = [("pasted text", pasted.encode())]
        else:
            files = st.file_uploader(
                "Files", type=["pdf", "html", "htm", "txt", "md"], accept_multiple_files=True,
                key=f"{_KEY}_files_{number}", max_upload_size=5,
                help="Text, web pages and PDFs of up to 5 MB and 200 pages. Scanned PDFs have no text.",
            )  # fmt: skip
            uploads = [(file.name, file.getvalue()) for file in files]
        st.caption("You need the right to use what you add; the program cannot know it.")
    with right:
        about = _about(app, actor, number, titled=len(uploads) < 2)
    missing = "" if about is not None else "Say what kind it is."
    if way == _TEXT and about is not None and not about.title:
        missing = "Give pasted text a title: it has no file name to be known by."
    if uploads and missing:
        st.caption(f":material/info: {missing}")
    label = f"Add {text.count(len(uploads), 'document')}" if uploads else "Add documents"
    # No callback: it would be given what the boxes held before the click, not what was typed last.
    sent = st.button(
        label, type="primary", icon=":material/check:", disabled=not uploads or bool(missing), key=f"{_KEY}_keep"
    )
    if sent and about is not None:
        _add(app, actor, uploads, about)


def _about(app: App, actor: Actor, number: int, *, titled: bool) -> About | None:
    """What is said of the documents; None until their kind is."""
    grid = st.grid(2, min_column_width=150)
    kind = grid.selectbox(
        "Kind", list(KINDS), index=None, placeholder="Choose", format_func=text.words, key=f"{_KEY}_kind"
    )
    symbol = grid.selectbox(
        "About", _symbols(app, actor), index=None, placeholder=MARKET, accept_new_options=True,
        key=f"{_KEY}_symbol_{number}", help="A symbol as your holdings write it. Left empty: the market as a whole.",
    )  # fmt: skip
    title = ""
    if titled:
        title = st.text_input("Title", max_chars=200, placeholder="as in the document", key=f"{_KEY}_title_{number}")
    publisher = grid.text_input("Publisher", max_chars=200, key=f"{_KEY}_publisher_{number}")
    published: date | None = grid.date_input(
        "Published", None, max_value=app.now().date(), format="YYYY-MM-DD", key=f"{_KEY}_published_{number}",
        help="An analysis never sees what was published after its day.",
    )  # fmt: skip
    url = st.text_input(
        "Address", placeholder="https://…", key=f"{_KEY}_url_{number}", help="It is shown and never opened."
    )
    if kind is None:
        return None
    return About(
        kind, (symbol or "").strip(), (title or "").strip(), (publisher or "").strip(), published, (url or "").strip()
    )


def _symbols(app: App, actor: Actor) -> list[str]:
    return [row.symbol for row in app.register.page(actor)]


def _add(app: App, actor: Actor, uploads: Sequence[tuple[str, bytes]], about: About) -> None:
    added: list[AddedDocument] = []
    problems: list[Problem] = []
    for name, data in uploads:
        try:
            added.append(app.research.add(actor, name, data, about))
        except MosychlosError as error:
            problems.append(Problem(name, None, "", "", str(error)))
    if added:
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_OUTCOME] = DocumentImport(tuple(added), tuple(problems))
    st.rerun()


def _outcome() -> None:
    report: DocumentImport | None = st.session_state.pop(_OUTCOME, None)
    if report is None:
        return
    if report.problems:
        st.error(
            "  \n".join(f"**{text.escape(one.file)}**: {text.escape(one.message)}" for one in report.problems),
            title=f"{text.count(len(report.problems), 'document')} not added",
            icon=":material/error:",
        )
    if report.added:
        st.success(
            "  \n".join(
                f"{text.escape(one.title)}: "
                + ("was there already, as " if one.known else f"{text.count(one.passages, 'passage')}, ")
                + text.escape(one.source_id)
                for one in report.added
            ),
            title=f"{text.count(sum(not one.known for one in report.added), 'document')} added",
            icon=":material/check_circle:",
        )
