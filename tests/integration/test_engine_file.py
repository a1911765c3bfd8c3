"""An engine is written to a file and read again: no profile is compiled twice for nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from alerting.domain.criteria import Criteria
from alerting.domain.notice import Notice, NoticeKind
from alerting.matching.engine import Engine, Pair, in_pairs


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


def pairs(engine: Engine) -> list[Pair]:
    """Return the pairs that an engine finds, by profile."""
    return sorted(in_pairs(engine.match(NUMBERED)), key=lambda pair: pair[0])


def test_what_was_saved_is_what_is_loaded(tmp_path):
    """
    Profiles, changes and departures: the loaded engine finds the same pairs, and can be changed on.
    """
    saved = engine()
    saved.save(tmp_path / "engine.npz")

    loaded = Engine.load(tmp_path / "engine.npz")

    assert [profile for profile, _, _ in pairs(loaded)] == ["couvreur", "mots"]
    assert pairs(loaded) == pairs(saved)
    loaded.put("parti", Criteria(trades=("couvreur",)))
    assert [profile for profile, _, _ in pairs(loaded)] == ["couvreur", "mots", "parti"]


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


def test_a_file_that_needs_another_unpacker_is_no_engine(tmp_path):
    """
    What says that it was packed by a later version of zip is refused like any other damage.
    """
    path = tmp_path / "engine.npz"
    engine().save(path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 6 : entry + 8] = (74).to_bytes(2, "little")
    path.write_bytes(content)

    with pytest.raises(ValueError, match="no saved engine"):
        Engine.load(path)


def test_two_that_write_at_once_leave_one_whole_file_and_nothing_else(tmp_path):
    """
    Whoever comes last stands, and no half of the other's.
    """
    path = tmp_path / "engine.npz"
    with ThreadPoolExecutor(4) as writers:
        list(writers.map(lambda _: engine().save(path), range(24)))

    assert [profile for profile, _, _ in pairs(Engine.load(path))] == ["couvreur", "mots"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_removed_by_a_later_one(tmp_path):
    """
    An unfinished file of hours ago is nobody's any more; a young one may still be written.
    """
    kept, left = (tmp_path / f"engine.npz.{number}-abcd.new" for number in (1, 2))
    kept.touch()
    left.touch()
    os.utime(left, (0, 0))

    engine().save(tmp_path / "engine.npz")

    assert (kept.exists(), left.exists()) == (True, False)
