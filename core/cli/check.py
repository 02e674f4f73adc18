"""`mosychlos portfolio check | rules | policy`: rule sets, their results, and clients' policy statements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from core.cli import output, rule_outlook, trade_moves
from core.cli.rule_words import WORDS, number
from core.cli.session import opened
from core.compliance.breach_runs import began_said
from core.compliance.coverage import said
from core.compliance.library import RuleSet
from core.compliance.rule import Rule
from core.desk.trade_checks import TradeCheck
from core.domain.compliance import ArticleStatus, RuleResult, RuleStatus
from core.drafts.rule_checks import RuleCheck
from core.drafts.rule_outlook import BreachPast, Outlook
from core.errors import BadInput
from core.storage.portfolios.policies import PolicyScope

AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]


def check(
    portfolio_id: str,
    regime: Annotated[
        list[str] | None, typer.Option(help="Rule set instead of the portfolio's own; may be repeated.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of the snapshot instead of the newest.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy statement (YAML) instead of the stored one, for this check.")
    ] = None,
    near: Annotated[
        float | None,
        typer.Option(min=0, max=100, metavar="PCT", help="Call a pass near below this share of the limit."),
    ] = None,
    trade: Annotated[
        list[str] | None,
        typer.Option(help='A trade on paper: "SELL 1000 ASML.AS" or "BUY 50000 EUR ASML.AS"; may be repeated.'),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check a portfolio against its rule sets, or what trades on paper would do to them.

    The engine decides, on full precision; no model has a part in it.
    """
    day, statement = _day(as_of), None if policy is None else _text(policy)
    margin = None if near is None else Decimal(str(near)) / 100
    moved: TradeCheck | None = None
    outlook: Outlook | None = None
    past: BreachPast | None = None
    with opened() as (app, actor):
        if trade:
            moved = app.compliance.check_trades(
                actor, portfolio_id, trade, regimes=regime or None, as_of=day, policy=statement, near=margin
            )
            done = moved.after
        else:
            done = app.compliance.check(
                actor, portfolio_id, regimes=regime or None, as_of=day, policy=statement, near=margin
            )
            outlook = app.compliance.outlook(actor, portfolio_id, regimes=regime or None, as_of=day, policy=statement)
            past = app.compliance.breaches(actor, portfolio_id, regimes=regime or None, as_of=day, policy=statement)
    if as_json:
        output.document(
            {
                **({} if moved is None else trade_moves.as_json(moved)),
                "portfolio_id": done.portfolio_id,
                "name": done.name,
                "as_of": done.as_of,
                "base_currency": done.base_currency,
                "regimes": done.regimes,
                "kept": done.kept[0],
                "assessed": done.kept[1],
                "articles_checked": done.articles_checked[0],
                "articles": done.articles_checked[1],
                "coverage": [output.plain(one) for one in done.articles],
                "counts": {status.value: number for status, number in done.counts().items()},
                "rules": [
                    {**output.plain(result), **({} if outlook is None else rule_outlook.of_rule(result, outlook))}
                    for result in done.results
                ],
                **({} if outlook is None or past is None else rule_outlook.as_json(outlook, past)),
                "notes": done.notes,
            }
        )
        return 0
    if moved is not None:
        trade_moves.show(moved)
        return 0
    _show(done, outlook, past)
    return 0


def _show(done: RuleCheck, outlook: Outlook | None, past: BreachPast | None) -> None:
    sample = " (sample)" if done.is_sample else ""
    under = f"; rule sets: {', '.join(done.regimes)}" if done.regimes else ""
    output.line(f"{done.name}{sample}: {done.as_of}, {done.base_currency}{under}")
    order = list(WORDS)
    shown = sorted(done.results, key=lambda result: order.index(result.status))
    if shown:
        kept, assessed = done.kept
        output.line(f"{kept} of {assessed} rules that could be assessed are kept; {said(done.articles_checked)}.")
        output.table(
            ("status", "rule", "reading", "measured", "", "limit", "headroom", "type", "what it demands"),
            (
                (
                    WORDS[result.status],
                    f"{result.rule_id}{'' if result.confirmed else ' (M)'}",
                    result.reading,
                    number(result.measured, result.unit),
                    result.operator if result.limit is not None else "",
                    number(result.limit, result.unit),
                    number(result.headroom, result.unit),
                    result.breach_type.value if result.breach_type else "",
                    result.title,
                )
                for result in shown
            ),
            right=("measured", "limit", "headroom"),
        )
    for status in (RuleStatus.BREACH, RuleStatus.NEAR, RuleStatus.NOT_ASSESSABLE):
        told = [result for result in shown if result.status is status]
        if told:
            output.line()
            output.line(f"{WORDS[status].capitalize()}:")
        for result in told:
            output.line(f"  {_sentence(result)}")
    if outlook is not None and past is not None:
        rule_outlook.show(done, outlook, past)
    _uncovered(done)
    notes = (*done.notes, *(() if outlook is None else rule_outlook.notes(outlook)))
    if notes:
        output.line()
    for note in notes:
        output.line(f"Note: {note}")


