"""Lists of transactions from brokers on the continent: languages, decimal commas, running balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.domain.portfolio import AssetClass, Flow


def lines(intake, place=0):
    return {line.symbol: line for line in intake.portfolios[place].holdings}


def notes(intake):
    return " ".join(intake.notes)


DEGIRO_HEADERS = {
    "nl": "Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,,Saldo,,Order Id",
    "de": "Datum,Uhrze,Valutadatum,Produkt,ISIN,Beschreibung,FX,Änderung,,Saldo,,Order-ID",
    "fr": "Date,Heure,Date de,Produit,Code ISIN,Description,FX,Mouvements,,Solde,,ID Ordre",
    "en": "Date,Time,Value date,Product,ISIN,Description,FX,Change,,Balance,,Order Id",
    "es": "Fecha,Hora,Fecha valor,Producto,ISIN,Descripción,Tipo,Variación,,Saldo,,ID Orden",
    "it": "Data,Ora,Data Valore,Prodotto,ISIN,Descrizione,Borsa,Variazioni,,Saldo,,ID Ordine",
}
DEGIRO_WORDS = {
    "nl": (
        "Koop 10 @ 25,5 EUR", "DEGIRO Transactiekosten en/of kosten van derden", "iDEAL Deposit", "Dividendbelasting",
    ),
    "de": (
        "Kauf 10 zu je 25,5 EUR (IE00B3RBWM25)", "DEGIRO Transaktionsgebühren und/oder Fremdkosten",
        "flatex Einzahlung", "Dividendensteuer",
    ),
    "fr": (
        "Achat 10 FONDS A@25,5 EUR (IE00B3RBWM25)", "Frais DEGIRO de courtage et/ou de parties tierces",
        "Versement de fonds", "Impôts sur dividende",
    ),
    "en": (
        "Buy 10 FUND A@25.5 EUR (IE00B3RBWM25)", "DEGIRO Transaction and/or third party fees", "flatex Deposit",
        "Dividend Tax",
    ),
    "es": (
        "Compra 10 FONDO A@25,5 EUR (IE00B3RBWM25)", "Costes de transacción y/o externos de DEGIRO", "Ingreso",
        "Retención del dividendo",
    ),
    "it": (
        "Acquisto 10 FONDO A@25,5 EUR (IE00B3RBWM25)", "Costi di transazione DEGIRO e/o di terze parti",
        "Deposito flatex", "Ritenuta sul dividendo",
    ),
}  # fmt: skip


def degiro(*rows, language="nl"):
    return "\n".join([DEGIRO_HEADERS[language], *rows]) + "\n"


@pytest.mark.parametrize("language", DEGIRO_HEADERS)
def test_degiro_is_read_in_the_language_of_the_screen(read, language):
    trade, fee, deposit, tax = DEGIRO_WORDS[language]
    text = degiro(
        f'04-03-2026,08:00,04-03-2026,FUND A,IE00B3RBWM25,{tax},,EUR,"-1,50",EUR,"743,00",',
        f'03-03-2026,09:04,03-03-2026,FUND A,IE00B3RBWM25,{fee},,EUR,"-0,50",EUR,"744,50",order-1',
        f'03-03-2026,09:04,03-03-2026,FUND A,IE00B3RBWM25,"{trade}",,EUR,"-255,00",EUR,"745,00",order-1',
        f'02-03-2026,09:00,02-03-2026,,,{deposit},,EUR,"1000,00",EUR,"1000,00",',
        language=language,
    )
    intake = read(text, "Account.csv")
    assert intake.format == "degiro_account"
    assert not intake.problems
    fund = lines(intake)["IE00B3RBWM25"]
    assert (fund.quantity, fund.price, fund.cost, fund.isin) == (10, Decimal("25.5"), Decimal("255.50"), "IE00B3RBWM25")
    assert fund.priced_on == date(2026, 3, 3)
    assert lines(intake)["CASH_EUR"].market_value == Decimal("743.00")
    assert intake.portfolios[0].flows == (Flow(date(2026, 3, 2), Decimal("1000.00"), "EUR"),)
    assert "running balance" not in notes(intake)


def test_degiro_fees_in_euro_reach_the_cost_of_a_dollar_line_by_the_orders_own_rate(read):
    text = degiro(
        '03-03-2026,09:04,03-03-2026,ACME,US0378331005,Valuta Creditering,"1,2000",USD,"120,00",USD,"0,00",order-1',
        '03-03-2026,09:04,03-03-2026,ACME,US0378331005,Valuta Debitering,,EUR,"-100,00",EUR,"899,00",order-1',
        '03-03-2026,09:04,03-03-2026,ACME,US0378331005,Transactiekosten,,EUR,"-1,00",EUR,"999,00",order-1',
        '03-03-2026,09:04,03-03-2026,ACME,US0378331005,"Koop 2 @ 60 USD",,USD,"-120,00",USD,"-120,00",order-1',
        '02-03-2026,09:00,02-03-2026,,,iDEAL Deposit,,EUR,"1000,00",EUR,"1000,00",',
    )
    intake = read(text)
    assert lines(intake)["US0378331005"].cost == Decimal("121.2")
    assert lines(intake)["US0378331005"].currency == "USD"
    assert set(lines(intake)) == {"US0378331005", "CASH_EUR"}


def test_degiro_order_numbers_that_continue_in_the_next_row_are_one(read):
    text = degiro(
        '03-03-2026,09:04,03-03-2026,FUND A,IE00B3RBWM25,Transactiekosten,,EUR,"-0,50",EUR,"744,50",1bb9-',
        ",,,,,,,,,,,7e18",
        '03-03-2026,09:04,03-03-2026,FUND A,IE00B3RBWM25,"Koop 10 @ 25,5 EUR",,EUR,"-255,00",EUR,"745,00",1bb9-7e18',
    )
    intake = read(text)
    assert not intake.problems
    assert lines(intake)["IE00B3RBWM25"].cost == Decimal("255.50")


def test_degiro_a_price_that_could_be_two_numbers_is_the_one_that_gives_the_amount(read):
    text = degiro('03-03-2026,09:04,03-03-2026,FUND A,IE00B3RBWM25,"Koop 2 @ 82,055 EUR",,EUR,-164.11,EUR,35.89,')
    assert lines(read(text))["IE00B3RBWM25"].price == Decimal("82.055")


def test_degiro_sweeps_between_its_own_pockets_are_no_flows(read):
    text = degiro(
        '03-03-2026,18:19,03-03-2026,,,"Overboeking naar uw geldrekening bij flatex Bank: 5,00 EUR",,,,EUR,"10,00",',
        '03-03-2026,18:19,03-03-2026,,,Degiro Cash Sweep Transfer,,EUR,"-5,00",EUR,"5,00",',
        '02-03-2026,09:00,02-03-2026,,,iDEAL Deposit,,EUR,"10,00",EUR,"10,00",',
    )
    intake = read(text)
    assert lines(intake)["CASH_EUR"].market_value == 10
    assert len(intake.portfolios[0].flows) == 1
    assert "does not follow" not in notes(intake)


def test_degiro_splits_and_mergers_carry_the_cost_over(read):
    text = degiro(
        '05-03-2026,13:05,05-03-2026,NEW CO,US4869171078,"FUSIE: Koop 30 @ 10 EUR",,EUR,"-300,00",EUR,"0,00",',
        '05-03-2026,13:05,05-03-2026,ACME,US0378331005,"FUSIE: Verkoop 30 @ 10 EUR",,EUR,"300,00",EUR,"300,00",',
        '04-03-2026,10:22,04-03-2026,ACME,US0378331005,"SPLIT: 30 Acme zu je 10 EUR",,EUR,"-300,00",EUR,"0,00",',
        '04-03-2026,10:22,04-03-2026,ACME,US0378331005,"SPLIT: 10 Acme zu je 30 EUR",,EUR,"300,00",EUR,"300,00",',
        '03-03-2026,09:04,03-03-2026,ACME,US0378331005,"Koop 10 @ 28 EUR",,EUR,"-280,00",EUR,"0,00",o1',
        '02-03-2026,09:00,02-03-2026,,,iDEAL Deposit,,EUR,"280,00",EUR,"280,00",',
    )
    intake = read(text)
    assert not intake.problems
    (line,) = intake.portfolios[0].holdings
    assert (line.isin, line.quantity, line.cost) == ("US4869171078", 30, 280)


def test_degiro_pence_become_pounds(read):
    text = degiro(
        '03-03-2026,09:04,03-03-2026,AVIVA,GB00BPQY8M80,"Buy 4 AVIVA@496 GBX (GB00BPQY8M80)",,GBP,-19.84,GBP,80.16,'
    )
    line = lines(read(text))["GB00BPQY8M80"]
    assert (line.price, line.currency, line.market_value) == (Decimal("4.96"), "GBP", Decimal("19.84"))


def test_degiro_words_that_are_not_known_are_kept_out_and_counted(read):
    text = degiro('03-03-2026,09:04,03-03-2026,,,Iets nieuws,,EUR,"-5,00",EUR,"5,00",')
    intake = read(text)
    assert intake.problems[0].row == 2
    assert intake.problems[0].value == "Iets nieuws"
    assert "were kept out: 'Iets nieuws'" in notes(intake)


SAXO = (
    "Client ID,Trade Date,Value Date,Type,Instrument,Instrument ISIN,Instrument currency,Exchange Description,"
    "Instrument Symbol,Event,Amount,Order ID,Conversion Rate\n"
)


def test_saxo_quantity_and_price_are_inside_a_text(read):
    intake = read(
        SAXO
        + '1234,03-mrt-2026,05-mrt-2026,Transactie,Acme,US0378331005,USD,X,AAPL:xnas,Koop 3 @ 139.74 USD,"-420,22",,1\n'
        + '1234,02-mei-2026,04-mei-2026,Trade,Acme Inc,US0378331005,USD,X,AAPL:xnas,Sell 1 @ 150.00 USD,"149,00",,1\n'
        + "1234,01-mrt-2026,01-mrt-2026,Cash Transfer,,,USD,,,Deposit,1000,,1\n"
    )
    assert (intake.format, intake.problems) == ("saxo", ())
    line = lines(intake)["AAPL:xnas"]
    assert (line.quantity, line.price, line.priced_on) == (2, 150, None)
    assert line.cost == round(Decimal("420.22") * 2 / 3, 8)
    assert lines(intake)["CASH_USD"].market_value == Decimal("728.78")
    assert intake.portfolios[0].account == "1234"


def test_saxo_converted_money_goes_to_the_one_currency_of_the_account(read):
    row = '1,03-Mar-2026,05-Mar-2026,Trade,Acme,US0378331005,USD,NASDAQ,AAPL:xnas,Buy 1 @ 100.00 USD,"-93,00",,0.92\n'
    deposit = "1,01-Mar-2026,01-Mar-2026,Cash Transfer,,,EUR,,,Deposit,1000,,1\n"
    intake = read(SAXO + row + deposit)
    assert lines(intake)["CASH_EUR"].market_value == 907
    assert lines(intake)["AAPL:xnas"].cost == round(Decimal(93) / Decimal("0.92"), 8)
    other = "1,01-Mar-2026,01-Mar-2026,Cash Transfer,,,USD,,,Deposit,1000,,1\n"
    unsure = read(SAXO + row + deposit + other)
    assert set(lines(unsure)) == {"AAPL:xnas"}
    assert "does not name" in unsure.problems[0].message


TRADE_REPUBLIC = {
    "nl": ("Datum;Transactietype;Waarde (netto);Opmerking;ISIN;Aantal;Kosten;Belasting", "Aankoop", "Storting"),
    "de": ("Datum;Typ;Wert;Notiz;ISIN;Stück;Gebühren;Steuern", "Kauf", "Einlage"),
    "en": ("Date;Type;Value;Note;ISIN;Shares;Fees;Taxes", "Buy", "Deposit"),
    "fr": ("Date;Type;Valeur;Note;ISIN;Parts;Frais;Impôts / Taxes", "Achat", "Dépôt"),
}


@pytest.mark.parametrize("language", TRADE_REPUBLIC)
def test_trade_republic_is_read_in_its_languages(read, language):
    header, bought, deposit = TRADE_REPUBLIC[language]
    point = language == "en"
    amounts = ("-690.25", "5.5", "-1.0", "1000.5") if point else ("-690,25", "5,5", "-1,0", "1000,5")
    intake = read(
        f"{header}\n2026-03-02;{deposit};{amounts[3]};A Person;;;;\n"
        f"2026-03-03T11:30:27;{bought};{amounts[0]};Krka;SI0031102120;{amounts[1]};{amounts[2]};\n"
    )
    assert (intake.format, intake.problems) == ("traderepublic", ())
    line = lines(intake)["SI0031102120"]
    assert (line.quantity, line.cost) == (Decimal("5.5"), Decimal("690.25"))
    assert line.price == round(Decimal("689.25") / Decimal("5.5"), 8)
    assert lines(intake)["CASH_EUR"].market_value == Decimal("310.25")
    assert "in euro" in notes(intake)


def test_a_number_that_could_be_two_takes_the_sign_of_its_row_or_is_refused(read):
    header = TRADE_REPUBLIC["nl"][0]
    known = "2026-03-02;Storting;1000,5;P;;;;\n2026-03-03;Buy;-24.99;F;LU1829221024;0.2989;;\n"
    row = read(f"{header}\n{known}2026-03-04;Verkoop;10,799;F;LU1829221024;0,1043;;\n")
    assert not row.problems
    assert lines(row)["CASH_EUR"].market_value == Decimal("1000.5") - Decimal("24.99") + Decimal("10.799")
    unsure = read(f"{header}\n{known}2026-03-04;Dividend;10,799;F;LU1829221024;;;\n")
    assert "could be two numbers" in unsure.problems[0].message
    assert "CASH_EUR" not in lines(unsure)


def test_finpension_byte_order_mark_thousandths_of_units_and_negative_sales(read):
    header = (
        '\ufeffDate;Category;"Asset Name";ISIN;"Number of Shares";"Asset Currency";"Currency Rate";'
        '"Asset Price in CHF";"Cash Flow";Balance\n'
    )
    intake = read(
        header
        + '2026-03-05;Sell;"CSIF Equity Switzerland";CH0033782431;-0.002000;CHF;1.0;1700.00;3.400000;87.790000\n'
        + '2026-03-04;"Flat-rate administrative fee";;;;CHF;1.0;;-0.610000;84.390000\n'
        + '2026-03-03;Buy;"CSIF Equity Switzerland";CH0033782431;0.010000;CHF;1.0;1500.00;-15.000000;85.000000\n'
        + "2026-03-02;Deposit;;;;CHF;1.0;;100.000000;100.000000\n"
    )
    assert (intake.format, intake.problems) == ("finpension_3a", ())
    line = lines(intake)["CH0033782431"]
    assert (line.quantity, line.price, line.cost) == (Decimal("0.008"), 1700, 12)
    assert line.asset_class is AssetClass.EQUITY_FUND
    assert lines(intake)["CASH_CHF"].market_value == Decimal("87.79")
    assert "running balance" not in notes(intake)


SWISSQUOTE = (
    "Date;Order #;Transaction;Symbol;Name;ISIN;Quantity;Unit price;Costs;Accrued Interest;Net Amount;Balance;Currency\n"
)


def test_swissquote_an_exchange_of_currencies_is_a_credit_and_a_debit(read):
    intake = read(
        SWISSQUOTE
        + "04-03-2026 12:00:25;77;Forex credit;;;;1.0;950.00;0.00;0.00;950.00;950.00;EUR\n"
        + "04-03-2026 12:00:25;77;Forex debit;;;;1.0;1000.00;0.00;0.00;-1000.00;4000.00;CHF\n"
        + "03-03-2026 08:00:00;0;Credit;;;;1.0;5000.00;0.00;0.00;5000.00;5000.00;CHF\n"
    )
    assert (intake.format, intake.problems) == ("swissquote", ())
    cash = {symbol: line.market_value for symbol, line in lines(intake).items()}
    assert cash == {"CASH_EUR": 950, "CASH_CHF": 4000}
    assert [flow.amount for flow in intake.portfolios[0].flows] == [5000]
    half = read(SWISSQUOTE + "04-03-2026 12:00:25;77;Forex credit;;;;1.0;950.00;0.00;0.00;950.00;950.00;EUR\n")
    assert "one side only" in notes(half)


def test_swissquote_the_banks_charge_for_a_payment_is_no_flow(read):
    intake = read(
        SWISSQUOTE
        + "04-03-2026 07:00:15;0;Debit;;;;1.0;2000.00;2.00;0.00;-2002.00;2998.00;CHF\n"
        + "03-03-2026 08:00:00;0;Credit;;;;1.0;5000.00;0.00;0.00;5000.00;5000.00;CHF\n"
    )
    assert [flow.amount for flow in intake.portfolios[0].flows] == [5000, -2000]
    assert lines(intake)["CASH_CHF"].market_value == 2998


def test_swissquote_bonds_are_quoted_per_hundred(read):
    intake = read(
        SWISSQUOTE
        + "04-03-2026 10:00:00;9;Buy;;1.5% ISSUER 2030;CH0012032048;10000.0;98.50;25.00;12.00;-9887.00;113.00;CHF\n"
        + "03-03-2026 08:00:00;0;Credit;;;;1.0;10000.00;0.00;0.00;10000.00;10000.00;CHF\n"
    )
    line = lines(intake)["CH0012032048"]
    assert (line.price, line.market_value) == (Decimal("0.985"), 9850)
    assert "percent of a nominal" in notes(intake)


AVANZA = (
    "Datum;Konto;Typ av transaktion;Värdepapper/beskrivning;Antal;Kurs;Belopp;Transaktionsvaluta;Courtage (SEK);"
    "Valutakurs;Instrumentvaluta;ISIN;Resultat\n"
)


def test_avanza_decimal_comma_fractions_accounts_and_foreign_prices(read):
    intake = read(
        AVANZA
        + "2026-03-04;ISK;Sälj;Global Index;-2,25;120,5;271,13;SEK;0;;SEK;NO0010827280;\n"
        + "2026-03-03;ISK;Köp;Acme;2;330,16;-7104,41;SEK;21,45;10,72655;USD;US0378331005;\n"
        + "2026-03-02;ISK;Köp;Global Index;6,3572;191,120305;-1214,99;SEK;0;;SEK;NO0010827280;\n"
        + "2026-03-01;ISK;Insättning;Från bank;;;10000;SEK;;;;;\n"
        + "2026-03-01;KF;Insättning;Från bank;;;500;SEK;;;;;\n"
    )
    assert (intake.format, intake.problems) == ("avanza", ())
    assert [portfolio.account for portfolio in intake.portfolios] == ["ISK", "KF"]
    assert {portfolio.as_of for portfolio in intake.portfolios} == {date(2026, 3, 4)}
    held = lines(intake)
    assert held["NO0010827280"].quantity == Decimal("4.1072")
    acme = held["US0378331005"]
    assert (acme.currency, acme.price) == ("USD", Decimal("330.16"))
    rate = (Decimal("7104.41") - Decimal("21.45")) / Decimal("660.32")
    assert acme.cost == round(Decimal("660.32") + Decimal("21.45") / rate, 8)
    assert held["CASH_SEK"].market_value == 10000 - Decimal("1214.99") - Decimal("7104.41") + Decimal("271.13")


def test_avanza_a_fund_that_became_another_keeps_its_cost(read):
    intake = read(
        AVANZA
        + "2026-03-04;ISK;Övrigt;New Fund;20;;;;;;;LU2553958823;\n"
        + "2026-03-04;ISK;Övrigt;OLD FUND;-10;;;;;;;LU0302296149;\n"
        + "2026-03-02;ISK;Köp;Old Fund;10;50;-500;SEK;0;;SEK;LU0302296149;\n"
        + "2026-03-01;ISK;Insättning;Från bank;;;500;SEK;;;;;\n"
    )
    (line,) = intake.portfolios[0].holdings
    assert (line.isin, line.quantity, line.cost, line.price) == ("LU2553958823", 20, 500, 25)


def test_an_isin_with_a_wrong_check_digit_is_left_blank_and_said(read):
    intake = read(
        AVANZA
        + "2026-03-02;ISK;Köp;Tracker One;2;890,47;-1800;SEK;19;;SEK;SE0007126000;\n"
        + "2026-03-01;ISK;Insättning;Från bank;;;5000;SEK;;;;;\n"
    )
    line = lines(intake)["SE0007126000"]
    assert (line.isin, line.name) == ("", "Tracker One")
    assert "wrong check digit" in notes(intake)
