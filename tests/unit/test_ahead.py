"""Work one piece ahead, in order and to the end."""

from __future__ import annotations

from threading import Event

import pytest

from alerting.pipeline.ahead import made_ahead


def test_pieces_come_in_their_order():
    """
    All of them, whoever makes them; nothing at all where there is none.
    """
    with made_ahead(range(5)) as pieces:
        found = list(pieces)
    with made_ahead(()) as pieces:
        assert list(pieces) == []

    assert found == [0, 1, 2, 3, 4]


def test_the_next_piece_is_made_while_one_is_used():
    """
    The second is made before anybody asks for it, and the third is not.
    """
    is_made = Event()
    made = []

    def make():
        for number in (1, 2, 3):
            made.append(number)
            if number == 2:
                is_made.set()
            yield number

    with made_ahead(make()) as pieces:
        first = next(pieces)
        # Ends only because the second is made meanwhile.
        assert is_made.wait(timeout=60)

    assert (first, made) == (1, [1, 2])


def test_what_making_raises_comes_after_the_pieces_before_it():
    """
    The piece that was made is used; the error is where the next would have been.
    """

    def make():
        yield 1
        raise ConnectionError("away")

    found = []
    with pytest.raises(ConnectionError, match="away"), made_ahead(make()) as pieces:
        found += pieces

    assert found == [1]


def test_who_stops_using_stops_the_making():
    """
    An error of the user's ends the thread, too: no further piece is made.
    """
    made = []

    def make():
        for number in range(10):
            made.append(number)
            yield number

    with pytest.raises(KeyError), made_ahead(make()) as pieces:
        raise KeyError(next(pieces))

    assert made == [0, 1]
