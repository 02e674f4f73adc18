"""Every reader of XML refuses what makes a small file enormous, reaches out, or never ends."""

from __future__ import annotations

import pytest

from core.errors import UnreadableFile
from core.intake.opening import limits, xml_tree

ROOTS = {
    "ibkr_flex": "<FlexQueryResponse>{}</FlexQueryResponse>",
    "ofx": "<OFX><INVSTMTRS>{}</INVSTMTRS></OFX>",
    "sec_nport": '<edgarSubmission xmlns="http://www.sec.gov/edgar/nport"><formData><genInfo/><fundInfo/>{}</formData>'
    "</edgarSubmission>",
    "sec_13f": "<informationTable>{}</informationTable>",
    "portfolio_performance": "<client><version>60</version><securities>{}</securities></client>",
}
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
HEADS = {
    "billion laughs": LAUGHS,
    "quadratic blow-up": '<!DOCTYPE x [<!ENTITY a "' + "x" * 10_000 + '">]>',
    "a local file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "an outside document type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("kind", ROOTS)
def test_document_types_and_entities_are_refused(read, kind, head):
    text = '<?xml version="1.0"?>' + head + ROOTS[kind].format("&a;&c;")
    with pytest.raises(UnreadableFile, match="document type or entities"):
        read(text, "f.xml", format=kind)


@pytest.mark.parametrize("kind", ROOTS)
def test_bottomless_nesting_is_refused_without_recursion(read, kind):
    deep = '<?xml version="1.0"?>' + ROOTS[kind].format("<a>" * 20_000 + "</a>" * 20_000)
    with pytest.raises(UnreadableFile, match="deeper than"):
        read(deep, "f.xml", format=kind)


@pytest.mark.parametrize("kind", ROOTS)
def test_xml_over_its_own_cap_is_refused_before_it_is_parsed(read, kind):
    padding = ROOTS[kind].format(" " * limits.MAX_XML_BYTES)
    with pytest.raises(UnreadableFile, match="bytes and at most"):
        read('<?xml version="1.0"?>' + padding, "f.xml", format=kind)


@pytest.mark.parametrize("kind", [kind for kind in ROOTS if kind != "ibkr_flex"])
def test_more_elements_than_any_statement_has_are_refused(read, kind, monkeypatch):
    monkeypatch.setattr(xml_tree, "MAX_ELEMENTS", 50)
    with pytest.raises(UnreadableFile, match="more than 50 elements"):
        read('<?xml version="1.0"?>' + ROOTS[kind].format("<a/>" * 100), "f.xml", format=kind)


@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize(
    "text", ["<a><b></a>", "<a", "\ufeff", "<?xml version='1.0' encoding='latin-99'?><a/>", "<a/>"]
)
def test_broken_and_foreign_xml_is_refused_with_a_sentence(read, kind, text):
    with pytest.raises(UnreadableFile):
        read(text, "f.xml", format=kind)
