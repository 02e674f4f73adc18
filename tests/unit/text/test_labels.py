"""No text of others reaches a label, a caption or a figure but through the one function that takes its signs away."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.unit.text.label_flow import Flow
from tests.unit.text.label_sinks import MARKDOWN, SILENT
from tests.unit.text.pages_source import Source, calls, files

ROOT = Path(__file__).parents[3]

ALLOWED: Final[Mapping[tuple[str, str], str]] = {
    ("dashboard/data/sources.py", "terms.url"): "written in our table of sources, where a test reads it",
    ("dashboard/shell/session.py", "st.session_state"): "what flash() was given, which is judged where it is called",
}
"""What reaches a label as it is, with the reason."""


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(files(ROOT))


def test_every_text_from_data_or_addresses_is_escaped_on_its_way_into_a_label(source: Source) -> None:
    found = Flow(source).run()
    assert [str(one) for one in found if (one.file, one.source) not in ALLOWED] == []
    assert {(one.file, one.source) for one in found} >= set(ALLOWED), "an exception that nothing needs any more"


def test_of_every_call_of_streamlit_somebody_said_whether_it_reads_markdown(source: Source) -> None:
    drawn = {
        call.func.attr
        for name, module in source.modules.items()
        if not name.startswith("core.")
        for _, call in calls(module.tree)
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "st"
    }
    assert drawn - set(MARKDOWN) - SILENT == set()


def reported(page: str, *, beside: Mapping[str, str] | None = None) -> list[str]:
    head = "import streamlit as st\nfrom dashboard.widgets import text\nfrom dashboard.widgets.charts import plain\n"
    found = Flow(Source({"dashboard.one": head + page, **(beside or {})})).run()
    return [one.sink for one in found]


ROW = """
class Row:
    name: str
    number: int
    kind: Kind

class Kind(StrEnum):
    A = "a"

"""


@pytest.mark.parametrize(
    "page",
    [
        "def f(row: Row): st.caption(row.name)",
        "def f(row: Row): st.caption(f'**{row.name}**')",
        "def f(row: Row): st.button(row.name + ' …')",
        "def f(row: Row): st.button('go', help=row.name)",
        "def f(row: Row): st.warning('said', title=row.name.upper())",
        "def f(rows: list[Row]): st.tabs([row.name for row in rows])",
        "def f(rows: list[Row]): st.pills('which', [1, 2], format_func=lambda one: rows[one].name)",
        "def f(names: list[str]): st.radio('which', names, format_func=str.upper)\nf(sys.argv)",
        "def f(row: Row):\n    label = row.name\n    st.expander(label)",
        "def f(row: Row):\n    words = ['a']\n    words.append(row.name)\n    st.caption(', '.join(words))",
        "def f(rows: list[Row]):\n    for number, row in enumerate(rows):\n        st.caption(row.name)",
        "def f(rows: list[Row]): st.caption('; '.join({row.name: 1 for row in rows}.keys()))",
        "def f(place, row: Row): place.metric('Rows', row.name)",
        "def f(row: Row): st.column_config.NumberColumn('n', help=row.name)",
        "def f():\n    try:\n        g()\n    except ValueError as error:\n        st.error(str(error))",
        "def g(row: Row): return f'{row.name}!'\ndef f(row: Row): st.toast(g(row))",
        "def g(label): st.caption(label)\ndef f(row: Row): g(row.name)",
        "def g(label): st.caption(text.escape(label))\ndef h(label): st.caption(label)\ndef f(row: Row): h(row.name)",
        "def f(app): st.caption(app.names())",
        "def f(): st.caption(st.query_params['run'])",
        "def f(row: Row): st.html(text.escape(row.name))",
        "def f(row: Row): st.markdown(plain(row.name))",
        "def f(row: Row): go.Bar(y=[row.name])",
        "def f(row: Row): go.Bar(hovertemplate=row.name + ': %{x}')",
        "def f(row: Row): go.Bar(y=[text.escape(row.name)])",
        "def f(row: Row): go.Bar(y=[text.plain(row.name)])",
        "def f(row: Row): st.caption(html.escape(row.name))",
        "def f(rows: list[Row]): st.pills('which', rows, format_func=lambda row: row.name)",
        "def f(row: Row): figure.add_annotation(text=row.name)",
        "def f(row: Row): figure.update_xaxes(ticktext=[row.name])",
        "def f(row: Row): go.Scatter(customdata=[row.name], hovertemplate='%{customdata}')",
        "def f(pairs: list[tuple[str, int]]): st.caption(', '.join(name for name, _ in pairs))\nf(json.loads(x))",
    ],
)
def test_a_text_of_others_is_seen_whichever_way_it_takes(page: str) -> None:
    assert reported(ROW + page) != []


@pytest.mark.parametrize(
    "page",
    [
        "def f(row: Row): st.caption(text.escape(row.name))",
        "def f(row: Row): st.caption(f'{row.number:,} rows of {row.kind.value}')",
        "def f(row: Row): st.caption(f'Ask {text.code(row.name)}')",
        "def f(rows: list[Row]): st.pills('which', [row.name for row in rows], format_func=text.escape)",
        "def f(rows: list[Row]): st.selectbox('which', [row.name for row in rows])",
        "def f(row: Row): st.dataframe({'name': [row.name]})",
        "def g(label): st.caption(label)\ndef f(row: Row): g(text.escape(row.name))",
        "def g(row: Row): return text.escape(row.name)\ndef f(row: Row): st.toast(g(row))",
        "def f(row: Row): go.Bar(y=[plain(row.name)], x=[row.number], customdata=[row.name])",
        "def f(pairs: list[tuple[str, int]]): st.caption(', '.join(f'{n}' for _, n in pairs))",
        "def f(rows: list[Row]): st.caption('; '.join({row.name: text.escape(row.name) for row in rows}.values()))",
        "WORDS = {Kind.A: 'first'}\ndef f(row: Row): st.caption(WORDS[row.kind])",
    ],
)
def test_what_is_escaped_or_ours_is_not_reported(page: str) -> None:
    assert reported(ROW + page) == []


def test_what_is_kept_for_the_next_run_of_a_page_is_a_label_too() -> None:
    beside = {"dashboard.shell.session": "def flash(message: str): pass"}
    page = "from dashboard.shell import session\n" + ROW + "def f(row: Row): session.flash(f'{row.name} saved')"
    assert reported(page, beside=beside) == ["flash(message=)"]
