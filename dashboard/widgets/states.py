"""How a state, a level, a severity or a check looks: always a word, with an icon and a colour beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.domain.analysis import FindingKind, ResultStatus
from core.domain.compliance import RuleStatus
from core.domain.job import JobState
from core.domain.units import Badge

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "primary"]


@dataclass(frozen=True, slots=True)
class Look:
    """One state on screen."""

    word: str
    icon: str
    colour: Colour

    @property
    def badge(self) -> str:
        """Markdown that shows the icon and the word in the colour."""
        return f":{self.colour}-badge[{self.icon} {self.word}]"


JOB: Mapping[JobState, Look] = {
    JobState.DRAFT: Look("draft", ":material/edit_note:", "gray"),
    JobState.QUEUED: Look("queued", ":material/hourglass_empty:", "gray"),
    JobState.RUNNING: Look("running", ":material/progress_activity:", "blue"),
    JobState.PAUSED: Look("paused", ":material/pause_circle:", "orange"),
    JobState.DONE: Look("done", ":material/check_circle:", "green"),
    JobState.PARTIAL: Look("partial", ":material/warning:", "orange"),
    JobState.FAILED: Look("failed", ":material/error:", "red"),
    JobState.CANCELLED: Look("cancelled", ":material/block:", "gray"),
    JobState.ATTENTION: Look("needs you", ":material/front_hand:", "red"),
}

ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
"""Something still happens by itself."""

ITEM: Mapping[ResultStatus, Look] = {
    ResultStatus.SUCCEEDED: Look("succeeded", ":material/check_circle:", "green"),
    ResultStatus.FAILED: Look("failed", ":material/error:", "red"),
    ResultStatus.INVALID: Look("invalid answer", ":material/rule:", "red"),
    ResultStatus.REFUSED: Look("refused", ":material/do_not_disturb_on:", "orange"),
    ResultStatus.TRUNCATED: Look("cut off", ":material/content_cut:", "orange"),
    ResultStatus.MISSING: Look("missing", ":material/help:", "orange"),
    ResultStatus.PENDING: Look("pending", ":material/hourglass_empty:", "gray"),
}

LEVELS = ("very_low", "low", "moderate", "elevated", "high", "very_high")
"""Risk levels from calm to severe."""

SEVERITIES = ("none", "low", "moderate", "high", "critical")
"""Severities of a risk from calm to severe."""

LEVEL: Mapping[str, Look] = {
    "very_low": Look("very low", ":material/signal_cellular_0_bar:", "green"),
    "low": Look("low", ":material/signal_cellular_1_bar:", "green"),
    "moderate": Look("moderate", ":material/signal_cellular_2_bar:", "blue"),
    "elevated": Look("elevated", ":material/signal_cellular_3_bar:", "yellow"),
    "high": Look("high", ":material/signal_cellular_4_bar:", "orange"),
    "very_high": Look("very high", ":material/crisis_alert:", "red"),
}

SEVERITY: Mapping[str, Look] = {
    "none": Look("none", ":material/remove:", "gray"),
    "low": Look("low", ":material/signal_cellular_1_bar:", "green"),
    "moderate": Look("moderate", ":material/signal_cellular_2_bar:", "blue"),
    "high": Look("high", ":material/signal_cellular_4_bar:", "orange"),
    "critical": Look("critical", ":material/crisis_alert:", "red"),
}

VERIFIED = Look("verified", ":material/verified:", "green")
MISMATCHED = Look("mismatched", ":material/error:", "red")
UNSUPPORTED = Look("unsupported", ":material/help:", "orange")

BADGE: Mapping[Badge, Look] = {
    Badge.REAL: Look("real", ":material/database:", "green"),
    Badge.DERIVED: Look("derived", ":material/calculate:", "blue"),
    Badge.SIMULATED: Look("simulated", ":material/science:", "orange"),
}

CAUSE: Mapping[FindingKind, str] = {
    FindingKind.VALUE: "another value than the fact",
    FindingKind.SCALE: "off by a power of ten",
    FindingKind.PERCENT: "fraction and percent confused",
    FindingKind.BPS: "basis points and percent confused",
    FindingKind.SIGN: "the sign is turned round",
    FindingKind.PERIOD: "another period than the fact's",
    FindingKind.UNIT: "another unit than the fact's",
    FindingKind.CURRENCY: "another currency than the fact's",
    FindingKind.WRONG_ID: "the value of another fact",
    FindingKind.UNSUPPORTED: "no fact carries this number",
    FindingKind.DIRECTION: "the words say the other direction",
    FindingKind.SUM: "the parts do not add up",
    FindingKind.RULE: "another status than the rule engine's",
    FindingKind.POLICY: "outside what the profile allows",
    FindingKind.QUOTE: "not in the passage of its source",
    FindingKind.HIDDEN: "hidden characters: it was written to read otherwise",
}
"""What a finding says about the likely slip."""

RULE: Mapping[RuleStatus, Look] = {
    RuleStatus.BREACH: Look("breach", ":material/gpp_bad:", "red"),
    RuleStatus.NEAR: Look("near limit", ":material/warning:", "orange"),
    RuleStatus.NOT_ASSESSABLE: Look("not assessable", ":material/help:", "violet"),
    RuleStatus.PASS: Look("kept", ":material/check_circle:", "green"),
    RuleStatus.NOT_APPLICABLE: Look("not applicable", ":material/remove:", "gray"),
}
"""How a rule stands; what needs a person comes first."""

SIMULATED = Look("simulated", ":material/science:", "orange")
"""Marks runs whose answers came from the local stand-in."""

SAMPLE = Look("sample", ":material/science:", "orange")
"""Marks portfolios that came with the program."""

UNKNOWN = Look("unknown", ":material/help:", "gray")
"""For a word that a newer version stored and this one does not know."""
