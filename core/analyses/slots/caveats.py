"""Caveats that the program writes itself, so that they stand word for word."""

from __future__ import annotations

from typing import Final

from core.domain.facts import FactSheet
from core.domain.units import Badge

_SIMULATED: Final = {
    "en": "All figures of this portfolio are simulated: they describe an example and no account.",
    "fr": "Tous les chiffres de ce portefeuille sont simulés : ils décrivent un exemple et non un compte.",
    "de": "Alle Zahlen dieses Portfolios sind simuliert: Sie beschreiben ein Beispiel und kein Konto.",
}
_SOME_SIMULATED: Final = {
    "en": "Some figures rest on simulated prices; each shows so where it stands.",
    "fr": "Certains chiffres reposent sur des cours simulés ; chacun le montre à sa place.",
    "de": "Einige Zahlen beruhen auf simulierten Kursen; jede zeigt es an ihrer Stelle.",
}
_HYPOTHETICAL: Final = {
    "en": "The returns are hypothetical: they are those of the present holdings at past prices, before fees and costs, "
    "and not what the account earned. Simulated past performance is not a reliable indicator of future results.",
    "fr": "Les rendements sont hypothétiques : ce sont ceux des lignes actuelles aux cours passés, avant frais, et non "
    "ceux du compte. Les performances passées simulées ne préjugent pas des performances futures.",
    "de": "Die Renditen sind hypothetisch: Es sind jene der heutigen Positionen zu früheren Kursen, vor Kosten, und "
    "nicht jene des Kontos. Simulierte frühere Wertentwicklung ist kein verlässlicher Hinweis auf künftige.",
}
"""17 CFR 275.206(4)-1(d)(6) and (e)(8); FINRA 2210(d)(1)(F); Delegated Regulation (EU) 2017/565 art. 44(6)."""


def prescribed(sheet: FactSheet, kind: str) -> list[str]:
    """What the region prescribes, and what the facts themselves make necessary, in this order."""
    language = sheet.evidence.language if sheet.evidence.language in _SIMULATED else "en"
    found = [sheet.evidence.caveat] if sheet.evidence.caveat else []
    simulated = [fact.badge is Badge.SIMULATED for fact in sheet.facts]
    if simulated and all(simulated):
        found.append(_SIMULATED[language])
    elif any(simulated):
        found.append(_SOME_SIMULATED[language])
    if kind == "performance" and basis(sheet) == HYPOTHETICAL:
        found.append(_HYPOTHETICAL[language])
    return found


HYPOTHETICAL: Final = "hypothetical_present_holdings"
"""Returns of what is held now at past prices."""


def basis(sheet: FactSheet) -> str:
    """What kind of returns a sheet states: simulated, hypothetical, or none at all ("price_only")."""
    returns = [fact for fact in sheet.facts if fact.metric_id.rpartition(":")[2].startswith("return.")]
    if any(fact.badge is Badge.SIMULATED for fact in returns):
        return "simulated"
    return HYPOTHETICAL if returns else "price_only"
