"""The error tree. Each class says who must act; each message says what is wrong, with values, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class MosychlosError(Exception):
    """Base of every error that is meant for a person to read; `exit_code` is what the CLI returns for it."""

    exit_code = 1


class BadInput(MosychlosError):
    """What was given cannot be used: a file, an option, an id. The message names the value and the remedy."""

    exit_code = 2


class NotFound(BadInput):
    """No such object, or not one that this actor may see: the two look the same on purpose."""


class UnreadableFile(BadInput):
    """A file was refused before or while it was parsed: too large, a bomb, or not what its name says."""


class BadSetting(BadInput):
    """A setting has a value that cannot work."""


class Refused(MosychlosError):
    """A rule says no: permission, budget or policy. Nothing was changed."""

    exit_code = 3


class NotPermitted(Refused):
    """The actor lacks the permission for this action."""


class StaleEdit(Refused):
    """Somebody else changed the portfolio since it was read; nothing was overwritten."""


class AlreadyOpen(Refused):
    """The very same is under way already; the message says since when, and by whom.

    Attributes:
        places: Which of the wishes that were submitted together, by their number, is asked by which open job or try.
        parts: Of wishes that are open in part, by their number: the portfolios that wait, each with the open job.
        partly: Of these, the requests that wait of portfolios of which others do not, by custom id; each with its
            portfolio.
    """

    def __init__(
        self,
        message: str,
        places: dict[int, str],
        parts: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
        partly: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.places = places
        self.parts = parts
        self.partly = partly


class OverBudget(Refused):
    """A cost limit would be passed; the message says by how much."""


class ModelRefused(Refused):
    """The model was shut down or cannot do what the analysis needs; the message names a replacement."""


class StaleMove(MosychlosError):
    """Somebody else moved the job or shard first, or our lease was taken over. The work must be read again."""


class StorageTrouble(MosychlosError):
    """The database or the disk cannot take more: full, locked for too long, or read-only."""

    exit_code = 3


class ValueRefused(MosychlosError):
    """The database takes a value in no form: it would refuse it again. Nothing of its transaction was stored."""

    exit_code = 3


class ProviderError(MosychlosError):
    """The provider did not do what was asked."""

    exit_code = 4


class ProviderUnreachable(ProviderError):
    """Proven unsent: no connection was made, so the call had no effect and may be repeated.

    Attributes:
        retry_after_seconds: How long it is no use to try again, where that is known; else None.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ProviderAmbiguous(ProviderError):
    """The call may or may not have had its effect: the answer was lost. Never repeat it blindly."""


class ProviderUnreadable(ProviderAmbiguous):
    """The provider answered, but one thing in its answer cannot be read: no trouble of the way to it."""


class ProviderRefused(ProviderError):
    """A definite no from the provider, in its own words.

    Attributes:
        status: HTTP status.
        code: The provider's error code, or "" where it gave none.
        param: The parameter that it names as being at fault, or "".
        retry_after_seconds: What the provider asked us to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        param: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after_seconds = retry_after_seconds

    @property
    def passing(self) -> bool:
        """True when waiting alone can cure it: a rate limit, not an empty purse or a wrong key."""
        return self.status == 429 and self.code not in {"insufficient_quota", "billing_hard_limit_reached"}

    @property
    def needs_person(self) -> bool:
        """True when no retry helps until somebody repairs the key, the project or the purse."""
        return self.status in {401, 403} or (self.status == 429 and not self.passing)


class OptionalRefused(ProviderRefused):
    """A definite no to a parameter that can be left away, and is from now on. Nothing was done: ask again at once."""

    @property
    def passing(self) -> bool:
        """Always."""
        return True

    @property
    def needs_person(self) -> bool:
        """Never."""
        return False


class ProviderUnfit(ProviderRefused):
    """A verdict on the address, the key or the server, not on what was asked: there is no such place there.

    Nothing was done, no request ends for it, and everything goes on once the cause is repaired.
    """

    @property
    def needs_person(self) -> bool:
        """Always: somebody must correct the address or the server."""
        return True


class DownloadCut(ProviderError):
    """A result file arrived incomplete: shorter than announced, no closing newline, or a broken last line."""


class ResultLost(ProviderError):
    """The provider no longer has a result file (deleted or expired)."""
