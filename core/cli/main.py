"""`mosychlos`: the same house without a browser."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main

from core import private_files, redaction
from core.cli import output, session
from core.cli.analyze import analyze
from core.cli.batch import batch_app
from core.cli.catalog import config_app, models_app, prompts_app
from core.cli.check import check, policy, rules
from core.cli.documents import documents_app
from core.cli.figures import metrics, show
from core.cli.funds import fund_app
from core.cli.instruments import instruments_app
from core.cli.labels import group, groups, tag
from core.cli.market import market_app, series_app
from core.cli.portfolio import portfolio_app
from core.cli.prices import prices_app
from core.cli.processes import demo, open_, provider, serve, worker
from core.cli.reasking import add_commands as add_reasking
from core.cli.replicating import replicate
from core.cli.rereading import add_commands as add_rereading
from core.cli.retrying import add_commands as add_retrying
from core.cli.sets import add_commands as add_sets
from core.cli.upkeep import db_app, health
from core.domain.log_lines import LogLines
from core.errors import MosychlosError
from core.guard.process import hide_from_others

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="mosychlos",
    help="Portfolio analyses through OpenAI's Batch API, with every stated number checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
add_retrying(batch_app)
add_reasking(batch_app)
add_rereading(batch_app)
portfolio_app.command()(analyze)
add_sets(batch_app)
portfolio_app.add_typer(batch_app, name="batch")
portfolio_app.command(context_settings={"ignore_unknown_options": True})(tag)
portfolio_app.command()(group)
portfolio_app.command()(groups)
for command in (show, metrics, check, rules, policy, replicate):
    portfolio_app.command()(command)
app.add_typer(portfolio_app, name="portfolio")
app.add_typer(batch_app, name="batch", help="Short for: portfolio batch.")
app.add_typer(instruments_app, name="instruments")
app.add_typer(fund_app, name="fund")
app.add_typer(prices_app, name="prices")
app.add_typer(series_app, name="series")
app.add_typer(market_app, name="market")
app.add_typer(documents_app, name="documents")
app.add_typer(models_app, name="models")
app.add_typer(prompts_app, name="prompts")
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")
app.command()(health)
app.command()(demo)
app.command()(serve)
app.command("open")(open_)
app.command()(worker)
app.command()(provider)


def main() -> None:
    """Run one command; every known error becomes a sentence and its exit code, never a trace."""
    hide_from_others()
    private_files.begin_process()
    redaction.guard_logs()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have the sign
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    level = logging.getLevelNamesMapping().get(os.environ.get("LOGLEVEL", "").upper(), logging.WARNING)
    logging.basicConfig(level=level, handlers=[handler])
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    as_json = "--json" in arguments
    try:
        outcome = _command().main(args=_config_first(arguments), prog_name="mosychlos", standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        return 130
    except typer.Exit as ending:
        return ending.exit_code
    except typer.TyperException as error:
        return _failed(_usage(error), 2, as_json, kind="usage")
    except MosychlosError as error:
        return _failed(str(error), error.exit_code, as_json, kind=type(error).__name__)
    except KeyboardInterrupt:
        output.aside("Stopped.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); Python must not complain again while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the last door: logged whole, and said in one sentence
        known = private_files.trouble(error) if isinstance(error, OSError) else None
        if known is not None:
            return _failed(str(known), known.exit_code, as_json, kind=type(known).__name__)
        logger.exception("unexpected error")
        return _failed("Something went wrong that should not have; the log above says where.", 1, as_json, kind="bug")
    return outcome if isinstance(outcome, int) else 0


@cache
def _command() -> Any:
    """All commands with their options, put together once: many options take 0.2 s to read from their annotations."""
    return typer.main.get_command(app)


def _config_first(arguments: list[str]) -> list[str]:
    """--config may stand anywhere; the program's own options come before the command."""
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--config" or word.startswith("--config="):
            end = place + (2 if word == "--config" else 1)
            return [*arguments[place:end], *arguments[:place], *arguments[end:]]
    return arguments


def _usage(error: typer.TyperException) -> str:
    """What was wrong with the call; some of these errors can name the option, and all have a text."""
    told = getattr(error, "format_message", None)
    return f"{told() if callable(told) else error}".strip() or "Something is missing. See --help."


def _version(asked: bool) -> None:
    if asked:
        output.line(f"mosychlos {version('mosychlos')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Settings file to read.")] = None,
) -> None:
    """Portfolio analyses through OpenAI's Batch API, with every stated number checked."""
    session.begin(config)


def _failed(message: str, code: int, as_json: bool, *, kind: str) -> int:
    message = redaction.redacted(message)
    if as_json:
        output.document({"error": {"kind": kind, "message": message, "exit_code": code}})
    output.aside(f"Error: {message}")
    return code


if __name__ == "__main__":
    main()
