"""Classes of derivatives by what they are on: one issuer, a state, shares. Those on currencies are in none of them."""

from __future__ import annotations

from core.compliance.kinds import DERIVATIVES, T, is_short_derivative, types_of
from core.compliance.position import RulePosition
from core.compliance.public_issuers import is_canadian_province, is_local_authority, is_supranational, state_of
from core.domain.instrument import Terms


def _is_public(issuer: str) -> bool:
    return bool(state_of(issuer)) or is_supranational(issuer) or is_local_authority(issuer)


def _on_one_issuer(position: RulePosition) -> bool | str:
    """Whether a line is a derivative on something that one issuer owes or issued: none on an index or a currency."""
    terms = position.terms
    if not types_of(position) & DERIVATIVES or terms.index_tracker or terms.hedged_to:
        return False
    if not types_of(position) <= DERIVATIVES:
        return "instrument_type"
    return True if terms.issuer else "issuer"


def single_name(position: RulePosition) -> bool | str:
    """A derivative whose underlying is one issuer's: none on an index, a currency or a public body."""
    return False if _is_public(position.terms.issuer) else _on_one_issuer(position)


def on_government(position: RulePosition) -> bool | str:
    """A derivative whose underlying a public body owes, such as a future on its bonds."""
    found = _on_one_issuer(position)
    return _is_public(position.terms.issuer) if found is True else found


def on_exempt_canadian(position: RulePosition) -> bool:
    """A derivative on what Canada, a province of it or the United States owes."""
    issuer = position.terms.issuer
    return types_of(position) <= DERIVATIVES and (state_of(issuer) in {"CA", "US"} or is_canadian_province(issuer))


def on_equity(position: RulePosition) -> bool | str:
    """A derivative on shares. Whether an index is one of shares no field says; one that was sold may net."""
    terms = position.terms
    if not types_of(position) & DERIVATIVES or _is_no_equity(terms):
        return False
    if is_short_derivative(position):
        return "netting"
    if not types_of(position) <= DERIVATIVES:
        return "instrument_type"
    sure = bool(terms.issuer) and types_of(position) <= {T.FUTURE, T.OPTION}
    return True if sure else "underlying"


def _is_no_equity(terms: Terms) -> bool:
    return bool(terms.hedged_to) or _is_public(terms.issuer)
