"""An engine is written to a file and read again: no profile is compiled twice for nothing."""

from __future__ import annotations

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.notice import Notice, NoticeKind
from alerting.matching.engine import Engine


NUMBERED = [
    (1, Notice("any", "1", None, NoticeKind.CALL, "Réfection de la toiture de l'école", cpv_main="45261000"))
]


def engine() -> Engine:
    """Return an engine of three profiles, of which one has changed and one has gone."""
    made = Engine(
        [
            ("couvreur", Criteria(trades=("couvreur",), departements=("35",))),
            ("mots", Criteria(words=("zinguerie",))),
            ("parti", Criteria(words=("toiture",))),
        ]
    )
    made.put("mots", Criteria(words=("toiture de l'école",)))
    made.remove("parti")
    return made


def test_what_was_saved_is_what_is_loaded(tmp_path):
    """
    Profiles, changes and departures: the loaded engine finds the same pairs, and can be changed on.
    """
    saved = engine()
    saved.save(tmp_path / "engine.npz")

    loaded = Engine.load(tmp_path / "engine.npz")

    assert [pair[0] for pair in loaded.match(NUMBERED)] == ["couvreur", "mots"]
    assert list(loaded.match(NUMBERED)) == list(saved.match(NUMBERED))
    loaded.put("parti", Criteria(trades=("couvreur",)))
    assert [pair[0] for pair in loaded.match(NUMBERED)] == ["couvreur", "mots", "parti"]


def test_the_file_forgets_what_nobody_asks_for_any_more(tmp_path):
    """
    Words that a profile had before, and those of one that is gone with its name, stand nowhere in the file.
    """
    engine().save(tmp_path / "engine.npz")

    written = (tmp_path / "engine.npz").read_bytes()
    assert [word for word in (b"zinguerie", b"parti", b"couvreur") if word in written] == [b"couvreur"]
    assert b'"toiture"' not in written


def test_an_empty_engine_is_saved_and_loaded(tmp_path):
    """
    Nothing in it is something to remember, too.
    """
    Engine().save(tmp_path / "engine.npz")

    assert len(Engine.load(tmp_path / "engine.npz")) == 0


def test_half_a_file_is_no_engine(tmp_path):
    """
    A file that was cut off is refused, not half believed.
    """
    engine().save(tmp_path / "engine.npz")
    whole = (tmp_path / "engine.npz").read_bytes()
    (tmp_path / "engine.npz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ValueError, match="no saved engine"):
        Engine.load(tmp_path / "engine.npz")
