"""The rule files of this installation, read once and held to the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from core.compliance.rule import AssetTypes, Coverage, Regime, Rule
from core.errors import BadInput

FOLDER = Path(__file__).resolve().parent / "rules"

CLIENT_REGIME = "ips"
"""Rule set of the client's own policy statement."""


class BadRuleFile(BadInput):
    """A rule file of this installation cannot be used; the message names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A regime with everything that applies under it.

    Attributes:
        rules: Its own and those of the regimes it extends, without the ones it omits.
        asset_types: Its own lists, or those of the regime it extends.
        coverage: Articles with what checks them, its own before those of the regime it extends; None for no law.
    """

    regime: str
    jurisdiction: str
    title: str
    about: str
    rules: tuple[Rule, ...]
    asset_types: AssetTypes | None
    replaced_by_policy: bool
    coverage: Coverage | None = None


def read_rules(files: Mapping[str, str]) -> dict[str, RuleSet]:
    """Rule sets by id from the texts of rule files by name.

    Raises:
        BadRuleFile: Not YAML, not a rule set, or at odds with another file.
    """
    regimes: dict[str, Regime] = {}
    for name, text in files.items():
        try:
            regime = Regime.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise BadRuleFile(f"The rule file '{name}' cannot be used: {error}") from error
        if f"{regime.regime}.yaml" != name:
            raise BadRuleFile(f"The rule file '{name}' holds the rule set '{regime.regime}': name it so.")
        regimes[regime.regime] = regime
    return {name: _whole(name, regimes) for name in sorted(regimes)}


def _whole(name: str, regimes: Mapping[str, Regime], seen: tuple[str, ...] = ()) -> RuleSet:
    regime = regimes[name]
    base: RuleSet | None = None
    if regime.extends is not None:
        if regime.extends not in regimes or regime.extends in (*seen, name):
            raise BadRuleFile(
                f"The rule set '{name}' extends '{regime.extends}', which is not there or turns in a ring."
            )
        base = _whole(regime.extends, regimes, (*seen, name))
    inherited = base.rules if base else ()
    known = {rule.id for rule in inherited}
    if lost := [one for one in regime.omits if one not in known]:
        raise BadRuleFile(f"The rule set '{name}' omits {', '.join(lost)}, which it does not inherit.")
    kept = tuple(rule for rule in inherited if rule.id not in regime.omits)
    if twice := {rule.id for rule in kept} & {rule.id for rule in regime.rules}:
        raise BadRuleFile(f"The rule set '{name}' repeats {', '.join(sorted(twice))}.")
    return RuleSet(
        regime=name,
        jurisdiction=regime.jurisdiction,
        title=regime.title,
        about=regime.about,
        rules=kept + regime.rules,
        asset_types=regime.asset_types or (base.asset_types if base else None),
        replaced_by_policy=regime.replaced_by_policy,
        coverage=_coverage(regime.coverage, base.coverage if base else None),
    )


def _coverage(own: Coverage | None, inherited: Coverage | None) -> Coverage | None:
    if own is None or inherited is None:
        return own or inherited
    replaced = {one.article: one for one in own.articles}
    kept = [replaced.pop(one.article, one) for one in inherited.articles]
    return own.model_copy(update={"articles": (*kept, *replaced.values())})


@cache
def rule_sets() -> Mapping[str, RuleSet]:
    """Every rule set of this installation, by id."""
    return read_rules({path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.yaml"))})


def chosen(regimes: Iterable[str]) -> tuple[RuleSet, ...]:
    """The rule sets with these ids, each once.

    Raises:
        BadInput: There is no such rule set; the message lists those that there are.
    """
    known = rule_sets()
    wanted = list(dict.fromkeys(regimes))
    if strange := [name for name in wanted if name not in known]:
        raise BadInput(
            f"There is no rule set {', '.join(repr(name) for name in strange)}. Choose from: {', '.join(known)}."
        )
    return tuple(known[name] for name in wanted)
