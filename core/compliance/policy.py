"""The client's own policy statement: ranges, single-line limits, exclusions, rating floor and activities to avoid."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from core.compliance.lines import RATINGS, why_no_class
from core.compliance.rule import Measurement, Rule, Strict, Text
from core.compliance.vocabulary import By, Operator, RuleMetric
from core.errors import BadInput

Percent = Annotated[Decimal, Field(ge=0, le=1000)]

MAX_BYTES = 200_000
_LOOKED = ", funds looked through"

SAMPLES = Path(__file__).resolve().parent / "samples"


class Range(Strict):
    """How much of a bucket may be held, in percent of net assets.

    Attributes:
        bucket: A class of lines, as `core.compliance.lines` names them ("equity", "illiquid", "country:US").
        look_through: Funds count with what they hold.
    """

    bucket: Text
    min: Percent | None = None
    target: Percent | None = None
    max: Percent | None = None
    look_through: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if why := why_no_class(self.bucket):
            raise ValueError(f"the bucket '{self.bucket}' {why}")
        if self.min is None and self.max is None:
            raise ValueError(f"the range of '{self.bucket}' needs a min, a max or both")
        known = [edge for edge in (self.min, self.target, self.max) if edge is not None]
        if known != sorted(known):
            raise ValueError(f"the range of '{self.bucket}' must have min <= target <= max")
        return self


class SingleLimit(Strict):
    """A limit on one line or one issuer, in percent of net assets; classes in `without` are exempt.

    Attributes:
        look_through: Of an issuer: what funds hold counts too.
    """

    max: Percent
    without: tuple[str, ...] = ()
    look_through: bool = False

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.without:
            if why := why_no_class(name):
                raise ValueError(f"'{name}' {why}")
        return self


class Policy(Strict):
    """A policy statement.

    Attributes:
        source: Where it stands: a minute, a signed paper.
        max_single_line: Of one instrument; government bonds and cash are exempt only if `without` says so.
        exclusions: Classes of which nothing may be held ("country:RU", "symbol:BTC_ETP").
        rating_floor: The lowest rating that a bond may have.
        unrated_allowed: False: bonds rated "NR" may not be held.
        esg_exclusions: Activities, as holdings flag them.
        near_pct: Percent of a limit that must be left, else a pass is "near".
    """

    name: Text
    as_of: date
    source: str = ""
    ranges: tuple[Range, ...] = ()
    max_single_line: SingleLimit | None = None
    max_single_issuer: SingleLimit | None = None
    exclusions: tuple[str, ...] = ()
    rating_floor: str = ""
    unrated_allowed: bool = True
    esg_exclusions: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")], ...] = ()
    near_pct: Annotated[Decimal, Field(ge=0, le=100)] | None = None

    @property
    def near(self) -> Decimal | None:
        """The margin as a fraction."""
        return None if self.near_pct is None else self.near_pct / 100

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.exclusions:
            if why := why_no_class(name):
                raise ValueError(f"the exclusion '{name}' {why}")
        if self.rating_floor and self.rating_floor not in RATINGS:
            raise ValueError(f"rating_floor '{self.rating_floor}' is none of: {', '.join(RATINGS)}")
        if self.max_single_line is not None and self.max_single_line.look_through:
            raise ValueError(
                "max_single_line is about lines as they are held; look_through goes with max_single_issuer"
            )
        buckets = [one.bucket for one in self.ranges]
        if twice := sorted({one for one in buckets if buckets.count(one) > 1}):
            raise ValueError(f"there are two ranges for {', '.join(twice)}")
        if not policy_rules(self):
            raise ValueError("the policy says nothing: give it ranges, limits or exclusions")
        return self


def read_policy(text: str | bytes, name: str = "policy") -> Policy:
    """A policy from YAML (or JSON, which is YAML).

    Raises:
        BadInput: With every fault of the text, each with its place.
    """
    if len(text) > MAX_BYTES:
        raise BadInput(f"The policy '{name}' has {len(text):,} bytes and at most {MAX_BYTES:,} are read.")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"The policy '{name}' is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise BadInput(f"The policy '{name}' is not a mapping; it starts with `name:` and `as_of:`.")
    try:
        return Policy.model_validate(found)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'policy'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise BadInput(f"The policy '{name}' cannot be used. {faults}.") from error


def sample_policy(portfolio_id: str) -> Policy | None:
    """The policy that comes with a sample portfolio, or None."""
    path = SAMPLES / f"{portfolio_id}.yaml"
    return read_policy(path.read_text("utf-8"), path.name) if path.parent == SAMPLES and path.is_file() else None


def policy_rules(policy: Policy, place: int = 1) -> tuple[Rule, ...]:
    """A policy as rules, in its own order.

    Args:
        place: Of several policies that bind the same portfolio, which one it is: the second's ids say "IPS-2".
    """
    rules: list[Rule] = []
    prefix = "CLIENT.IPS" if place == 1 else f"CLIENT.IPS-{place}"

    def add(key: str, title: str, measure: Measurement, operator: Operator, limit: Decimal) -> None:
        again = sum(rule.title != title and rule.id.startswith(f"{prefix}.{key}") for rule in rules)
        rules.append(
            Rule(
                id=f"{prefix}.{key}{f'-{again + 1}' if again else ''}",
                title=title,
                citation=f"{policy.name}{f' ({policy.source})' if policy.source else ''}",
                as_of=policy.as_of,
                confirmed=True,
                measure=measure,
                operator=operator,
                limit=limit,
            )
        )

    for one in policy.ranges:
        hedged = one.bucket == "unhedged_currency"
        metric = RuleMetric.UNHEDGED if hedged else RuleMetric.TOTAL
        measure = Measurement(metric=metric, of=(one.bucket,), look_through=one.look_through)
        words = f"{one.bucket.replace('_', ' ').replace(':', ' ')}{_LOOKED if one.look_through else ''}"
        if one.min is not None:
            add(f"range.{_slug(one.bucket)}.min", f"At least {one.min} % {words}", measure, Operator.AT_LEAST, one.min)
        if one.max is not None:
            add(f"range.{_slug(one.bucket)}.max", f"At most {one.max} % {words}", measure, Operator.AT_MOST, one.max)
    if (line := policy.max_single_line) is not None:
        measure = Measurement(metric=RuleMetric.LARGEST, by=By.INSTRUMENT, of=("all",), without=line.without)
        add("single-line", f"At most {line.max} % in one line", measure, Operator.AT_MOST, line.max)
    if (issuer := policy.max_single_issuer) is not None:
        measure = Measurement(
            metric=RuleMetric.LARGEST,
            by=By.ISSUER,
            of=("securities",),
            without=issuer.without,
            look_through=issuer.look_through,
        )
        looked = _LOOKED if issuer.look_through else ""
        add("single-issuer", f"At most {issuer.max} % with one issuer{looked}", measure, Operator.AT_MOST, issuer.max)
    excluded = [*policy.exclusions, *(f"esg:{flag}" for flag in policy.esg_exclusions)]
    if policy.rating_floor:
        excluded.append(f"rated_below:{policy.rating_floor}")
    if not policy.unrated_allowed:
        excluded.append("unrated:bonds")
    for name in excluded:
        measure = Measurement(metric=RuleMetric.TOTAL, of=(name,))
        add(f"exclusion.{_slug(name)}", f"Nothing of {name.replace('_', ' ').replace(':', ' ')}", measure,
            Operator.AT_MOST, Decimal(0))  # fmt: skip
    return tuple(rules)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "x"
