"""The repositories on a real PostgreSQL: what goes in comes out, and "once" is held by keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from alerting.domain.cadence import Cadence
from alerting.domain.criteria import Criteria
from alerting.domain.delivery import DeliveryState
from alerting.domain.digest import Digest, DigestItem, TellingKind
from alerting.domain.feed import Feed, Fetched, Reject
from alerting.domain.match import Decision, Reason
from alerting.domain.money import Money
from alerting.domain.notice import Buyer, Change, Lot, Notice, NoticeKind, Place
from alerting.domain.procedure import LinkStep, ProcedureState
from alerting.domain.profile import Firm, Profile, Recipient
from alerting.domain.suppression import SuppressionKind
from alerting.errors import Blame, StoreUnavailableError
from alerting.store import (
    deliveries,
    digests,
    documents,
    enrolments,
    feeds,
    firms,
    matches,
    notices,
    procedures,
    readers,
    rejects,
    suppressions,
    tellings,
)
from alerting.store.database import open_database, savepoint
from alerting.store.deliveries import HeldDelivery, Outcome
from alerting.store.digests import Run
from alerting.store.matches import NewMatches
from alerting.store.tables import metadata


NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FEED = Feed(feed_id="ville", authority="Ville de Kerlann", url="https://kerlann.example/avis")
NOTICE = Notice(
    feed_id="ville",
    source_id="26-1",
    version="01",
    kind=NoticeKind.CALL,
    title="Réfection de la toiture de l'école",
    published_at=NOW,
    languages=("fr",),
    buyer=Buyer("Ville de Kerlann", "21350001200015", "35"),
    cpv_main="45261210",
    cpv_additional=("45261000",),
    places=(Place(nuts_code="FRH03", departement="35", commune="Kerlann", postcode="35000"),),
    lots=(
        Lot("1", "Couverture", cpv_codes=("45261210",), value=Money(5_000_000, "EUR")),
        Lot("2", "Zinc", is_reserved=True, asks_deposit=False),
    ),
    value=Money(7_500_000, "EUR"),
    deadline_at=NOW + timedelta(days=20),
    document_url="https://kerlann.example/dce/1",
    procedure_key="a-key",
    refers_to=("26-0",),
    changes=(Change("text", None, "un mot", "preuve"),),
    is_reserved=False,
    asks_deposit=True,
)
FIRM = Firm(
    firm_id="le-goff",
    name="Couverture Le Goff",
    recipients=(Recipient("yann@legoff.example", "Yann"), Recipient("bureau@legoff.example")),
    profiles=(Profile("toits", "le-goff", "Toits", Criteria(cpv_codes=("45261000",)), Cadence.IMMEDIATE),),
)


@pytest.fixture
def connection(database):
    with database.begin() as connection:
        feeds.put_feed(connection, FEED)
        firms.put_firm(connection, FIRM, now=NOW)
        yield connection


def fetched(body: bytes = b"<a/>", url: str = FEED.url) -> Fetched:
    """Return an answer with a body."""
    return Fetched("ville", url, 200, NOW, body, "hash", '"1"', None, "text/xml", NOW + timedelta(minutes=5))


def add_notice(connection, notice: Notice = NOTICE) -> tuple[int, int]:
    """Store a notice as the first of its procedure; return (procedure_id, notice_id)."""
    document_id = documents.add_document(
        connection, fetched(url=f"https://kerlann.example/{notice.source_id}")
    )
    procedure_id = procedures.add_procedure(connection, view=notice, state=ProcedureState.OPEN)
    notice_id = notices.add_notice(
        connection,
        notice,
        content_hash="hash",
        document_id=document_id,
        procedure_id=procedure_id,
        link_step=LinkStep.FIRST,
        link_evidence=None,
    )
    return procedure_id, notice_id


def queue_digest(connection, digest_id: int) -> None:
    """Queue a digest of the firm's to its recipients."""
    numbers = iter("12")
    deliveries.queue_deliveries(
        connection,
        digest_id,
        firm_id="le-goff",
        profile_id="toits",
        message_ids=lambda: f"<{next(numbers)}@a.example>",
    )


