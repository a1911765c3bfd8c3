"""How a document begins: the quick look and the parser see the same root and the same namespaces."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from lxml import etree

from alerting.errors import FeedFormatError
from alerting.feeds.formats.head import read_head


BEGINNINGS = [
    b"",
    b"\xef\xbb\xbf",
    b'<?xml version="1.0" encoding="UTF-8"?>\n',
    b"<?xml version='1.0'?><?xml-stylesheet href='a?b>c' ?>",
    b"<!-- a > b - c --><!---->\n\t",
    b"<!DOCTYPE notice>",
]
TAGS = [
    b"<notice>",
    b"<n:notice xmlns:n='urn:n'>",
    b'<notice  xmlns = "urn:a"\n xmlns:b="urn:b" c="d > e" >',
    b'<notice xmlns="urn:a&amp;b">',
    "<notice xmlns='urn:é'>".encode(),
    b"<notice/>",
]


@given(st.lists(st.sampled_from(BEGINNINGS[2:5]), max_size=3), st.sampled_from(TAGS), st.booleans())
def test_root_and_namespaces_are_those_that_the_parser_sees(prolog, tag, has_mark):
    """
    Declarations, comments, instructions and marks before it, quotes of both kinds, references within it.
    """
    text = (BEGINNINGS[1] if has_mark else b"") + b"".join(prolog) + tag
    document = text if tag.endswith(b"/>") else text + b"</" + tag[1:].split()[0].rstrip(b">") + b">"
    try:
        root = etree.fromstring(document)
    except etree.XMLSyntaxError:
        # A declaration that does not stand first: what it begins with is known, that it is broken is said later.
        return

    head = read_head(document, feed_id="f")

    assert head.root == "notice"
    assert set(head.namespaces) == set(root.nsmap.values())


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_document_type_before_the_root_hides_it_from_nobody(beginning):
    """
    Whatever stands before it, the root is found.
    """
    assert read_head(beginning + b"<notice>", feed_id="f").root == "notice"


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a/>',
        b'<!-- a --><!DOCTYPE a [<!ENTITY b "c">]><a/>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16"),
    ],
)
def test_a_document_that_defines_entities_is_refused_before_it_is_parsed(document):
    """
    In any encoding, behind whatever stands before.
    """
    with pytest.raises(FeedFormatError, match=r"^feed 'f': document type: defines entities; expected none$"):
        read_head(document, feed_id="f")
