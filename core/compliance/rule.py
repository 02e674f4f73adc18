"""A rule as its file has it, held to the vocabulary when it is loaded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.compliance.lines import why_no_class
from core.compliance.vocabulary import (
    HANDED_IN,
    MAY_LOOK_THROUGH,
    NEEDS_BY,
    NEEDS_LINES,
    NEEDS_THRESHOLD,
    Base,
    By,
    LimitReading,
    Operator,
    RuleMetric,
)
from core.domain.instrument import InstrumentType
from core.domain.units import Unit

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z]+(\.[A-Za-z0-9-]+)+$")]
RegimeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]


class Strict(BaseModel):
    """Frozen, and nothing that is not understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measurement(Strict):
    """What is measured.

    Attributes:
        of: Classes of lines that count; a line counts when it is in any of them.
        without: Classes that do not count even so: the rule's exemptions.
        free: For "diversified": classes that count in full, whoever issued them.
        share_of: Classes that shares are shares of, instead of `base`.
        threshold: In percent of the base.
        at_notional: Derivatives count with their notional instead of their value.
        look_through: Funds count with what they hold; without enough reports the rule is not assessable.
    """

    metric: RuleMetric
    of: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    by: By | None = None
    base: Base = Base.NET_ASSETS
    share_of: tuple[str, ...] = ()
    threshold: Decimal | None = None
    at_notional: bool = False
    look_through: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in (*self.of, *self.without, *self.free, *self.share_of):
            if why := why_no_class(name):
                raise ValueError(f"'{name}' {why}")
        if (self.by is not None) is not (self.metric in NEEDS_BY):
            raise ValueError(f"the metric '{self.metric}' {'needs' if self.metric in NEEDS_BY else 'takes no'} 'by'")
        if (self.threshold is not None) is not (self.metric in NEEDS_THRESHOLD):
            needs = "needs a" if self.metric in NEEDS_THRESHOLD else "takes no"
            raise ValueError(f"the metric '{self.metric}' {needs} 'threshold'")
        if self.metric in NEEDS_LINES and not self.of:
            raise ValueError(f"the metric '{self.metric}' needs 'of': the lines it is about")
        if self.metric not in NEEDS_LINES | {RuleMetric.DOCUMENTS} and self.of:
            raise ValueError(f"the metric '{self.metric}' takes no 'of'")
        if self.look_through and self.metric not in MAY_LOOK_THROUGH:
            raise ValueError(f"the metric '{self.metric}' takes no 'look_through'")
        if bool(self.free) and self.metric is not RuleMetric.DIVERSIFIED:
            raise ValueError(f"the metric '{self.metric}' takes no 'free'")
        return self


class Condition(Strict):
    """When a rule applies at all.

    Attributes:
        measure: What decides it.
        above: The rule applies where the measure is above this; or
        at_most: where it is not.
        otherwise: Why the rule does not apply else, as a sentence.
    """

    measure: Measurement
    above: Decimal | None = None
    at_most: Decimal | None = None
    otherwise: Text

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.above is None) is (self.at_most is None):
            raise ValueError("a condition has either 'above' or 'at_most'")
        return self