def add_digest(connection, procedure_id: int, *, revision: int = 1) -> tuple[int, bool]:
    """Tell a procedure to the profile; return (digest_id, whether it was new to it)."""
    run = digests.open_run(connection, Cadence.IMMEDIATE, NOW + timedelta(minutes=revision))
    item = DigestItem(TellingKind.NEW, procedure_id, revision, ProcedureState.OPEN, NOTICE)
    digest = Digest("toits", "Toits", "le-goff", "Couverture Le Goff", NOW, (item,))
    digest_id = digests.add_digest(connection, run.run_id, digest)
    return digest_id, tellings.add_tellings(connection, [(digest_id, digest)]) == 1


def revise(connection, procedure_id: int, *, at: datetime) -> None:
    """Correct a procedure's value at some moment."""
    change = (Change("value", None, "1", None),)
    revision = procedures.change_procedure(
        connection, procedure_id, view=NOTICE, state=ProcedureState.OPEN, changes=change
    )
    procedures.add_revision(
        connection, procedure_id, revision=revision, state=ProcedureState.OPEN, changes=change, notice_id=1
    )
    asked = {"id": procedure_id, "revision": revision, "at": at}
    connection.execute(
        text("UPDATE revisions SET created_at = :at WHERE procedure_id = :id AND revision = :revision"), asked
    )


def test_the_migrations_make_exactly_the_tables_of_the_code(connection):
    """
    A database brought up by migrations differs in nothing from ``tables.metadata``.
    """
    differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_one_profile_procedure_and_address_are_found_without_reading_all_that_was_told_and_sent(connection):
    """
    Who had a digest, what was told of a procedure that becomes part of another, and what an order held back, stand
    in an index.
    """
    queue_digest(connection, add_digest(connection, add_notice(connection)[0])[0])
    number = suppressions.add_suppression(
        connection, "yann@legoff.example", kind=SuppressionKind.OPERATOR, reason="on leave", now=NOW
    )
    connection.execute(text("UPDATE profiles SET cadence = 'daily', matched_at = now()"))
    connection.execute(text("SET LOCAL enable_seqscan = off"))

    readers.readers_of(connection, readers.rhythms(connection), window_end=NOW, now=NOW)
    tellings.told_last(connection, 1)
    suppressions.end_suppression(connection, number, why="back", now=NOW)

    for name in (
        "ix_digests_profile_id_created_at",
        "ix_tellings_procedure_id",
        "ix_deliveries_recipient_id",
    ):
        asked = text("SELECT pg_stat_get_xact_numscans(CAST(:name AS regclass))")
        assert connection.scalar(asked, {"name": name}) > 0, name


def test_a_line_of_a_list_is_found_without_reading_all_firms_and_profiles(connection):
    """
    Its firm by id, SIRET or the tag of an erased one, what the firm asks for by the firm: each in an index.
    """
    connection.execute(text("SET LOCAL enable_seqscan = off"))

    enrolments.find_enrolled(connection, {"le-goff": "tag"})

    for name in ("pk_firms", "ix_firms_siret", "ix_firms_siret_tag", "ix_profiles_firm_id"):
        asked = text("SELECT pg_stat_get_xact_numscans(CAST(:name AS regclass))")
        assert connection.scalar(asked, {"name": name}) > 0, name


def test_migrating_twice_changes_nothing(database):
    """
    A second migration finds the newest revision and stays there.
    """
    assert [database.migrate(), database.migrate()] == ["0025", "0025"]


def test_a_server_that_is_away_is_transient():
    """
    A database that nobody answers for is a StoreUnavailableError; its line names no class of a library.
    """
    away = open_database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    with pytest.raises(StoreUnavailableError) as caught, away.begin():
        pass

    problem = 'connection to server at "127.0.0.1", port 1 failed: Connection refused'
    expected = "expected the server of DATABASE_URL to be up, and to let us in"
    assert str(caught.value) == f"PostgreSQL: {problem}; {expected}"


