"""The last price of a line is one that a market paid; what was taken back, or given at a set price, leaves none."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass
from core.intake.findings import Findings
from core.intake.formats.dealing_texts import is_off_market
from core.intake.gathering import Case
from core.intake.transactions.cancelling import cancels, corrects, without_cancelling
from core.intake.transactions.entries import Entry, EntryKind, Security
from core.intake.transactions.ledger import Ledger

TODAY = date(2026, 11, 24)
ACME = Security("ACME", "ACME", asset_class=AssetClass.EQUITY)
FINECO = (
    "Operazione,Data valuta,Descrizione,Titolo,Isin,Segno,Quantita,Divisa,Prezzo,Cambio,Controvalore,"
    "Commissioni Fondi Sw/Ingr/Uscita,Commissioni Fondi Banca Corrispondente,Spese Fondi Sgr,Commissioni amministrato\n"
)
BOUGHT = "15/01/2026,17/01/2026,Compravendita titoli,INVENTED WORLD,IE00INVENT04,A,5,EUR,100.00,,500.00,,,,2.95\n"
RAISED = "19/06/2026,19/06/2026,Aumento capitale,INVENTED WORLD,IE00INVENT04, ,3,EUR,5.02600,1.0,15.08,,,,\n"


def lines(intake):
    return {line.symbol: line for portfolio in intake.portfolios for line in portfolio.holdings}


def ledger(*entries):
    findings = Findings("file.csv")
    made = Ledger(Case(findings, TODAY), "test", "file.csv", cash=False)
    for entry in entries:
        made.add(entry)
    groups = made.finish(newest_first=False)
    return {line.symbol: line for group in groups for line in group.holdings}, findings


def entry(kind, day, quantity, price=None, **more):
    at = datetime(2026, 3, day)  # noqa: DTZ001  entries carry no zone
    priced = None if price is None else Decimal(price)
    return Entry(day, at, kind, "", ACME, Decimal(quantity), priced, "USD", column="Qty", **more)


def test_a_capital_increase_leaves_the_last_price_of_the_market_and_says_that_it_may_be_lower(read):
    intake = read(FINECO + BOUGHT + RAISED)
    line = lines(intake)["IE00INVENT04"]
    assert (line.quantity, line.price, line.market_value) == (8, 100, 800)
    assert line.priced_on == date(2026, 1, 15)
    assert any("may have lowered it" in note and "2026-06-19" in note for note in intake.notes)


def test_a_line_with_no_price_but_that_of_a_capital_increase_has_no_value_and_says_why(read):
    intake = read(FINECO + RAISED)
    assert lines(intake) == {}
    (problem,) = intake.problems
    assert "no price of the market" in problem.message
    assert "5.026 EUR on 2026-06-19" in problem.message


@pytest.mark.parametrize("kind", [EntryKind.TRANSFER_IN, EntryKind.TRANSFER_OUT, EntryKind.DISTRIBUTION])
def test_what_is_moved_or_given_has_no_price_of_the_market_unless_its_format_knows_one(kind):
    held, _ = ledger(entry(EntryKind.BUY, 2, 10, "100"), entry(kind, 5, 2, "3"))
    assert held["ACME"].price == 100
    held, _ = ledger(entry(EntryKind.BUY, 2, 10, "100"), entry(kind, 5, 2, "90", market=True))
    assert held["ACME"].price == 90


@pytest.mark.parametrize(
    "words",
    [
        "Rights issue", "Subscription rights exercised", "IPO allotment", "Tender offer", "Spin-off", "Bonus issue",
        "Reinvestment at a discount", "Stock dividend", "Kauf Bezugsrecht", "Kapitalerhöhung", "Gratisaktien",
        "Augmentation de capital", "Attribution gratuite", "Aumento di capitale", "Scorporo", "Ampliación de capital",
        "Nyemission", "Fondemission", "Teckningsrätt", "Claimemissie", "Keuzedividend", "Prawa poboru",
    ],
)  # fmt: skip
def test_dealings_at_a_price_that_a_company_set_are_known_by_their_words_in_any_language(words):
    assert is_off_market(words)


@pytest.mark.parametrize(
    "words", ["Buy", "Kauf aus Emission", "Savings plan", "Right", "Reinvestment", "Advanced Trade Buy"]
)
def test_other_purchases_are_at_the_markets_price(words):
    assert not is_off_market(words)


@pytest.mark.parametrize("later", [5, 2])
def test_a_cancelled_dealing_leaves_neither_units_nor_price(later):
    held, findings = ledger(
        entry(EntryKind.BUY, 1, 2, "100"),
        entry(EntryKind.BUY, 2, 3, "101"),
        entry(EntryKind.CANCELLATION, later, 3, "101", cancels=EntryKind.BUY),
    )
    assert (held["ACME"].quantity, held["ACME"].price) == (2, 100)
    assert any("cancelled" in note for note in findings.notes)


def test_a_cancelled_sale_brings_its_units_back():
    held, _ = ledger(
        entry(EntryKind.BUY, 1, 5, "100"),
        entry(EntryKind.SELL, 2, 3, "120"),
        entry(EntryKind.CANCELLATION, 3, 3, "120", cancels=EntryKind.SELL),
    )
    assert (held["ACME"].quantity, held["ACME"].price) == (5, 100)


def test_of_two_alike_the_one_with_the_price_of_the_cancellation_goes():
    held, _ = ledger(
        entry(EntryKind.BUY, 1, 3, "101"),
        entry(EntryKind.BUY, 2, 3, "105"),
        entry(EntryKind.CANCELLATION, 4, 3, "101"),
    )
    assert (held["ACME"].quantity, held["ACME"].price) == (3, 105)


def test_a_cancellation_of_a_dealing_that_is_not_there_leaves_the_line_unknown():
    held, findings = ledger(entry(EntryKind.BUY, 1, 2, "100"), entry(EntryKind.CANCELLATION, 3, 7, "90"))
    assert held == {}
    assert "cancels a dealing of 7 units" in findings.problems[0].message


def test_ubs_storno_row_takes_its_purchase_with_it_and_the_price_is_the_corrected_one(read):
    head = (
        "Bewertungsdatum;Portfolio;Abschluss;Beschreibung 1;Beschreibung 2;Beschreibung 3;Valor;ISIN;Whrg.;"
        "Anzahl/Betrag;Whrg.;Trans.-Preis;Instrumentenkategorie\n"
    )
    row = "14.08.2026;R8;26.03.2026;{};{};{};1;CH0033782431;;{};CHF;{};Anlagefonds\n"
    text = (
        head
        + row.format("Kauf aus Emission", "Invented Bond", "", "2.5", "200.10")
        + row.format("Storno", "Kauf aus Emission", "Invented Bond", "-2.5", "200.10")
        + row.format("Kauf aus Emission", "Invented Bond", "", "2.5", "200.104")
    )
    intake = read(text)
    (line,) = lines(intake).values()
    assert (line.quantity, line.price, line.name) == (Decimal("2.5"), Decimal("200.104"), "Invented Bond")
    assert not intake.problems


@pytest.mark.parametrize(
    "text", ["Storno", "Storno Kauf", "Kauf (storniert)", "Cancel Buy", "CANCELLED", "Annulation achat", "Annullamento",
             "Anulación", "Estorno", "Makulerad", "Buy (Ca.)", "Reversal"],
)  # fmt: skip
def test_cancelling_is_known_in_any_language(text):
    assert cancels(text)
    assert "kauf" not in without_cancelling(text) or without_cancelling(text) == "kauf"


@pytest.mark.parametrize("text", ["Reverse split", "Kauf", "Buy", "Cash", "Canada Life"])
def test_other_words_cancel_nothing(text):
    assert not cancels(text)


def test_a_corrected_trade_is_refused_because_it_may_stand_for_the_other_or_beside_it(read):
    text = (
        "Buchungstag;Valuta;Bezeichnung;ISIN;Nominal (Stk.);;Betrag;;Kurs;;Devisenkurs;TA.-Nr.;Buchungsinformation\n"
        "03.08.2026;05.08.2026;WELT;IE00INVENT04;2;Stk;200,00;EUR;100,00;EUR;1,0;1;Ausführung ORDER Kauf Korrektur\n"
    )
    assert corrects("Kauf Korrektur")
    intake = read(text)
    assert lines(intake) == {}
    assert "not known" in intake.problems[0].message


def test_what_a_programs_rounding_leaves_of_all_units_is_nothing(read):
    head = (
        "Timezone,Date,Time,Type,Currency,Amount,Quote Currency,Quote Price,Received / Paid Currency,"
        "Received / Paid Amount,Fee currency,Fee amount,Status,Transaction ID,Address\n"
    )
    bought = "E,2026-01-01,11:00:00,buy,ETH,0.01071395,EUR,1863,EUR,-19.96,EUR,0,Completed,a,\n"
    gone = "E,2026-01-02,11:00:00,withdrawal,ETH,{},,,,,ETH,0,Completed,b,\n"
    for units in ("-0.010713949999999999", "-0.010713950000000001"):
        assert not [line for line in lines(read(head + bought + gone.format(units))) if line == "ETH"]
    kept = lines(read(head + bought + gone.format("-0.0107139")))
    assert kept["ETH"].quantity == Decimal("0.00000005")


def test_schwabs_cancel_buy_takes_its_purchase_with_it(read):
    intake = read(
        '"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"\n'
        '"10/03/2026","Cancel Buy","INVA","INVENTED","10","$100.00","","$1000.00"\n'
        '"10/02/2026","Buy","INVA","INVENTED","10","$100.00","","-$1000.00"\n'
        '"10/01/2026","Buy","INVA","INVENTED","5","$90.00","","-$450.00"\n'
        '"09/01/2026","Wire Received","","","","","","$5000.00"\n'
    )
    assert not intake.problems
    held = lines(intake)
    assert (held["INVA"].quantity, held["INVA"].price, held["CASH_USD"].market_value) == (5, 90, 4550)


def test_a_trade_that_interactive_brokers_cancelled_leaves_no_price(read):
    trade = (
        '<Trade accountId="U1" currency="USD" assetCategory="STK" symbol="AAA" isin="US0378331005" conid="1" '
        'tradeDate="2026010{}" quantity="{}" tradePrice="{}" proceeds="0" buySell="{}" levelOfDetail="EXECUTION"/>'
    )
    intake = read(
        '<FlexQueryResponse><FlexStatements count="1">'
        '<FlexStatement accountId="U1" fromDate="20260101" toDate="20261030"><Trades>'
        + trade.format(5, 10, 100, "BUY")
        + trade.format(6, 3, 120, "BUY")
        + trade.format(7, -3, 120, "BUY (Ca.)")
        + "</Trades></FlexStatement></FlexStatements></FlexQueryResponse>",
        "flex.xml",
    )
    held = lines(intake)
    assert (held["AAA"].quantity, held["AAA"].price) == (10, 100)
