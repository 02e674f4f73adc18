"""Caveats that the program writes itself, so that they stand word for word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from core.domain.facts import FactSheet
from core.domain.units import Badge

_FILE: Final = Path(__file__).with_name("prescribed.yaml")
_OF_LANGUAGE: Final = {"en": "GLOBAL", "fr": "FR", "de": "DE", "it": "CH_IT"}
_SIMULATED: Final = {
    "en": "All figures of this portfolio are simulated: they describe an example and no account.",
    "fr": "Tous les chiffres de ce portefeuille sont simulés : ils décrivent un exemple et non un compte.",
    "de": "Alle Zahlen dieses Portfolios sind simuliert: Sie beschreiben ein Beispiel und kein Konto.",
    "it": "Tutte le cifre di questo portafoglio sono simulate: descrivono un esempio e non un conto.",
}
_SOME_SIMULATED: Final = {
    "en": "Some figures rest on simulated prices; each shows so where it stands.",
    "fr": "Certains chiffres reposent sur des cours simulés ; chacun le montre à sa place.",
    "de": "Einige Zahlen beruhen auf simulierten Kursen; jede zeigt es an ihrer Stelle.",
    "it": "Alcune cifre si basano su corsi simulati; ciascuna lo mostra al suo posto.",
}


class Wording(NamedTuple):
    """What law or supervisors want to be said in a region.

    Attributes:
        hypothetical: Sentence beside returns of present holdings at past prices.
        law: What each sentence goes back to: `for` ("caveat" or "hypothetical"), `article`, `source`, and `read`, false
            where the rule's own text was not read.
    """

    hypothetical: str
    law: tuple[Mapping[str, Any], ...]


@lru_cache(maxsize=1)
def wordings() -> Mapping[str, Wording]:
    """By overlay, from the reviewed file `prescribed.yaml`."""
    rows = yaml.safe_load(_FILE.read_text("utf-8"))
    return {code: Wording(row["hypothetical"], tuple(row["law"])) for code, row in rows.items()}


def hypothetical(overlay: str, language: str) -> str:
    """The sentence for an overlay; where it is not known, that of a region of the language."""
    known = wordings()
    return known[overlay if overlay in known else _OF_LANGUAGE.get(language, "GLOBAL")].hypothetical


def _shows_back_test(sheet: FactSheet, cited: Collection[str]) -> bool:
    """Whether returns of present holdings at past prices are among the cited facts, in whatever analysis."""
    shown = [
        fact
        for fact in sheet.facts
        if fact.metric_id in cited and fact.metric_id.rpartition(":")[2].startswith(_BACK_TESTED)
    ]
    return any(fact.badge is not Badge.SIMULATED for fact in shown)


def prescribed(sheet: FactSheet, kind: str, cited: Collection[str] = ()) -> list[str]:
    """What the region prescribes, and what the facts themselves make necessary, in this order.

    Args:
        cited: Ids of the facts that the page states.
    """
    language = sheet.evidence.language if sheet.evidence.language in _SIMULATED else "en"
    overlay = sheet.evidence.overlay
    found = [sheet.evidence.caveat] if sheet.evidence.caveat else []
    simulated = [fact.badge is Badge.SIMULATED for fact in sheet.facts]
    if simulated and all(simulated):
        found.append(_SIMULATED[language])
    elif any(simulated):
        found.append(_SOME_SIMULATED[language])
    if (kind == "performance" and basis(sheet) == HYPOTHETICAL) or _shows_back_test(sheet, cited):
        found.append(hypothetical(overlay, language))
    return found


_BACK_TESTED: Final = ("return.", "excess_return.", "annual_return", "contribution.", "attribution.")
HYPOTHETICAL: Final = "hypothetical_present_holdings"
"""Returns of what is held now at past prices."""


def basis(sheet: FactSheet) -> str:
    """What kind of returns a sheet states: simulated, hypothetical, or none at all ("price_only")."""
    returns = [fact for fact in sheet.facts if fact.metric_id.rpartition(":")[2].startswith("return.")]
    if any(fact.badge is Badge.SIMULATED for fact in returns):
        return "simulated"
    return HYPOTHETICAL if returns else "price_only"