def test_a_full_disk_is_transient_and_named_with_what_to_do(database):
    """
    PostgreSQL says which file it could not make longer; an operator must know whose disk that is.
    """
    full = "RAISE EXCEPTION 'could not extend file \"base/5/16384\"' USING ERRCODE = 'disk_full'"

    with pytest.raises(StoreUnavailableError) as caught, database.begin() as connection:
        connection.execute(text(f"DO $$ BEGIN {full}; END $$"))

    assert str(caught.value) == (
        'PostgreSQL: could not extend file "base/5/16384"; expected room on the disk of its data folder '
        "(SHOW data_directory): make some, it goes on then"
    )


def test_a_notice_comes_back_whole(connection):
    """
    Every field of a notice, its lots included, survives the store.
    """
    procedure_id, notice_id = add_notice(connection)

    stored = notices.notices_of_procedure(connection, procedure_id)

    assert [(one.notice_id, one.notice) for one in stored] == [(notice_id, NOTICE)]
    assert [one.view for one in procedures.get_procedures(connection, [procedure_id])] == [NOTICE]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param({"source_id": "26-2", "refers_to": ("26-1",)}, 1, id="it refers to the stored one"),
        pytest.param({"source_id": "26-0", "refers_to": ()}, 1, id="the stored one refers to it"),
        pytest.param({"source_id": "26-9", "refers_to": ("26-1-01",)}, 1, id="it names the version too"),
        pytest.param({"source_id": "26-9", "refers_to": ("26-8",)}, 0, id="it names another"),
    ],
)
def test_notices_are_found_by_reference_in_both_directions(connection, kind, expected):
    """
    A correction finds its call, and a call that comes late finds its correction.
    """
    add_notice(connection)
    other = Notice("ville", version=None, kind=NoticeKind.CORRECTION, title="Rectificatif", **kind)

    found = notices.notices_by_reference(connection, other, [other.source_id])

    assert len(found) == expected


def test_a_document_is_kept_once_and_claimed_until_it_is_loaded(connection):
    """
    The same body of the same address is one document, and waits until it is marked.
    """
    added = [documents.add_document(connection, fetched()) for _ in range(2)]
    claimed = documents.claim_document(connection, documents.begin_attempt(connection, hold=lambda _: True))
    documents.mark_loaded(
        connection, claimed.document_id, outcome="read", notice_count=1, reject_count=0, now=NOW
    )

    assert added[0] is not None
    assert added[1] is None
    assert claimed.document_id == added[0]
    assert documents.begin_attempt(connection, hold=lambda _: True) is None
    assert documents.claim_document(connection, claimed.document_id) is None
    assert documents.known_urls(connection, "ville", [FEED.url, "https://other.example"]) == {FEED.url}


def test_a_reject_seen_again_is_counted(connection):
    """
    The same problem at the same place is one row with a count.
    """
    for _ in range(2):
        rejects.add_reject(connection, Reject("entry 7", "no title"), feed_id="ville", stage="load")

    rows = rejects.list_rejects(connection)

    assert [(row["where"], row["problem"], row["seen_count"]) for row in rows] == [("entry 7", "no title", 2)]


def test_an_answer_says_when_to_come_back_and_a_failure_is_remembered(connection):
    """
    After an answer the feed is not due; a failure counts and is cleared by the next answer.
    """
    due = [feeds.count_due_feeds(connection, now=NOW)]
    feeds.record_failure(connection, "ville", problem="503", now=NOW, next_check_at=NOW)
    failed = feeds.find_feed(connection, "ville")
    feeds.record_answer(connection, fetched())
    due.append(feeds.count_due_feeds(connection, now=NOW))

    feed = feeds.find_feed(connection, "ville")
    assert due == [1, 0]
    assert (failed.failure_count, feed.failure_count, feed.etag, feed.body_hash) == (1, 0, '"1"', "hash")


