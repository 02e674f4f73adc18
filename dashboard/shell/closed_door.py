"""What a browser is told that did not come in: how to, or that there is nothing here."""

from __future__ import annotations

from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response

_NOT_KEPT = {"cache-control": "no-store"}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} · Mosychlos</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto 0; padding: 0 1rem; color: #0A1118 }}
 code {{ background: #EEF2F6; padding: .1rem .3rem; border-radius: 4px }}
 @media (prefers-color-scheme: dark) {{ body {{ background: #0F161D; color: #E6ECF1 }} code {{ background: #18222C }} }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""

_HOW = (
    "<p>Open the address that was printed when the dashboard started, on the line that begins with "
    "<code>Open:</code>. It opens the dashboard once and lets this browser in until the dashboard stops.</p>"
    "<p>For another browser, or when the address is gone, ask for a new one on the machine that serves it:</p>"
    "<p><code>mosychlos open</code></p>"
)

_SPENT = "<p>This address was used before, is too old, or belongs to an earlier start of the dashboard.</p>"

_AGAIN = """<script>
 if (Date.now() - Number(sessionStorage.getItem("mosychlos_again")) > 5000) {
  sessionStorage.setItem("mosychlos_again", Date.now())
  location.replace(location.href)
 }
</script>"""


def refused(headers: Headers, *, page: bool, spent: bool = False) -> Response:
    """401 for a browser that has no session: a page with the way in, or a line for everything else.

    Args:
        spent: It came with a token that opens nothing (any more).
    """
    said = {**_NOT_KEPT, "www-authenticate": 'Token realm="mosychlos"'}
    if not page:
        return PlainTextResponse("Not signed in. Use the address that the dashboard printed.", 401, said)
    if not spent and headers.get("sec-fetch-site") == "cross-site":
        return _once_more(said)
    return HTMLResponse(_page("This browser is not signed in", (_SPENT if spent else "") + _HOW), 401, said)


def _once_more(said: dict[str, str]) -> Response:
    """A link in a message comes from another site, and then browsers keep a strict cookie to themselves. Asked again
    from a page of ours they send it; whoever has none sees the way in."""
    return HTMLResponse(_page("This browser is not signed in", _HOW + _AGAIN), 401, said)


def not_found() -> Response:
    """404, the same for everybody: whether a path exists is nothing to find out by trying."""
    body = '<p>There is no such page. All of them are reached from <a href="./">the start</a>.</p>'
    return HTMLResponse(_page("Not found", body), 404, _NOT_KEPT)


def told(status: int, title: str, sentence: str) -> Response:
    """A page that says one thing; the sentence may hold foreign text."""
    return HTMLResponse(_page(title, f"<p>{escape(sentence)}</p>"), status, _NOT_KEPT)


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=title, body=body)
