"""The closed vocabulary of rule files: what can be measured, of which lines, by what they are put together."""

from __future__ import annotations

from enum import StrEnum


class RuleMetric(StrEnum):
    """What a rule measures. A share is a share of the rule's base (`Base`)."""

    LARGEST = "largest"
    """The largest share of one issuer, group, body, issue, fund, counterparty or industry (see `By`)."""

    SUM_ABOVE = "sum_above"
    """Shares of those above `threshold`, summed up: whole shares, not their excess."""

    COUNT_ABOVE = "count_above"
    """How many have a share above `threshold`."""

    COUNT = "count"
    """How many there are."""

    TOTAL = "total"
    """Share of all chosen lines together."""

    DIVERSIFIED = "diversified"
    """Share of `free` lines plus that of issuers within `threshold`, in the readings "cap" and "exclude"."""

    BORROWING = "borrowing"
    """Overdrafts: negative cash."""

    NOTIONAL = "notional"
    """Absolute notional of derivatives, gross."""

    VOTES = "votes"
    """The largest share of one issuer's votes."""

    UNHEDGED = "unhedged"
    """Foreign currency after what currency forwards sell of it."""

    SHORT = "short"
    """What was sold and is not held: negative lines, with nothing long of the same instrument beside them."""

    ASSET_COVERAGE = "asset_coverage"
    """Net assets before overdrafts, over overdrafts (1940 Act, s. 18(h))."""

    VALUE_FALL = "value_fall"
    """Fall of value since the start of the reporting period; handed in."""

    MARKET_RISK_CLASS = "market_risk_class"
    """PRIIPs market risk class, from a VaR-equivalent volatility that is handed in."""

    ABSOLUTE_VAR = "absolute_var"
    """Value at risk as a share of net assets; handed in."""

    RELATIVE_VAR = "relative_var"
    """Value at risk as a share of the reference portfolio's; handed in."""

    DOCUMENTS = "documents"
    """Nothing can be measured: only documents answer it."""


class By(StrEnum):
    """What lines are put together by."""

    ISSUER = "issuer"
    GROUP = "group"
    BODY = "body"
    """Issuer of securities, bank of deposits and counterparty of over-the-counter derivatives, as one."""

    BODY_GROUP = "body_group"
    """The same, with companies of one group as one body."""

    COUNTERPARTY = "counterparty"
    COUNTERPARTY_GROUP = "counterparty_group"
    """Banks and counterparties, with companies of one group as one."""

    SCHEME = "scheme"
    """One fund with all its share classes."""

    INSTRUMENT = "instrument"
    """One issue, one fund: lines with the same ISIN or symbol."""

    INDUSTRY = "industry"
    REGION = "region"
    """The currency or region that a line carries, else the issuer's country."""


class Base(StrEnum):
    """What a share is a share of."""

    NET_ASSETS = "net_assets"
    """Everything, less overdrafts and short lines."""

    TOTAL_ASSETS = "total_assets"
    """Everything held long, before overdrafts and short lines."""


class LimitReading(StrEnum):
    """The two ways to read "limited to 5 % per issuer" in the 75 % and 50 % tests."""

    CAP = "cap"
    """An issuer above the threshold counts up to the threshold (prospectus practice)."""

    EXCLUDE = "exclude"
    """An issuer above the threshold does not count at all (tax practice)."""


class Operator(StrEnum):
    """`measured operator limit` is what passing means."""

    AT_MOST = "<="
    AT_LEAST = ">="
    BELOW = "<"
    ABOVE = ">"
    EQUAL = "=="

    @property
    def is_ceiling(self) -> bool:
        """True when larger is worse."""
        return self in {Operator.AT_MOST, Operator.BELOW}


NEEDS_BY = frozenset({RuleMetric.LARGEST, RuleMetric.SUM_ABOVE, RuleMetric.COUNT_ABOVE, RuleMetric.COUNT})
NEEDS_THRESHOLD = frozenset({RuleMetric.SUM_ABOVE, RuleMetric.COUNT_ABOVE, RuleMetric.DIVERSIFIED})
HANDED_IN = frozenset(
    {RuleMetric.VALUE_FALL, RuleMetric.MARKET_RISK_CLASS, RuleMetric.ABSOLUTE_VAR, RuleMetric.RELATIVE_VAR}
)
NEEDS_LINES = NEEDS_BY | {RuleMetric.TOTAL, RuleMetric.DIVERSIFIED, RuleMetric.VOTES, RuleMetric.NOTIONAL}
NEEDS_LINES |= {RuleMetric.UNHEDGED, RuleMetric.SHORT}
"""Metrics of which a rule must say which lines they are about."""

MAY_LOOK_THROUGH = frozenset({RuleMetric.LARGEST, RuleMetric.SUM_ABOVE, RuleMetric.COUNT_ABOVE, RuleMetric.TOTAL})
MAY_LOOK_THROUGH |= {RuleMetric.UNHEDGED}
"""Metrics that a rule may want measured with funds taken apart."""
