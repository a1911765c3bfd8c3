"""A plan takes out of an element what it names, and nothing else."""

from __future__ import annotations

from alerting.feeds.formats.plan import Marked, Plan, Record, Text, Whole, Within
from alerting.feeds.formats.xml import Element, read_xml


PLAN = Plan(
    {
        "ID": Text("ids"),
        "Name": Marked("names", "languageID"),
        "Terms": Whole("terms"),
        "Main": {"Code": Text("codes")},
        "Lot": Within("lots", {"ID": Text("ids"), "Place": {"City": Text("communes")}}),
    }
)


def test_a_plan_finds_texts_attributes_elements_and_records_by_local_names():
    """
    Namespaces do not matter, order does; a child of another name, and the same name elsewhere, is passed over.
    """
    root = read(
        b"""<Notice xmlns:a="urn:a" xmlns:b="urn:b"><a:ID> 1 </a:ID><b:ID>2</b:ID><Other><ID>3</ID></Other>
        <Name languageID="FRA">Mairie</Name><Name/><Main><a:Code>45</a:Code><b:Code>71</b:Code></Main>
        <Main><Code>50</Code></Main><Lot><ID>L1</ID><Place><City>Redon</City></Place></Lot><Lot><Terms/></Lot>
        <Terms><ID>4</ID></Terms></Notice>"""
    )

    found = PLAN.read(root)

    assert {
        "ids": ["1", "2"],
        "names": [("Mairie", "FRA"), ("", None)],
        "terms": [root[-1]],
        "codes": ["45", "71", "50"],
        "lots": [{"ids": ["L1"], "communes": ["Redon"]}, {}],
    } == found


def test_a_blank_text_is_no_text_and_words_of_children_are_kept_apart():
    """
    An empty element states nothing; an element with elements within states all their words.
    """
    root = read(b"<Notice><ID> </ID><ID/><ID>one<b>two</b>three</ID></Notice>")

    assert PLAN.read(root) == {"ids": ["one two three"]}


def test_what_was_not_found_is_nothing():
    """
    A name that is not there has an empty list, no first text, and an empty record; asking adds nothing.
    """
    found = PLAN.read(read(b"<Notice/>"))

    assert (found["lots"], found.first("ids"), found.record("lots"), found) == ([], None, {}, {})
    assert Record() == found


def test_a_document_of_ever_new_names_fills_no_memory():
    """
    Tags are remembered, a bounded number of them; what comes after that is found all the same.
    """
    plan = Plan({"ID": Text("ids")})
    made_up = b"".join(b"<n%d/>" % number for number in range(3_000))

    found = plan.read(read(b"<Notice>" + made_up + b'<x:ID xmlns:x="urn:late">late</x:ID></Notice>'))

    assert (found, len(plan)) == ({"ids": ["late"]}, 2_048)


def read(document: bytes) -> Element:
    """Return the root of a document."""
    return read_xml(document, feed_id="plan")
