"""What the owners of market data sources allow, as the program acts on it (November 2026). Their own texts decide."""

from __future__ import annotations

from dataclasses import replace

from core.domain.market import SourceTerms

FMP = SourceTerms(
    source_id="fmp",
    name="Financial Modeling Prep",
    attribution="Data provided by Financial Modeling Prep",
    may_store=True,
    may_prompt=False,
    terms=(
        "Data is for the subscriber's own use; showing it to others or passing it on needs a separate licence. Closes "
        "are therefore kept on this installation only, figures computed from them are used, and the data itself never "
        "stands in a prompt."
    ),
    url="https://site.financialmodelingprep.com/terms-of-service",
)

FRED = SourceTerms(
    source_id="fred",
    name="FRED, Federal Reserve Bank of St. Louis",
    attribution=(
        "This product uses the FRED API but is not endorsed or certified by the Federal Reserve Bank of St. Louis"
    ),
    may_store=False,
    may_prompt=False,
    terms=(
        "Since June 2024 FRED's terms forbid storing, caching or archiving its content, and using it in connection "
        "with machine learning and generative AI. Take the same series from its publisher (BLS, BEA, Treasury, Federal "
        "Reserve Board, EIA) and import that with: mosychlos series import FILE"
    ),
    url="https://fred.stlouisfed.org/legal/",
)

SEC = SourceTerms(
    source_id="sec",
    name="SEC EDGAR",
    attribution="Source: U.S. Securities and Exchange Commission, EDGAR",
    may_store=True,
    may_prompt=True,
    terms="Filings are public. Requests name a contact and stay under 10 a second.",
    url="https://www.sec.gov/os/accessing-edgar-data",
)

ECB = SourceTerms(
    source_id="ecb",
    name="European Central Bank",
    attribution="ECB reference rates",
    may_store=True,
    may_prompt=True,
    terms="Reference rates may be reused when the ECB is named as their source and they are not changed.",
    url="https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html",
)


def fred_terms(*, may_store: bool, may_prompt: bool) -> SourceTerms:
    """FRED's terms, or those of another server behind the same API as its operator set them."""
    return replace(FRED, may_store=may_store, may_prompt=may_prompt)
