"""Which of a job's portfolios are looked at together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Among:
    """A choice of portfolios; what is empty does not narrow it.

    Attributes:
        group: Name of a group.
        tag: A tag.
        region: The portfolios' own region, not the overlay they were asked with.
    """

    group: str = ""
    tag: str = ""
    region: str = ""

    @property
    def all(self) -> bool:
        """True when nothing is left out."""
        return not (self.group or self.tag or self.region)


EVERYBODY = Among()
"""No portfolio is left out."""
