"""Whether the provider is one at which batches can be made, asked before work is taken up.

A wrong address, a key of another project, a server without batches: each would end request after request, or send a
whole night's queue to a person. So a worker looks first, takes nothing up while the answer is no, and looks again.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Final

from core.domain.alert import AlertKind
from core.errors import ProviderError, ProviderRefused
from core.worker.context import Context

logger = logging.getLogger(__name__)

FIRST_LOOK_SECONDS: Final = 10.0
"""How long a worker that has just started waits for the first answer before it works without one."""

AGAIN_SECONDS: Final = 30.0
"""How soon an unfit provider is looked at again."""


class Fitness:
    """What is known of the provider. Shared by a worker's threads.

    Only a definite no counts: whoever cannot be reached may be back when the next step is due, and every step has its
    own patience for that.

    Args:
        monotonic: Seconds.
    """

    def __init__(self, context: Context, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._monotonic = monotonic
        self._started = monotonic()
        self._asked = False
        self._doubted = False
        self._reason = ""

    @property
    def allows(self) -> bool:
        """Whether work may be taken up now."""
        if not self._asked and self._monotonic() - self._started < FIRST_LOOK_SECONDS:
            return False
        return not self._reason

    @property
    def again_after(self) -> float:
        """How soon it must be looked at again, in seconds; infinity when nothing is wrong."""
        if self._doubted:
            return 0.0
        return AGAIN_SECONDS if self._reason else math.inf

    def doubt(self, why: str) -> None:
        """A step met a definite no that says nothing about requests: look before anything else is taken up."""
        if not self._reason:
            self._reason, self._doubted = why, True

    def look(self) -> bool:
        """Ask the provider; True when work may be taken up."""
        self._doubted = False
        context = self._context
        try:
            context.provider.probe()
        except ProviderRefused as refusal:
            if refusal.needs_person:
                self._unfit(str(refusal))
        except ProviderError as error:
            logger.info("whether batches can be made is not known: %s", error)
        else:
            if self._reason:
                logger.warning("batches can be made again: work is taken up")
            self._reason = ""
            # Its own alone: another worker may serve another provider, and at the same address another project.
            for subject in (context.identity.fingerprint, context.identity.address):
                context.store.alerts.clear(subject, AlertKind.UNFIT_PROVIDER, at=context.clock())
        finally:
            self._asked = True
        return not self._reason

    def _unfit(self, why: str) -> None:
        if why != self._reason:
            logger.error("no work is taken up: %s", why)
        self._reason = why
        identity = self._context.identity
        text = (
            f"No work is taken up for {identity.label}: {why} It is tried again every {AGAIN_SECONDS:.0f} s, and "
            "nothing is lost."
        )
        alerts, now = self._context.store.alerts, self._context.clock()
        alerts.raise_(AlertKind.UNFIT_PROVIDER, identity.fingerprint, text, at=now)
        # Where it stood under before: said once is enough.
        alerts.clear(identity.address, AlertKind.UNFIT_PROVIDER, at=now)
