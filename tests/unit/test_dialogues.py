"""The log of dialogues: what it proves of a worker that is gone, and when it proves nothing."""

from __future__ import annotations

import pytest

from alerting.delivery.dialogues import Fate, Proof, forget_dialogues, open_dialogues, read_dialogues
from alerting.errors import SettingError


class KilledError(BaseException):
    """The process ends here."""


def die_after(folder, notes) -> None:
    """Write some notes as a worker that is killed."""
    with pytest.raises(KilledError), open_dialogues(folder, "w") as log:
        note_and_die(log, notes)


def note_and_die(log, notes) -> None:
    for delivery_id, answer in notes:
        log.note_dot(delivery_id)
        if answer != "nothing":
            log.note_answer(delivery_id, answer)
    raise KilledError


def test_a_worker_that_is_gone_is_believed(tmp_path):
    """
    One mail was taken, one refused, one ended without an answer; of any other the end was never said.
    """
    die_after(tmp_path, [(7, "250 queued"), (8, None), (9, "nothing")])

    assert read_dialogues(tmp_path, "w") == {
        7: Proof(Fate.SENT, "250 queued"),
        8: Proof(Fate.NOT_SENT),
        9: Proof(Fate.IN_DOUBT),
    }
    forget_dialogues(tmp_path, "w")
    assert read_dialogues(tmp_path, "w") is None


def test_the_last_dialogue_of_a_mail_counts(tmp_path):
    """
    Refused at first, and then ended once more without an answer.
    """
    die_after(tmp_path, [(7, None), (7, "nothing")])

    assert read_dialogues(tmp_path, "w") == {7: Proof(Fate.IN_DOUBT)}


def test_a_worker_that_lives_is_not_spoken_for(tmp_path):
    """
    Its log is locked while it works, and removed when all ended well.
    """
    with open_dialogues(tmp_path, "w") as log:
        log.note_dot(7)
        assert read_dialogues(tmp_path, "w") is None

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text + '["dot", ', id="a line that was cut off"),
        pytest.param(
            lambda text: text.replace('["boot", "', '["boot", "other'), id="another run of the machine"
        ),
        pytest.param(lambda _: "", id="an empty file"),
        pytest.param(
            lambda text: text + '["dot", 8, nu["dot", 9, null]\n', id="half a line among whole ones"
        ),
        pytest.param(lambda text: text + '{"dot": 8}\n', id="a line that is no note"),
    ],
)
def test_a_log_that_may_lack_something_proves_nothing(tmp_path, damage):
    """
    What was not forced to the disk may be missing after the machine went down.
    """
    die_after(tmp_path, [(7, "250 queued")])
    path = tmp_path / "w"
    path.write_text(damage(path.read_text()))

    assert read_dialogues(tmp_path, "w") is None


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path):
    """
    Without the log no mail leaves.
    """
    folder = tmp_path / "file"
    folder.write_text("")

    with pytest.raises(SettingError) as caught, open_dialogues(folder, "w"):
        pass

    assert str(caught.value) == (
        f"setting ALERTING_DIALOGUES: expected a folder that can be written to (got {str(folder)!r})"
    )
