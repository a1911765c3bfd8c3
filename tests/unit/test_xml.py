"""The text of an element, as it is read for every format."""

from __future__ import annotations

import pytest

from alerting.feeds.formats.xml import read_xml, text_of, texts_of


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("<ajouter>Lire 12 mois.</ajouter><supprimer>10 mois.</supprimer>", "Lire 12 mois. 10 mois.", id="children"),
        pytest.param("reporté au <b>5 octobre</b> à midi", "reporté au 5 octobre à midi", id="words around a child"),
        pytest.param("<a>26</a><b>12</b>", "26 12", id="numbers that would make another one"),
        pytest.param("<a/> <b>  </b>", None, id="children without words"),
        pytest.param("  deux  mots ", "deux  mots", id="no children: as it is, trimmed"),
        pytest.param("<!-- why -->mot", "mot", id="a comment is no text"),
    ],
)  # fmt: skip
def test_the_words_of_children_do_not_run_into_one_another(content, text):
    """
    A space stands between two children's texts, and none is lost.
    """
    root = read_xml(f"<r><e>{content}</e></r>".encode(), feed_id="f")

    found = text_of(root, "e")

    assert (" ".join(found.split()) if found is not None and "<" in content else found) == text
    assert texts_of(root, "e") == (() if found is None else (found,))
