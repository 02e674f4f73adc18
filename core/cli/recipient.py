"""To whom a command sends: said before anything goes, unless it is OpenAI itself, and `sent_to` in every document."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.app import App
from core.cli import output
from core.domain.actor import Actor

OPENAI = "api.openai.com"


def to_provider(app: App) -> str:
    """The address that requests go to, from here or from a worker of this installation."""
    address = app.settings.base_url
    if urlsplit(address).hostname != OPENAI:
        output.aside(f"Requests go to {address} (OPENAI_BASE_URL).")
    return address


def to_source(app: App, actor: Actor, source_id: str) -> str:
    """The address of a source of market data; "" for one that is off, unknown, or a file of this machine."""
    sources = app.market.sources(actor)
    address = next((one.address for one in sources if one.enabled and one.terms.source_id == source_id), "")
    if "://" not in address:
        return ""
    output.aside(f"Questions go to {address}.")
    return address