def test_a_mark_of_indexing_is_set_only_on_the_content_that_was_read(connection):
    """
    A procedure that changed while it was being copied still waits for the index.
    """
    procedure_id, _ = add_notice(connection)
    fingerprint = procedures.unindexed_fingerprints(connection)[procedure_id]
    procedures.change_procedure(
        connection, procedure_id, view=NOTICE, state=ProcedureState.CANCELLED, changes=()
    )
    procedures.mark_indexed(connection, {procedure_id: fingerprint}, now=NOW)
    waiting = [procedures.count_unindexed(connection)]

    fingerprint = procedures.unindexed_fingerprints(connection)[procedure_id]
    procedures.mark_indexed(connection, {procedure_id: fingerprint}, now=NOW)
    waiting.append(procedures.count_unindexed(connection))

    assert waiting == [1, 0]


def test_a_profile_is_matched_again_only_when_its_criteria_change(connection):
    """
    The same firm imported again leaves the mark; other criteria empty it; a dropped profile ends.
    """
    firms.mark_profiles_matched(connection, ["toits"], now=NOW)
    firms.put_firm(connection, FIRM, now=NOW)
    waiting = [firms.count_unmatched_profiles(connection)]
    changed = Profile("toits", "le-goff", "Toits", Criteria(words=("ardoise",)), Cadence.DAILY)
    firms.put_firm(connection, Firm("le-goff", "Le Goff", FIRM.recipients, (changed,)), now=NOW)
    waiting.append(firms.count_unmatched_profiles(connection))
    firms.put_firm(connection, Firm("le-goff", "Le Goff", FIRM.recipients, ()), now=NOW)

    assert waiting == [0, 1]
    assert firms.active_profiles(connection) == []


def test_what_waits_longer_than_any_rhythm_takes_wakes_nobody(connection):
    """
    A match and a correction count as waiting for eight days.  Whoever is composed for later is told of both.
    """
    decision = Decision(True, (), (Reason("cpv", "met", None, ("45261210",)),), 1.0)
    matched, told = (add_notice(connection, replace(NOTICE, source_id=one))[0] for one in ("1", "2"))
    pairs = [NewMatches(("toits",), one, 1, decision) for one in (matched, told)]
    matches.put_matches(connection, pairs, now=NOW)
    add_digest(connection, told)
    revise(connection, told, at=NOW)

    waiting = [matches.count_untold(connection, now=NOW + timedelta(days=days)) for days in (0, 8, 9)]
    later = NOW + timedelta(days=9)

    assert waiting == [2, 2, 0]
    assert set(matches.matches_to_tell(connection, ["toits"], now=later)) == {("toits", matched)}
    assert tellings.changed_since_told(connection, ["toits"], now=later) == {("toits", told)}


def test_what_was_carried_over_waits_however_old_the_procedure_is(connection):
    """
    A purchase that was told became part of an older one which differs: that is news, though no revision is new.
    """
    other, told = (add_notice(connection, replace(NOTICE, source_id=one))[0] for one in ("1", "2"))
    add_digest(connection, told)
    moved = {"profile_ids": ["toits"], "told_revision": 0, "carried": [Change("title", "a", "b", None)]}
    tellings.move_tellings(connection, told, other, **moved)

    assert matches.count_untold(connection, now=NOW) == 1


