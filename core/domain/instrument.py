"""What an instrument is: who issued it, what kind of claim it is, and the terms that rules and risk ask about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class InstrumentType(StrEnum):
    """The legal kind of a holding. Its `AssetClass` says what carries the risk; this says what rules apply."""

    SHARE = "share"
    GOVERNMENT_BOND = "government_bond"
    SUPRANATIONAL_BOND = "supranational_bond"
    CORPORATE_BOND = "corporate_bond"
    COVERED_BOND = "covered_bond"
    SECURITISED = "securitised"
    STRUCTURED = "structured"
    MONEY_MARKET = "money_market"
    FUND = "fund"
    EXCHANGE_COMMODITY = "exchange_commodity"
    DEPOSIT = "deposit"
    CASH = "cash"
    LOAN = "loan"
    OPTION = "option"
    FUTURE = "future"
    FORWARD = "forward"
    SWAP = "swap"
    DIRECT_PROPERTY = "direct_property"
    PRIVATE_EQUITY = "private_equity"
    INFRASTRUCTURE = "infrastructure"
    CRYPTO = "crypto"


class FundKind(StrEnum):
    """What a fund is to the rules that limit funds."""

    UCITS = "ucits"
    RIC = "ric"
    OTHER = "other"


class Liquidity(StrEnum):
    """The four buckets of rule 22e-4, from days to "cannot be sold within seven days without moving the price"."""

    HIGH = "highly_liquid"
    MODERATE = "moderately_liquid"
    LOW = "less_liquid"
    ILLIQUID = "illiquid"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known about a line beyond its price. "" and None mean: not known, and never: no.

    Attributes:
        instrument_type: Legal kind.
        cusip: Nine characters, or "".
        issuer: The legal entity that owes or issued it, by name or LEI; one spelling an issuer.
        issuer_group: The group the issuer consolidates into; "" means not known.
        fund_kind: Of funds only.
        rating: Long-term rating in S&P's letters ("AA-", "BB+", "NR").
        listed: True when admitted to a regulated market or equivalent.
        liquidity: Bucket of rule 22e-4.
        related_party: True for claims on, and assets leased to, related parties.
        hedged_to: Currency a share class is hedged to.
        exposure: Currency or region that the line really carries where its quote currency says something else.
        notional: Absolute notional of a derivative in the line's currency.
        leverage: Multiple of its index that a leveraged or inverse fund aims at each day: 3, 2, -1.
        counterparty: Of an over-the-counter derivative or deposit.
        votes_pct: Share of the issuer's votes that this line carries, in percent.
        esg_flags: Activities that a policy may exclude ("tobacco", "coal", "controversial_weapons").
        duration_years: Modified duration of a bond or bond fund.
        index_tracker: True for a fund or line whose aim is to copy an index.
        domicile: ISO 3166-1 alpha-2 of a fund's legal seat.
        lei: Legal entity identifier of the issuer, twenty characters, or "".
        issuer_category: Kind of issuer in the words of form N-PORT ("CORP", "UST", "USGSE", "MUN"), or "".
        fair_value_level: 1 quoted, 2 observable inputs, 3 own estimate (ASC 820, IFRS 13).
    """

    instrument_type: InstrumentType | None = None
    cusip: str = ""
    issuer: str = ""
    issuer_group: str = ""
    fund_kind: FundKind | None = None
    rating: str = ""
    listed: bool | None = None
    liquidity: Liquidity | None = None
    related_party: bool | None = None
    hedged_to: str = ""
    exposure: str = ""
    notional: Decimal | None = None
    counterparty: str = ""
    votes_pct: float | None = None
    esg_flags: tuple[str, ...] = ()
    duration_years: float | None = None
    index_tracker: bool | None = None
    domicile: str = ""
    lei: str = ""
    issuer_category: str = ""
    fair_value_level: int | None = None
    leverage: float | None = None


NO_TERMS = Terms()
"""Nothing known."""
