"""The searchable copy, in a real Elasticsearch."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from alerting.domain.notice import Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import Procedure, ProcedureState
from alerting.errors import SearchUnavailableError
from alerting.index.procedures import SearchIndex


@pytest.fixture
def index(elasticsearch_url):
    """An index of this test alone."""
    own = SearchIndex(elasticsearch_url, f"test-{uuid4().hex}")
    own.ensure()
    yield own
    own.close()


def procedure(number, title, **facts):
    """Build an open procedure."""
    notice = Notice("feed", str(number), None, NoticeKind.CALL, title, **facts)
    return Procedure(number, 1, ProcedureState.OPEN, notice)


def test_a_procedure_is_found_by_other_forms_of_its_words(index):
    """
    Plural or singular, with accents or without: the stems are the same, and the place narrows.
    """
    slates = procedure(1, "Réfection de la toiture en ardoise", places=(Place(departement="35"),))
    elsewhere = procedure(2, "Toitures en ardoises de l'école", places=(Place(departement="29"),))

    refused = index.put([slates, elsewhere])

    assert (refused, index.count()) == ((), 2)
    assert [found["title"] for found in index.search("TOITURES ARDOISES", departement="35")] == [
        slates.view.title
    ]


def test_a_lot_makes_its_procedure_found(index):
    """
    Words that stand in a lot alone are enough.
    """
    school = procedure(1, "Construction d'une école", lots=(Lot("7", "Plomberie - sanitaires"),))

    index.put([school])
    index.count()

    assert [found["procedure_id"] for found in index.search("plomberie")] == [1]


def test_a_procedure_put_again_replaces_itself(index):
    """
    The copy is whole and under the procedure's own id: putting twice keeps one.
    """
    first = procedure(1, "Peinture")

    index.put([first])
    index.put([replace(first, revision=2)])

    assert index.count() == 1


def test_a_procedure_that_became_part_of_another_is_not_found(index):
    """
    Its notices are found under the other.
    """
    index.put([replace(procedure(1, "Peinture"), state=ProcedureState.MERGED), procedure(2, "Peinture")])
    index.count()

    assert [found["procedure_id"] for found in index.search("peinture")] == [2]


def test_an_index_that_is_away_says_so_in_one_line():
    """
    No server: a transient error, that names the index.
    """
    away = SearchIndex("http://127.0.0.1:9", "procedures")

    with pytest.raises(SearchUnavailableError) as caught:
        away.ensure()
    away.close()

    assert str(caught.value) == "search index 'procedures': no answer (ConnectionError)"
