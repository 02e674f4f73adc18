"""Registers of legal entities: kept as far as they concern what is held, and never wrong in silence."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.desk.legal_entities import EntityService
from core.domain.actor import LOCAL, Actor, Role
from core.domain.instrument import Terms
from core.domain.issuers import IssuerLinks, with_entities
from core.domain.portfolio import AssetClass, Portfolio
from core.drafts.fact_sheets import sheets_of
from core.drafts.rule_checks import checks_of
from core.errors import NotPermitted, UnreadableFile
from core.intake.funds.legal_entities import EntityReading, Held, read_entities
from core.metrics.fx import EcbRates
from core.storage.store import Store
from tests.unit.metrics.making import holding, portfolio, values

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def lei(stem: str) -> str:
    """A made identifier with right check digits."""
    base = stem.ljust(18, "0")
    number = int("".join(str(int(one, 36)) for one in f"{base}00"))
    return f"{base}{98 - number % 97:02d}"


ROBOTS, BREWERY, MIDDLE, PARENT = map(lei, ("ROBOTS", "BREWERY", "MIDDLE", "PARENT"))
APPLE, SAP, SHELL = "US0378331005", "DE0007164600", "GB00BP6MXD84"
HEADER = (
    "Relationship.StartNode.NodeID,Relationship.StartNode.NodeIDType,Relationship.EndNode.NodeID,"
    "Relationship.EndNode.NodeIDType,Relationship.RelationshipType,Relationship.RelationshipStatus"
)


def read(text: str | bytes, held: Held = Held()) -> EntityReading:  # noqa: B008  # a frozen value
    return read_entities("file.csv", io.BytesIO(text if isinstance(text, bytes) else text.encode()), held)


def relation(start: str, end: str, kind: str = "IS_ULTIMATELY_CONSOLIDATED_BY", status: str = "ACTIVE") -> str:
    return f"{start},LEI,{end},LEI,{kind},{status}"


def test_isins_are_mapped_with_and_without_a_mark_and_in_an_archive() -> None:
    text = f"LEI,ISIN\n{ROBOTS},{APPLE}\n{BREWERY},{SAP}\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("isin-lei.csv", text)
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), packed.getvalue()):
        assert read(data).leis == {APPLE: ROBOTS, SAP: BREWERY}


def test_rows_with_a_wrong_code_are_named_and_the_others_come_in() -> None:
    found = read(f"LEI,ISIN\n{ROBOTS[:-1]}X,{APPLE}\n{ROBOTS},US0378331006\n{BREWERY},{SAP}\n")
    assert [(one.row, one.column) for one in found.problems] == [(2, "LEI"), (3, "ISIN")]
    assert found.leis == {SAP: BREWERY}


def test_an_isin_with_two_identifiers_has_none() -> None:
    found = read(f"LEI,ISIN\n{ROBOTS},{APPLE}\n{BREWERY},{APPLE}\n{ROBOTS},{APPLE}\n")
    assert found.leis == {}
    assert any(APPLE in note for note in found.notes)


def test_groups_end_with_the_ultimate_parent_or_the_last_of_the_direct_ones() -> None:
    direct = "IS_DIRECTLY_CONSOLIDATED_BY"
    rows = [
        relation(ROBOTS, PARENT), relation(ROBOTS, MIDDLE, direct), relation(BREWERY, MIDDLE, direct),
        relation(MIDDLE, PARENT, direct), relation(lei("GONE"), PARENT, status="INACTIVE"),
        relation(lei("BRANCH"), PARENT, "IS_INTERNATIONAL_BRANCH_OF"),
        relation(lei("ONE"), lei("TWO"), direct), relation(lei("TWO"), lei("ONE"), direct),
    ]  # fmt: skip
    found = read("\n".join([HEADER, *rows]))
    assert {key: found.parents[key] for key in (ROBOTS, BREWERY, MIDDLE)} == dict.fromkeys(
        (ROBOTS, BREWERY, MIDDLE), PARENT
    )
    assert lei("BRANCH") not in found.parents
    assert found.ended == {lei("GONE")}


def test_relationships_as_xml_say_the_same() -> None:
    record = (
        f"<rr:RelationshipRecord><rr:Relationship><rr:StartNode><rr:NodeID>{ROBOTS}</rr:NodeID></rr:StartNode><rr:EndNode>"
        f"<rr:NodeID>{PARENT}</rr:NodeID></rr:EndNode><rr:RelationshipType>IS_ULTIMATELY_CONSOLIDATED_BY</rr:RelationshipType>"
        "<rr:RelationshipStatus>ACTIVE</rr:RelationshipStatus></rr:Relationship></rr:RelationshipRecord>"
    )
    text = f'<rr:RelationshipData xmlns:rr="x">{record}</rr:RelationshipData>'
    assert read(text).parents == {ROBOTS: PARENT}
    with pytest.raises(UnreadableFile, match="document type"):
        read(f'<!DOCTYPE x [<!ENTITY a "b">]>{text}')


def test_legal_names_are_read_by_their_column() -> None:
    found = read(f'LEI,Entity.LegalName,Entity.LegalName.xmllang\n{ROBOTS},"Invented Robots, Incorporated",en\n')
    assert found.names == {ROBOTS: "Invented Robots, Incorporated"}


def test_of_a_large_register_only_what_is_held_is_kept() -> None:
    text = f"LEI,ISIN\n{PARENT},{SHELL}\n{ROBOTS},{APPLE}\n{BREWERY},{SAP}\n"
    found = read(text, Held(frozenset({SAP}), small=1))
    assert (found.leis, found.rows) == ({SAP: BREWERY}, 3)
    assert any("Import the file again after new holdings" in note for note in found.notes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a,b\n1,2\n", "no register"), (b"", "no register"), (b"\xff\xfe\x00", "UTF-8"),
        (b"PK\x03\x04broken", "damaged"), (b"LEI,ISIN\n" + b"x" * 300_000, "a line"), (b"<a>", "not valid XML"),
    ],
)  # fmt: skip
def test_what_is_no_register_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(data)


def test_an_archive_that_unpacks_to_far_more_than_it_weighs_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("isin-lei.csv", b"LEI,ISIN\n" + b"\n" * 3_000_000)
    with pytest.raises(UnreadableFile, match="unpacks"):
        read(packed.getvalue())


def test_what_is_kept_is_added_to_corrected_and_ended(store: Store, tmp_path: Path) -> None:
    entities = EntityService(store, lambda: NOW)
    first, second, third = (tmp_path / name for name in ("isin.csv", "rr.csv", "bad.csv"))
    first.write_text(f"LEI,ISIN\n{ROBOTS},{APPLE}\n")
    second.write_text(f"{HEADER}\n{relation(ROBOTS, PARENT)}\n{relation(BREWERY, PARENT)}\n")
    third.write_text("a,b\n")
    done = entities.import_paths(LOCAL, [first, second, third])
    assert [(one.kind, one.rows, one.kept) for one in done.kept] == [("isins", 1, 1), ("parents", 2, 2)]
    assert [one.file for one in done.problems] == ["bad.csv"]
    entities.add(LOCAL, "rr.csv", f"{HEADER}\n{relation(BREWERY, PARENT, status='INACTIVE')}\n".encode())
    entities.add(LOCAL, "isin.csv", f"LEI,ISIN\n{BREWERY},{APPLE}\n".encode())
    links = store.entities.links()
    assert (links.leis, links.parents) == ({APPLE: BREWERY}, {ROBOTS: PARENT})
    counts = entities.counts(LOCAL)
    assert (counts.isins, counts.names, counts.parents, counts.updated_at) == (1, 0, 1, NOW)
    with pytest.raises(NotPermitted):
        entities.add(Actor("v", "Vera", frozenset({Role.VIEWER})), "x", b"x")


LINKS = IssuerLinks({APPLE: ROBOTS, SAP: ROBOTS}, {PARENT: "The Parent"}, {ROBOTS: PARENT})


def two_spellings() -> Portfolio:
    shares = (
        holding("A", 40, isin=APPLE, terms=Terms(issuer="Robots Inc")),
        holding("B", 20, isin=SAP, terms=Terms(issuer="Androids Holding", issuer_group="Own word")),
        holding("C", 40, isin=SHELL, terms=Terms(issuer="Else")),
        holding("D", 0, isin=APPLE, asset_class=AssetClass.EQUITY_FUND),
    )
    return portfolio(*shares)


def test_blanks_are_filled_and_what_a_line_says_stays() -> None:
    one = with_entities(two_spellings(), LINKS)
    assert [(line.terms.lei, line.terms.issuer, line.terms.issuer_group) for line in one.holdings] == [
        (ROBOTS, "Robots Inc", "The Parent"),
        (ROBOTS, "Androids Holding", "Own word"),
        ("", "Else", ""),
        ("", "", ""),
    ]
    assert with_entities(two_spellings(), IssuerLinks()) == two_spellings()


def test_with_the_register_two_spellings_are_one_issuer_in_figures_and_rules(sqlite_store: Store) -> None:
    sqlite_store.portfolios.save([two_spellings()], lambda _: Decimal(1), actor="ada", at=NOW)
    rates = EcbRates()

    def largest() -> tuple[float, float | None]:
        (sheet,) = sheets_of(sqlite_store, rates, [two_spellings()])
        (done,) = checks_of(sqlite_store, rates, [two_spellings()], regimes=["ucits"])
        rule = next(one for one in done.results if one.rule_id == "EU.UCITS.52.1-2")
        return values(sheet)["issuer_top1_weight"], rule.measured

    assert largest()[0] == pytest.approx(40)
    sqlite_store.entities.keep(LINKS, (), at=NOW)
    assert largest()[0] == pytest.approx(60)
    (done,) = checks_of(sqlite_store, rates, [two_spellings()], regimes=["ucits"])
    assert any("Robots Inc" in note and "Androids Holding" in note for note in done.notes), done.notes


def test_figures_change_their_stamp_when_a_register_comes_in(sqlite_store: Store) -> None:
    from core.storage.portfolios.versions import Versions

    versions = Versions(sqlite_store.database)
    before = versions.stamp("p", ["A"])
    sqlite_store.entities.keep(LINKS, (), at=datetime.combine(date(2026, 12, 1), datetime.min.time(), UTC))
    assert versions.stamp("p", ["A"]) != before
