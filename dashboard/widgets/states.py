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
class StateLook:
    """One state on screen."""

    word: str
    icon: str
    colour: Colour

    @property
    def badge(self) -> str:
        """Markdown that shows the icon and the word in the colour."""
        return f":{self.colour}-badge[{self.icon} {self.word}]"


JOB: Mapping[JobState, StateLook] = {
    JobState.DRAFT: StateLook("draft", ":material/edit_note:", "gray"),
    JobState.QUEUED: StateLook("queued", ":material/hourglass_empty:", "gray"),
    JobState.RUNNING: StateLook("running", ":material/progress_activity:", "blue"),
    JobState.PAUSED: StateLook("paused", ":material/pause_circle:", "orange"),
    JobState.DONE: StateLook("done", ":material/check_circle:", "green"),
    JobState.PARTIAL: StateLook("partial", ":material/warning:", "orange"),
    JobState.FAILED: StateLook("failed", ":material/error:", "red"),
    JobState.CANCELLED: StateLook("cancelled", ":material/block:", "gray"),
    JobState.ATTENTION: StateLook("needs you", ":material/front_hand:", "red"),
}

ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
"""Something still happens by itself."""

ITEM: Mapping[ResultStatus, StateLook] = {
    ResultStatus.SUCCEEDED: StateLook("succeeded", ":material/check_circle:", "green"),
    ResultStatus.FAILED: StateLook("failed", ":material/error:", "red"),
    ResultStatus.INVALID: StateLook("invalid answer", ":material/rule:", "red"),
    ResultStatus.REFUSED: StateLook("refused", ":material/do_not_disturb_on:", "orange"),
    ResultStatus.TRUNCATED: StateLook("cut off", ":material/content_cut:", "orange"),
    ResultStatus.MISSING: StateLook("missing", ":material/help:", "orange"),
    ResultStatus.PENDING: StateLook("pending", ":material/hourglass_empty:", "gray"),
}

LEVELS = ("very_low", "low", "moderate", "elevated", "high", "very_high")
"""Risk levels from calm to severe."""

SEVERITIES = ("none", "low", "moderate", "high", "critical")
"""Severities of a risk from calm to severe."""

LEVEL: Mapping[str, StateLook] = {
    "very_low": StateLook("very low", ":material/signal_cellular_0_bar:", "green"),
    "low": StateLook("low", ":material/signal_cellular_1_bar:", "green"),
    "moderate": StateLook("moderate", ":material/signal_cellular_2_bar:", "blue"),
    "elevated": StateLook("elevated", ":material/signal_cellular_3_bar:", "yellow"),
    "high": StateLook("high", ":material/signal_cellular_4_bar:", "orange"),
    "very_high": StateLook("very high", ":material/crisis_alert:", "red"),
}

SEVERITY: Mapping[str, StateLook] = {
    "none": StateLook("none", ":material/remove:", "gray"),
    "low": StateLook("low", ":material/signal_cellular_1_bar:", "green"),
    "moderate": StateLook("moderate", ":material/signal_cellular_2_bar:", "blue"),
    "high": StateLook("high", ":material/signal_cellular_4_bar:", "orange"),
    "critical": StateLook("critical", ":material/crisis_alert:", "red"),
}

VERIFIED = StateLook("verified", ":material/verified:", "green")
MISMATCHED = StateLook("mismatched", ":material/error:", "red")
UNSUPPORTED = StateLook("unsupported", ":material/help:", "orange")

BADGE: Mapping[Badge, StateLook] = {
    Badge.REAL: StateLook("real", ":material/database:", "green"),
    Badge.DERIVED: StateLook("derived", ":material/calculate:", "blue"),
    Badge.SIMULATED: StateLook("simulated", ":material/science:", "orange"),
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
    FindingKind.GRADE: "nothing that is cited bears the grade out",
    FindingKind.SLOT: "names no fact, or combines what does not belong together",
    FindingKind.RELATION: "the facts decide otherwise",
    FindingKind.OUTSIDE: "a number that the program did not write",
    FindingKind.WORDING: "compares or judges, and no decided relation bears it",
    FindingKind.HIDDEN: "hidden characters: it was written to read otherwise",
}
"""What a finding says about the likely slip."""

RULE: Mapping[RuleStatus, StateLook] = {
    RuleStatus.BREACH: StateLook("breach", ":material/gpp_bad:", "red"),
    RuleStatus.NEAR: StateLook("near limit", ":material/warning:", "orange"),
    RuleStatus.NOT_ASSESSABLE: StateLook("not assessable", ":material/help:", "violet"),
    RuleStatus.PASS: StateLook("kept", ":material/check_circle:", "green"),
    RuleStatus.NOT_APPLICABLE: StateLook("not applicable", ":material/remove:", "gray"),
}
"""How a rule stands; what needs a person comes first."""

SIMULATED = StateLook("simulated", ":material/science:", "orange")
"""Marks runs whose answers came from the local stand-in."""

SAMPLE = StateLook("sample", ":material/science:", "orange")
"""Marks portfolios that came with the program."""

UNKNOWN = StateLook("unknown", ":material/help:", "gray")
"""For a word that a newer version stored and this one does not know."""