def test_a_match_that_is_not_found_again_ends(database):
    """
    Matches are replaced by pair; those of the batch that were not found again end, even where the clock of
    the worker that looks again is behind that of the one that found them, but of procedures left out.
    """
    decision = Decision(True, ("1",), (Reason("cpv", "met", "1", ("45261210",)),), 1.0)
    with database.begin() as connection:
        feeds.put_feed(connection, FEED)
        firms.put_firm(connection, FIRM, now=NOW)
        again, gone = (add_notice(connection, replace(NOTICE, source_id=one))[0] for one in ("1", "2"))
        found = [NewMatches(("toits",), one, 1, decision) for one in (again, gone)]
        matches.put_matches(connection, found, now=NOW)
        stored = matches.find_match(connection, "toits", gone)
        untold = matches.count_untold(connection, now=NOW)

    behind = NOW - timedelta(seconds=1)
    with database.begin() as connection:
        with savepoint(connection):
            writer = matches.put_matches(connection, found[:1], now=behind)
        asked = {"among": [again, gone], "by_profile": False, "writers": [writer], "now": behind}
        kept = matches.end_other_matches(connection, but_of=[gone], **asked)
        ended = matches.end_other_matches(connection, **asked)
        left = [matches.find_match(connection, "toits", one) is not None for one in (again, gone)]

    assert (stored.lot_ids, stored.reasons, stored.score) == (("1",), decision.reasons, 1.0)
    assert (untold, kept, ended, left) == (2, 0, 1, [True, False])


def test_a_procedure_is_new_to_a_profile_once(connection):
    """
    A second telling of "new" is refused by the key, whatever the revision then is.
    """
    procedure_id, _ = add_notice(connection)

    told = [add_digest(connection, procedure_id, revision=revision)[1] for revision in (1, 2)]

    assert told == [True, False]


def test_a_run_of_a_window_is_opened_once(connection):
    """
    Whoever opens it is given the same run, and what it was closed with.
    """
    opened = digests.open_run(connection, Cadence.DAILY, NOW)
    again = digests.open_run(connection, Cadence.DAILY, NOW)
    digests.close_run(connection, opened.run_id, now=NOW, waits_for=["toits"])
    closed = digests.open_run(connection, Cadence.DAILY, NOW)

    assert (opened.is_composed, opened.waits_for) == (False, frozenset())
    assert again == opened
    assert closed == Run(opened.run_id, is_composed=True, waits_for=frozenset({"toits"}))


def test_a_suppressed_recipient_is_not_queued_and_a_claim_is_held_until_it_is_recorded(connection):
    """
    Of two recipients one is suppressed; the other's delivery is claimed, deferred, claimed again, sent.
    """
    procedure_id, _ = add_notice(connection)
    digest_id, _ = add_digest(connection, procedure_id)
    suppressions.add_suppression(
        connection, "Bureau@legoff.example", kind=SuppressionKind.OPERATOR, reason="unsubscribed", now=NOW
    )
    message_ids = iter(["<1@a.example>", "<2@a.example>"])
    queued = deliveries.queue_deliveries(
        connection,
        digest_id,
        firm_id="le-goff",
        profile_id="toits",
        message_ids=lambda: next(message_ids),
    )
    claim = {"worker": "w", "lease_until": NOW + timedelta(minutes=5), "limit": 10}

    [number] = deliveries.claim_deliveries(connection, now=NOW, **claim)
    [first] = deliveries.read_deliveries(connection, [number])
    held = deliveries.claim_deliveries(connection, now=NOW, **claim)
    later = NOW + timedelta(minutes=1)
    deferred = Outcome(number, DeliveryState.DEFERRED, "450", next_attempt_at=later, blame=Blame.SERVER)
    deliveries.record(connection, [deferred], worker="w")
    too_early = deliveries.claim_deliveries(connection, now=NOW, **claim)
    again = deliveries.claim_deliveries(connection, now=later, **claim)
    [second] = deliveries.read_deliveries(connection, again)
    sent = Outcome(number, DeliveryState.SENT, "250", sent_at=later)
    by_others = deliveries.record(connection, [sent], worker="v")
    recorded = deliveries.record(connection, [sent], worker="w")

    assert (queued, held, too_early) == (1, [], [])
    assert (by_others, recorded) == (0, 1)
    assert (first.recipient, second.attempt_count) == (FIRM.recipients[0], 2)
    assert first.first_attempt_at == second.first_attempt_at == NOW
    assert first.message_id == second.message_id == "<1@a.example>"
    rows = deliveries.list_deliveries(connection)
    assert {row["recipient"]: (row["state"], row["blame"]) for row in rows} == {
        "yann@legoff.example": ("sent", None),
        "bureau@legoff.example": ("suppressed", None),
    }