class Rule(Strict):
    """One rule.

    Attributes:
        source: Page that was read, or "" where none was found.
        confirmed: True when its number and text were found in a source; False puts the mark (M) beside it everywhere.
        limit: In `unit`; None where the rule names no number, and then `documents` decide.
        readings: The first is the house's and decides; the others are shown as information.
        unless: What may allow more than the limit although holdings cannot show it: the rule is then not assessable.
        documents: What is needed beyond holdings.
        exemptions: In words, as the rule has them; what of it is computed stands in `without`.
        needs: Fields that it takes, for the documentation.
        cure: How it is put right, or how long one has.
        note: What a reader should know about how it is computed here.
    """

    id: RuleId
    title: Text
    citation: Text
    source: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = ""
    as_of: date
    confirmed: bool
    measure: Measurement
    operator: Operator = Operator.AT_MOST
    limit: Decimal | None = None
    unit: Unit = Unit.PCT
    readings: tuple[LimitReading, ...] = ()
    applies_when: Condition | None = None
    unless: str = ""
    documents: tuple[Text, ...] = ()
    exemptions: str = ""
    needs: tuple[Text, ...] = ()
    cure: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.limit is None and not self.documents:
            raise ValueError(f"rule {self.id} has neither a limit nor documents that decide it")
        if bool(self.readings) is not (self.measure.metric is RuleMetric.DIVERSIFIED):
            raise ValueError(f"rule {self.id}: readings go with the metric 'diversified', and it needs them")
        if self.measure.metric in {RuleMetric.COUNT, RuleMetric.COUNT_ABOVE} and self.unit is not Unit.COUNT:
            raise ValueError(f"rule {self.id} counts, so its unit is 'count'")
        if self.measure.metric is RuleMetric.DOCUMENTS and self.limit is not None:
            raise ValueError(f"rule {self.id} measures nothing and has a limit")
        if self.measure.metric in HANDED_IN and (self.measure.without or self.measure.share_of):
            raise ValueError(f"rule {self.id}: a measure that is handed in has no lines")
        return self


class AssetTypes(Strict):
    """Which kinds of instruments a rule set allows, allows on conditions, and forbids. Kinds in no list are open.

    Attributes:
        optional: Kind to the condition under which it is allowed.
        restricted: Kind to the reason why it is not.
    """

    id: RuleId
    citation: Text
    source: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = ""
    as_of: date
    confirmed: bool
    allowed: tuple[InstrumentType, ...]
    optional: dict[InstrumentType, Text] = Field(default_factory=dict)
    restricted: dict[InstrumentType, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        named = [*self.allowed, *self.optional, *self.restricted]
        if twice := sorted({kind.value for kind in named if named.count(kind) > 1}):
            raise ValueError(f"{self.id} names {', '.join(twice)} in two lists")
        if self.confirmed and not self.source:
            raise ValueError(f"{self.id} is marked as confirmed and names no source")
        return self


class Article(Strict):
    """One article that a daily check would read.

    Attributes:
        rules: Ids of the rules that check it; or
        why: why nothing does.
        applies: False where it is not for the funds of this rule set; `why` says so.
    """

    article: Text
    about: Text
    rules: tuple[RuleId, ...] = ()
    why: str = ""
    applies: bool = True

    @model_validator(mode="after")
    def _said(self) -> Self:
        if bool(self.rules) is bool(self.why):
            raise ValueError(f"article {self.article} has either rules that check it, or why none does")
        if self.rules and not self.applies:
            raise ValueError(f"article {self.article} does not apply and has rules")
        return self


class Coverage(Strict):
    """Which articles a rule set checks and which it does not, as somebody went through them.

    Attributes:
        source: What was gone through.
        as_of: When.
    """

    reviewer: Text
    source: Text
    as_of: date
    articles: tuple[Article, ...]


class Regime(Strict):
    """A rule set that a portfolio can be under, as one file has it.

    Attributes:
        jurisdiction: ISO 3166-1 alpha-2, "EU", or "CLIENT".
        extends: Rule set whose rules apply as well.
        omits: Ids of those that do not.
        coverage: Its articles; one named as in the rule set it extends takes that one's place.
        replaced_by_policy: True for the client's own statement: its rules come from a stored policy.
    """

    regime: RegimeId
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|CLIENT|-)$")]
    title: Text
    about: Text
    extends: RegimeId | None = None
    omits: tuple[RuleId, ...] = ()
    replaced_by_policy: bool = False
    rules: tuple[Rule, ...] = ()
    asset_types: AssetTypes | None = None
    coverage: Coverage | None = None

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"the rule set '{self.regime}' has two rules named {', '.join(twice)}")
        for rule in self.rules:
            # What no source was found for stays marked; what has one says which page.
            if rule.confirmed and not rule.source:
                raise ValueError(f"rule {rule.id} is marked as confirmed and names no source")
        return self
