"""`mosychlos series | market`: what files and sources bring, and what is stored of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli import output
from core.cli.prices import SHOWN, AsJson, conflicts, problems
from core.cli.recipient import to_source
from core.cli.session import opened
from core.desk.prices import PriceImport
from core.domain.market import EconomicSeries, Fetched
from core.domain.portfolio import DailyCloses
from core.errors import BadInput

series_app = typer.Typer(help="Economic series with publisher and licence.", no_args_is_help=True)
market_app = typer.Typer(help="Sources of market data: their terms, and what they say.", no_args_is_help=True)


@series_app.command("import")
def import_series(
    paths: Annotated[list[Path], typer.Argument(help="CSV or Excel files with economic series.")],
    publisher: Annotated[str, typer.Option(help="Publisher of series whose file names no source.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of series whose file names none.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Newer values (revisions) win over stored ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    as_json: AsJson = False,
) -> int:
    """Bring in economic series. Exit code 2 when a row did not come in or differs from what is stored."""
    with opened() as (app, actor):
        report = app.series.import_paths(
            actor, paths, publisher=publisher, licence=licence, replace_values=replace, dry_run=dry_run
        )
    code = 2 if report.problems or report.conflicts else 0
    if as_json:
        output.document(report)
        return code
    if report.imported:
        output.table(
            ("series", "unit", "publisher", "first", "last", "added", "same", "replaced", "conflicts", "prompts"),
            (
                (
                    one.series_id,
                    one.unit,
                    one.publisher,
                    one.first_day,
                    one.last_day,
                    one.added,
                    one.same,
                    one.replaced,
                    one.conflicts,
                    "yes" if one.may_prompt else "no",
                )
                for one in report.imported
            ),
            right=("added", "same", "replaced", "conflicts"),
        )
    for note in report.notes:
        output.line(f"Note: {note}")
    conflicts(report.conflicts)
    problems(report.problems)
    if dry_run:
        output.line("Nothing was kept, because of --dry-run.")
    return code


@series_app.command("list")
def list_series(as_json: AsJson = False) -> int:
    """List stored economic series with publisher, licence and whether they may stand in prompts."""
    with opened() as (app, actor):
        rows = app.series.rows(actor)
    if as_json:
        output.document({"series": rows})
        return 0
    if not rows:
        output.line("There are no series. Bring some in with: mosychlos series import FILE")
        return 0
    output.table(
        ("series", "unit", "frequency", "badge", "first", "last", "values", "publisher", "licence", "prompts"),
        (
            (
                row.series_id,
                row.unit,
                row.frequency,
                row.badge.value,
                row.first_day,
                row.last_day,
                row.observations,
                row.publisher,
                row.licence,
                "yes" if row.may_prompt else "no",
            )
            for row in rows
        ),
        right=("values",),
    )
    return 0


@series_app.command("show")
def show_series(series_id: str, as_json: AsJson = False) -> int:
    """Show an economic series."""
    with opened() as (app, actor):
        one = app.series.get(actor, series_id)
    if as_json:
        pairs = [{"day": day, "value": value} for day, value in zip(one.days, one.values, strict=True)]
        output.document({**output.plain(one), "days": None, "values": None, "observations": pairs})
        return 0
    output.line(f"{one.series_id}: {one.title}, {one.unit}, {one.frequency}, {one.badge.value}")
    output.line(f"Publisher: {one.publisher}. Licence: {one.licence}. In prompts: {'yes' if one.may_prompt else 'no'}.")
    last = list(zip(one.days, one.values, strict=True))[-SHOWN:]
    output.table(("day", "value"), ((day, f"{value:,.4g}") for day, value in last), right=("value",))
    return 0


@market_app.command("sources")
def list_sources(as_json: AsJson = False) -> int:
    """List sources of market data: what they offer, whether they are on, and what their terms allow."""
    with opened() as (app, actor):
        states = app.market.sources(actor)
    if as_json:
        output.document({"sources": [{**output.plain(one.terms), **output.plain(one)} for one in states]})
        return 0
    output.table(
        ("source", "offers", "on", "stored", "in prompts", "address"),
        (
            (
                one.terms.source_id,
                " ".join(offer.value for offer in one.offers),
                "on" if one.enabled else "off",
                "yes" if one.terms.may_store else "no",
                "yes" if one.terms.may_prompt else "no",
                one.address,
            )
            for one in states
        ),
    )
    for one in states:
        output.line()
        output.line(f"{one.terms.source_id}: {one.terms.name}. {one.terms.terms}")
        output.line(f"  Terms: {one.terms.url}")
        if one.remedy:
            output.line(f"  To switch it on: {one.remedy}")
    return 0


class FetchKind(StrEnum):
    """What can be fetched."""

    AUTO = "auto"
    PRICES = "prices"
    QUOTE = "quote"
    PROFILE = "profile"
    SERIES = "series"
    FILINGS = "filings"
    FACTS = "facts"
    RATES = "rates"


_USUAL = {"fmp": FetchKind.PRICES, "fred": FetchKind.SERIES, "sec": FetchKind.FILINGS, "ecb": FetchKind.RATES}


@market_app.command("fetch")
def fetch(
    source: Annotated[str, typer.Argument(help="fmp, fred, sec or ecb.")],
    item: Annotated[str, typer.Argument(help="Symbol, series id, ticker or CIK; nothing for ecb.")] = "",
    kind: Annotated[FetchKind, typer.Option(help="What to fetch; auto is the source's usual thing.")] = FetchKind.AUTO,
    first: Annotated[str | None, typer.Option("--from", help="First day, such as 2021-01-31.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; today without it.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask even if a stored answer is fresh.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Newer closes win over stored ones that differ.")] = False,
    as_json: AsJson = False,
) -> int:
    """Ask a source. What its terms allow to be kept is kept, the rest is only shown."""
    chosen = _USUAL.get(source, FetchKind.AUTO) if kind is FetchKind.AUTO else kind
    if not item and chosen not in {FetchKind.RATES, FetchKind.AUTO}:
        raise BadInput(f"Say what to fetch: mosychlos market fetch {source} ITEM")
    report: PriceImport | None = None
    found: Fetched[Any]
    with opened() as (app, actor):
        until = _day(last, "--to") or app.now().date()
        since = _day(first, "--from") or until.replace(year=until.year - 5, day=min(until.day, 28))
        sent_to = to_source(app, actor, source)
        match chosen:
            case FetchKind.QUOTE:
                found = app.market.quotes(actor, source, item.split(","), refresh=refresh)
            case FetchKind.PROFILE:
                found = app.market.profile(actor, source, item, refresh=refresh)
            case FetchKind.SERIES:
                found = app.market.series(actor, source, item, since, until)
            case FetchKind.FILINGS:
                found = app.market.filings(actor, source, item, refresh=refresh)
            case FetchKind.FACTS:
                found = app.market.reported(actor, source, item)
            case FetchKind.RATES:
                found = app.market.rates(actor)
            case _:
                found, report = app.market.history(actor, source, item, since, until, replace=replace)
    refused = report is not None and bool(report.problems or report.conflicts)
    if as_json:
        output.document({**output.plain(found), "import": report, "sent_to": sent_to or None})
        return 2 if refused else 0
    _show_fetched(found)
    if report is not None:
        conflicts(report.conflicts)
        problems(report.problems)
    return 2 if refused else 0


def _show_fetched(found: Fetched[Any]) -> None:
    rows: list[dict[str, Any]] = []
    match found.value:
        case list():
            rows = [output.plain(one) for one in found.value[:SHOWN]]
        case DailyCloses():
            rows = [{"day": day, "close": close} for day, close in found.value.closes[-SHOWN:]]
        case EconomicSeries():
            pairs = list(zip(found.value.days, found.value.values, strict=True))
            rows = [{"day": day, "value": value} for day, value in pairs[-SHOWN:]]
        case _:
            rows = [output.plain(found.value)]
    if rows:
        output.table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    age = f"As of {found.as_of}, " if found.as_of else ""
    kept = "stored" if found.stored else "not stored"
    output.line(f"{age}fetched {found.fetched_at:%Y-%m-%d %H:%M} UTC, {kept}{', STALE' if found.stale else ''}.")
    if found.note:
        output.aside(found.note)


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} is '{text}': write the day as 2021-01-31.") from None
