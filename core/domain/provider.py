"""Who is asked (ProviderIdentity), and who answered (AnsweredBy)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

SIMULATED_MARK: Final = "fp_mosychlos_simulated"
"""What the local stand-in writes as `system_fingerprint` into every answer, so that none passes for a model's."""

SIMULATED_HEADER: Final = "x-mosychlos-simulated"
"""Header of every reply of the local stand-in."""

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_SAME_HOST: Final = {"localhost": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Whom a job's requests go to, as it was approved. Two that differ in anything are two providers.

    Attributes:
        address: Base address as `normalised` writes it, or a name that an operator gave where addresses change.
        organisation: At the provider; "" where the key decides.
        project: At the provider; "" where the key decides.
        region: Where data have to stay ("eu"); "" for no such rule.
        simulated: Its answers come from a stand-in.
    """

    address: str
    organisation: str = ""
    project: str = ""
    region: str = ""
    simulated: bool = False

    @property
    def fingerprint(self) -> str:
        """The same for the same provider in every process and on every machine: 24 hex digits."""
        fields = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(fields).hexdigest()[:24]

    @property
    def label(self) -> str:
        """For people: "api.openai.com · project proj_1"."""
        parts = urlsplit(self.address)
        path = "" if parts.path in {"", "/v1"} else parts.path
        names = [f"{parts.netloc}{path}" if parts.netloc else self.address]
        names += [f"organisation {self.organisation}"] if self.organisation else []
        names += [f"project {self.project}"] if self.project else []
        names += [f"data in {self.region.upper()}"] if self.region else []
        names += ["simulated"] if self.simulated else []
        return " · ".join(names)

    @property
    def accepts(self) -> tuple[str, str]:
        """Ids of the jobs that it works on: its own, and those from before identities were kept.

        Of the latter nobody knows more than whether their answers were meant to be simulated, so that must agree.
        """
        return self.fingerprint, unknown_id(simulated=self.simulated)

    def document(self) -> dict[str, Any]:
        """For storage and hashing."""
        return asdict(self)


def meant_for(identity: ProviderIdentity | None, provider_id: str) -> str:
    """Whom something was approved for, for people.

    Args:
        identity: None where only `provider_id` is known.
    """
    if identity is not None:
        return identity.label
    answers = "simulated" if provider_id == unknown_id(simulated=True) else "real"
    return f"a provider that was not written down then ({answers} answers)"


def meant_simulated(identity: ProviderIdentity | None, provider_id: str) -> bool:
    """Whether a stand-in was meant to answer, whoever did."""
    return provider_id == unknown_id(simulated=True) if identity is None else identity.simulated


NOWHERE: Final = ProviderIdentity("")
"""Where nothing is ever sent."""


def unknown_id(*, simulated: bool) -> str:
    """What stands in the place of a fingerprint in jobs from before identities were kept."""
    return "unknown-simulated" if simulated else "unknown-real"


def normalised(url: str) -> str:
    """An address as it is compared: no user, query or closing slash, host in lower case, no port that is usual.

    With /v1 at its end or without is one place: to leave it out is the most frequent slip, and a job that waits for
    the corrected address is the same job.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = _SAME_HOST.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    usual = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme.lower())
    place = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme.lower()}://{shown}{'' if usual else f':{parts.port}'}{place}"


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """Who gave an answer, as the answer itself says.

    Attributes:
        provider: Label of the provider that was asked; "" where it is not known.
        model: As the answer names it ("gpt-5.4-mini-2026-03-17"); "" where it names none.
        tier: Service tier that the request was served with ("default", "priority"); "" where it says nothing.
        endpoint: "chat" or "responses", by the shape of the answer; "" where there is none.
        simulated: The answer carries the mark of the stand-in.
    """

    provider: str = ""
    model: str = ""
    tier: str = ""
    endpoint: str = ""
    simulated: bool = False

    def document(self) -> dict[str, Any]:
        """For JSON: what is not known is null."""
        return {
            "provider": self.provider or None,
            "model": self.model or None,
            "tier": self.tier or None,
            "endpoint": self.endpoint or None,
            "simulated": self.simulated,
        }


_SNAPSHOT: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest)")


def same_model(asked: str, answered: str) -> bool:
    """Whether an answer's model is the one that was asked, or the dated snapshot that its name stands for.

    What a gateway puts in front ("openai/gpt-5.4-mini") does not count. An answer that names no model contradicts
    nobody.
    """
    wanted, named = (name.strip().lower().rpartition("/")[2] for name in (asked, answered))
    snapshot = named.startswith(wanted) and _SNAPSHOT.fullmatch(named[len(wanted) :]) is not None
    return not named or named == wanted or snapshot


NOBODY: Final = AnsweredBy()
"""Where nothing was answered, or nothing is known of it."""
