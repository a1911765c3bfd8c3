"""Orders by hand that say too little are refused in one line, and change nothing."""

from __future__ import annotations

import pytest

from alerting import commands
from alerting.errors import AddressError, ChoiceError, NothingReadError, ProfileError, UnknownIdError
from alerting.web.server import serve


@pytest.mark.parametrize("why", ["", " \n"])
def test_an_order_without_a_reason_is_refused(subscribed, why):
    """
    Whoever asks later why an address gets no mail, or a notice was moved, would find nothing.
    """
    expected = f"expected a reason for who asks later (got {why!r})"
    for order, who in (
        (lambda: commands.add_suppression("yann@legoff.example", why=why, parts=subscribed), "suppression"),
        (lambda: commands.lift_suppression("yann@legoff.example", why=why, parts=subscribed), "suppression"),
        (lambda: commands.split_notice(1, why=why, parts=subscribed), "notice 1"),
        (lambda: commands.join_notice(1, 2, why=why, parts=subscribed), "notice 1"),
        (lambda: commands.stop_mail(why=why, parts=subscribed), "stop"),
    ):
        with pytest.raises(ChoiceError) as caught:
            order()
        assert str(caught.value) == f"{who}: {expected}"
    assert commands.list_suppressions(with_ended=True, parts=subscribed) == []


def test_a_file_of_firms_given_as_feeds_is_refused(subscribed, firms_file):
    """
    It registered no feed, and said so as if that had been asked.
    """
    with pytest.raises(ProfileError) as caught:
        commands.seed_feeds(firms_file, parts=subscribed)

    assert str(caught.value) == f"{firms_file}: expected [[feeds]] tables (got none)"


def test_an_empty_name_of_a_feed_is_no_feed(subscribed):
    """
    A shell's variable that is not set asked for the rejects of all feeds, or registered under a host's name.
    """
    with pytest.raises(UnknownIdError) as caught:
        commands.list_rejects(feed_id="", parts=subscribed)
    assert str(caught.value) == "feed '': no feed of that id"

    with pytest.raises(ProfileError) as refused:
        commands.subscribe_feed("http://kerlann.example/avis", feed_id="", parts=subscribed)
    assert str(refused.value).startswith("feed: feed_id: expected 1 to 63 letters")


def test_documents_of_which_nothing_can_be_read_are_a_failure(firms_file, tmp_path):
    """
    They were answered with "none", as notices are that match nothing.
    """
    (tmp_path / "avis.xml").write_text("<annuaire/>")
    line = "documents: no notice could be read; expected files, or folders of .atom .json .rss .xml"

    for order in (
        lambda: commands.link_notices([str(tmp_path)]),
        lambda: commands.try_match(profiles=firms_file, notices=[str(tmp_path)]),
    ):
        with pytest.raises(NothingReadError) as caught:
            order()
        assert str(caught.value) == line


def test_pages_are_not_served_on_every_address_by_mistake(parts):
    """
    An empty host, of a variable that is not set, is every address of the machine to a socket.
    """
    with pytest.raises(AddressError) as caught:
        serve(parts, host="", port=0)

    assert str(caught.value) == "address '': expected one, as 127.0.0.1, or 0.0.0.0 for all of this machine"


def test_a_folder_where_a_file_is_wanted_is_called_so(subscribed, tmp_path):
    """
    The empty name is the folder where one stands.
    """
    for path, shown in ((str(tmp_path), str(tmp_path)), ("", ".")):
        with pytest.raises(ProfileError) as caught:
            commands.import_firms(path, parts=subscribed)
        assert str(caught.value) == f"{shown}: a folder; expected a file"