def test_what_is_ours_to_mend_does_not_count_among_the_two_days(connection):
    """
    A login that is refused for days takes nothing from the time in which a server may say "not now".
    """
    procedure_id, _ = add_notice(connection)
    digest_id, _ = add_digest(connection, procedure_id)
    queue_digest(connection, digest_id)
    claim = {"worker": "w", "lease_until": NOW + timedelta(minutes=5), "limit": 10}
    begun = []
    for day, blame in enumerate((Blame.SERVER, Blame.US, Blame.SERVER, Blame.SERVER)):
        moment = NOW + timedelta(days=day)
        numbers = deliveries.claim_deliveries(connection, now=moment, **claim)
        begun.append(deliveries.read_deliveries(connection, numbers)[0].first_attempt_at)
        deferred = [
            Outcome(number, DeliveryState.DEFERRED, "450", next_attempt_at=moment, blame=blame)
            for number in numbers
        ]
        deliveries.record(connection, deferred, worker="w")

    assert begun == [NOW, NOW, NOW + timedelta(days=2), NOW + timedelta(days=2)]


def test_recipients_of_a_digest_share_what_it_tells_and_each_has_what_stands_against_him(connection):
    """
    What is read after the claim is of that moment: one reader was suppressed since.
    """
    procedure_id, _ = add_notice(connection)
    digest_id, _ = add_digest(connection, procedure_id)
    queue_digest(connection, digest_id)
    claimed = deliveries.claim_deliveries(
        connection, worker="w", now=NOW, lease_until=NOW + timedelta(minutes=5), limit=9
    )
    suppressions.add_suppression(
        connection, "yann@legoff.example", kind=SuppressionKind.OPERATOR, reason="asked to", now=NOW
    )

    found = deliveries.read_deliveries(connection, claimed)

    assert [(one.recipient.email, one.hindrance) for one in found] == [
        ("yann@legoff.example", "asked to"),
        ("bureau@legoff.example", None),
    ]
    assert [item.procedure_id for item in found[0].digest.items] == [procedure_id]
    assert found[0].digest is found[1].digest
    assert deliveries.read_deliveries(connection, []) == []


def test_neither_a_claim_nor_a_record_touches_an_index(connection):
    """
    Both rewrite rows within their page: what they change is in no index, and there is room for both.
    """
    procedure_id, _ = add_notice(connection)
    digest_id, _ = add_digest(connection, procedure_id)
    queue_digest(connection, digest_id)

    claimed = deliveries.claim_deliveries(
        connection, worker="w", now=NOW, lease_until=NOW + timedelta(minutes=5), limit=10
    )
    sent = [Outcome(number, DeliveryState.SENT, "250 ok", sent_at=NOW) for number in claimed]
    recorded = deliveries.record(connection, sent, worker="w")

    asked = "SELECT pg_stat_get_xact_tuples_{}updated('deliveries'::regclass)"
    rewritten, in_their_page = (connection.scalar(text(asked.format(kind))) for kind in ("", "hot_"))
    assert (len(claimed), recorded, rewritten, in_their_page) == (2, 2, 4, 4)


def test_what_is_claimed_is_shown_with_its_worker(connection):
    """
    Who settles claims sees whose they are, and whether their lease is over.
    """
    procedure_id, _ = add_notice(connection)
    digest_id, _ = add_digest(connection, procedure_id)
    queue_digest(connection, digest_id)
    [claimed] = deliveries.claim_deliveries(
        connection, worker="w", now=NOW, lease_until=NOW + timedelta(minutes=5), limit=1
    )

    assert deliveries.hold_claimed(connection, now=NOW) == [HeldDelivery(claimed, "w", is_lease_over=False)]
    assert deliveries.hold_claimed(connection, now=NOW + timedelta(minutes=5)) == [
        HeldDelivery(claimed, "w", is_lease_over=True)
    ]