def _uncovered(done: RuleCheck) -> None:
    """Articles that nothing checked, each with the reason."""
    open_ = [one for one in done.articles if one.status is ArticleStatus.NOT_CHECKED]
    if not open_:
        return
    output.line()
    output.line(f"Articles not checked ({done.articles[0].reviewer}):")
    for one in open_:
        output.line(f"  {one.regime} {one.article}, {one.about}: {one.why}")


def _sentence(result: RuleResult) -> str:
    parts = [f"{result.rule_id}{f' ({result.reading})' if result.reading else ''}: {result.explanation}"]
    if result.status is RuleStatus.BREACH and result.holding_ids:
        parts.append(f"Lines: {', '.join(result.holding_ids)}.")
    if result.breached_since is not None:
        parts.append(f"Breached {began_said(result.breached_since, result.kept_before)}.")
    if result.status is RuleStatus.BREACH and result.cure:
        parts.append(f"Cure: {result.cure}")
    return " ".join(parts)


def rules(
    regime: Annotated[str | None, typer.Argument(help="Rule set to show with all its rules.")] = None,
    as_json: AsJson = False,
) -> int:
    """List the rule sets, or show one with its limits, sources, dates and marks."""
    with opened() as (app, actor):
        known = app.compliance.rule_sets(actor)
    if regime is None:
        if as_json:
            output.document({"rule_sets": [{**_head(one), "rules": len(one.rules)} for one in known.values()]})
            return 0
        output.table(
            ("rule set", "jurisdiction", "rules", "what it is"),
            ((one.regime, one.jurisdiction, len(one.rules), one.title) for one in known.values()),
            right=("rules",),
        )
        return 0
    if regime not in known:
        raise BadInput(f"There is no rule set '{regime}'. Choose from: {', '.join(known)}.")
    found = known[regime]
    if as_json:
        types = found.asset_types.model_dump(mode="json") if found.asset_types else None
        output.document(
            {
                **_head(found),
                "coverage": found.coverage and found.coverage.model_dump(mode="json"),
                "rules": [rule.model_dump(mode="json") for rule in found.rules],
                "asset_types": types,
            }
        )
        return 0
    output.line(f"{found.title} ({found.jurisdiction})")
    output.line(found.about)
    output.table(
        ("rule", "limit", "as of", "what it demands", "citation", "source"),
        (
            (
                f"{rule.id}{'' if rule.confirmed else ' (M)'}",
                _limit(rule),
                rule.as_of,
                rule.title,
                rule.citation,
                rule.source or "none found",
            )
            for rule in found.rules
        ),
    )
    if found.asset_types is not None:
        lists = found.asset_types
        output.line(f"May be held: {', '.join(lists.allowed)}")
        for kind, condition in lists.optional.items():
            output.line(f"May be held on a condition: {kind}, if {condition}")
        for kind, reason in lists.restricted.items():
            output.line(f"May not be held: {kind}: {reason}")
    return 0


def policy(
    target: Annotated[str, typer.Argument(metavar="ID", help="Portfolio's id, or a group's name with --group.")],
    set_: Annotated[Path | None, typer.Option("--set", help="Store this policy statement (YAML).")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let no policy bind any more; the record stays.")] = False,
    group: Annotated[bool, typer.Option("--group", help="ID is the name of a group.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show, store or remove the client's policy statement of a portfolio or of a group of portfolios."""
    if set_ is not None and remove:
        raise BadInput("Give either --set or --remove, not both.")
    scope = PolicyScope.GROUP if group else PolicyScope.PORTFOLIO
    with opened() as (app, actor):
        if set_ is not None:
            app.compliance.set_policy(actor, target, _text(set_), scope)
        elif remove:
            app.compliance.remove_policy(actor, target, scope)
        stored = app.compliance.policy(actor, target, scope)
    if as_json:
        output.document({"scope": scope, "target": target, "policy": stored})
        return 0
    if stored is None:
        output.line(f"No policy is stored for the {scope} '{target}'.")
        return 0
    output.line(f"Policy of the {scope} '{target}', revision {stored.revision}, by {stored.stored_by}:")
    output.line()
    for line in stored.document.splitlines():
        output.line(line)
    return 0


def _head(one: RuleSet) -> dict[str, object]:
    return {"regime": one.regime, "jurisdiction": one.jurisdiction, "title": one.title, "about": one.about}


def _limit(rule: Rule) -> str:
    if rule.limit is None:
        return "documents"
    return f"{rule.operator} {number(float(rule.limit), rule.unit)}"


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--as-of is '{text}': give a day such as 2026-10-30.") from None


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"The policy '{path}' cannot be read ({error.strerror}). Check the path.") from error
