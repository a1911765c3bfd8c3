"""The tables of PostgreSQL: every fact, and every "only once" as a unique constraint.

Marks: a step selects the rows whose mark is empty (``loaded_at``, ``indexed_at``,
``matched_at``), works, and writes its result and the mark in one transaction, by the ids
and revisions it read.  Whoever changes a row empties the marks of the steps that come after.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Computed,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str) -> Column[int]:
    return Column(name, BigInteger, Identity(always=True), primary_key=True)


def _time(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _created() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


feeds = Table(
    "feeds",
    metadata,
    Column("feed_id", Text, primary_key=True),
    Column("authority", Text, nullable=False),
    Column("url", Text, nullable=False, unique=True),
    Column("format", Text, nullable=False, server_default="auto"),
    Column("is_local", Boolean, nullable=False, server_default=text("false")),
    Column("poll_seconds", Integer, nullable=False, server_default=text("300")),
    Column("credentials", Text),  # a reference, never a secret
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", Text),
    _time("next_check_at"),
    _time("last_success_at"),
    _time("last_failure_at"),
    Column("last_failure", Text),
    Column("failure_count", Integer, nullable=False, server_default=text("0")),
    Column("unchanged_count", BigInteger, nullable=False, server_default=text("0")),
    _time("paused_at"),
    _created(),
)

documents = Table(
    "documents",
    metadata,
    _id("document_id"),
    Column("feed_id", Text, ForeignKey("feeds.feed_id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_type", Text),
    Column("headers", JSONB, nullable=False, server_default=text("'{}'")),
    _time("fetched_at", nullable=False),
    _time("loaded_at"),
    Column("attempt_count", Integer, nullable=False, server_default=text("0")),  # begun, and not ended
    Column("outcome", Text),  # "read", "partly", "refused"
    Column("format", Text),  # in which it was read, None where it was in none
    Column("notice_count", Integer),
    Column("reject_count", Integer),
    Index("ix_documents_feed_id_url", "feed_id", "url"),
    Index("ix_documents_waiting", "document_id", postgresql_where=text("loaded_at IS NULL")),
)

rejects = Table(
    "rejects",
    metadata,
    _id("reject_id"),
    Column("feed_id", Text, nullable=False),
    Column("document_id", BigInteger, ForeignKey("documents.document_id")),
    Column("stage", Text, nullable=False),  # "fetch", "load", "index", "match", "compose"
    Column("where_", Text, key="where", nullable=False),
    Column("problem", Text, nullable=False),
    Column("seen_count", Integer, nullable=False, server_default=text("1")),
    _created(),
    UniqueConstraint(
        "feed_id", "document_id", "stage", "where", "problem", postgresql_nulls_not_distinct=True
    ),
)

procedures = Table(
    "procedures",
    metadata,
    _id("procedure_id"),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("buyer_siret", Text),
    Column("departements", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _time("published_at"),
    _time("deadline_at"),
    Column("view", JSONB, nullable=False),  # the merged Notice
    Column("changes", JSONB, nullable=False, server_default=text("'[]'")),  # of the last revision
    _time("indexed_at"),
    _time("matched_at"),
    _created(),
    Index("ix_procedures_to_index", "procedure_id", postgresql_where=text("indexed_at IS NULL")),
    Index("ix_procedures_to_match", "procedure_id", postgresql_where=text("matched_at IS NULL")),
    Index("ix_procedures_deadline_at", "deadline_at"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("procedure_id", BigInteger, ForeignKey("procedures.procedure_id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("changes", JSONB, nullable=False, server_default=text("'[]'")),
    Column("notice_id", BigInteger, nullable=False),  # the notice that brought it
    _created(),
    Index("ix_revisions_created_at", "created_at", postgresql_using="brin"),
)

notices = Table(
    "notices",
    metadata,
    _id("notice_id"),
    Column("feed_id", Text, ForeignKey("feeds.feed_id"), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("version", Text),
    Column("content_hash", Text, nullable=False),
    Column("document_id", BigInteger, ForeignKey("documents.document_id"), nullable=False),
    Column("procedure_id", BigInteger, ForeignKey("procedures.procedure_id"), nullable=False),
    Column("link_step", Text, nullable=False),  # a LinkStep
    Column("link_evidence", Text),
    Column("kind", Text, nullable=False),
    _time("published_at"),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("buyer", JSONB),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("nature", Text),
    Column("cpv_main", Text),
    Column("cpv_additional", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("places", JSONB, nullable=False, server_default=text("'[]'")),
    Column("value", JSONB),
    _time("deadline_at"),
    _time("question_deadline_at"),
    _time("visit_at"),
    Column("document_url", Text),
    Column("submission_url", Text),
    Column("notice_url", Text),
    Column("procedure_key", Text),
    Column("internal_reference", Text),
    Column("refers_to", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("changes", JSONB, nullable=False, server_default=text("'[]'")),
    Column("normalisations", JSONB, nullable=False, server_default=text("'[]'")),
    Column("is_reserved", Boolean),
    Column("asks_deposit", Boolean),
    _time("replaced_at"),  # read otherwise since, from the same document
    _created(),
    Index("ix_notices_feed_id_source_id", "feed_id", "source_id"),
    Index("ix_notices_procedure_key", "procedure_key", postgresql_where=text("procedure_key IS NOT NULL")),
    Index("ix_notices_source_id", "source_id"),
    Index("ix_notices_deadline_at", "deadline_at"),
    Index("ix_notices_refers_to", "refers_to", postgresql_using="gin"),
    Index("ix_notices_procedure_id", "procedure_id"),
)


def folded_reference(reference: ColumnElement[str | None] | str) -> ColumnElement[str]:
    """Return what a buyer's number is compared by: its letters and digits."""
    return func.regexp_replace(func.lower(reference), "[^[:alnum:]]", "", "g")


Index(
    "ix_notices_folded_reference",
    folded_reference(notices.c.internal_reference),
    postgresql_where=text("internal_reference IS NOT NULL"),
)

lots = Table(
    "lots",
    metadata,
    Column("notice_id", BigInteger, ForeignKey("notices.notice_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("lot_id", Text, nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("cpv_codes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("places", JSONB, nullable=False, server_default=text("'[]'")),
    Column("value", JSONB),
    _time("deadline_at"),  # where lots differ in that; NULL: as the notice
    Column("is_reserved", Boolean),
    Column("asks_deposit", Boolean),
)

firms = Table(
    "firms",
    metadata,
    Column("firm_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("siret", Text),
    Column("siret_tag", Text),  # of an erased firm: what a list that has it again is known by
    _time(
        "unconfirmed_since"
    ),  # enrolled by somebody else, and to be asked; NULL: it is told what it matches
    _time("confirmed_at"),
    Column("confirmed_by", Text),
    _created(),
    _time("ended_at"),
    Column("ended_reason", Text),
    Index("ix_firms_siret", "siret"),
    Index("ix_firms_siret_tag", "siret_tag", postgresql_where=text("siret_tag IS NOT NULL")),
)

recipients = Table(
    "recipients",
    metadata,
    _id("recipient_id"),
    Column("firm_id", Text, ForeignKey("firms.firm_id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("name", Text),
    Column("language", Text, nullable=False, server_default="fr"),
    _created(),
    _time("ended_at"),
    Column("ended_reason", Text),
    UniqueConstraint("firm_id", "email"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("firm_id", Text, ForeignKey("firms.firm_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("criteria", JSONB, nullable=False),
    Column("entry", JSONB(none_as_null=True)),  # as somebody wrote it last, before its firm changed it
    Column("cadence", Text, nullable=False),
    Column("hour", Integer),  # in Paris; NULL: the product's own
    Column("weekdays", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("item_limit", Integer, nullable=False, server_default=text("20")),
    Column("reminder_days", Integer, nullable=False, server_default=text("5")),
    _time("paused_until"),
    # What was open and matched before is not told as new: a pause without catching up.
    _time("told_from"),
    # Of id and criteria; 36 bits: a double holds the sum of a hundred thousand of them exactly.
    Column(
        "fingerprint",
        BigInteger,
        Computed(
            "('x' || substr(md5(profile_id || ' ' || criteria::text), 1, 9))::bit(36)::bigint",
            persisted=True,
        ),
        nullable=False,
    ),
    _time("matched_at"),
    _created(),
    _time("ended_at"),
    Column("ended_reason", Text),
    Index("ix_profiles_firm_id", "firm_id"),
    Index(
        "ix_profiles_to_match", "profile_id", postgresql_where=text("matched_at IS NULL AND ended_at IS NULL")
    ),
)

matches = Table(
    "matches",
    metadata,
    Column("profile_id", Text, ForeignKey("profiles.profile_id"), primary_key=True),
    Column("procedure_id", BigInteger, ForeignKey("procedures.procedure_id"), primary_key=True),
    Column("lot_ids", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # The first and the last date of those lots, where lots have their own; NULL: as the procedure.
    _time("first_deadline_at"),
    _time("deadline_at"),
    Column("reasons", JSONB, nullable=False),
    Column("fit", JSONB(none_as_null=True)),  # null: decided before there was one
    Column("score", Float, nullable=False),
    Column("revision", Integer, nullable=False),  # of the procedure, when it was decided
    _time("matched_at", nullable=False),
    _time("first_open_at"),  # when it was first decided of an open procedure
    _time("ended_at"),
    Index("ix_matches_procedure_id", "procedure_id"),
    Index("ix_matches_matched_at", "matched_at", postgresql_using="brin"),
)

digest_runs = Table(
    "digest_runs",
    metadata,
    _id("run_id"),
    Column("cadence", Text, nullable=False),
    _time("window_end", nullable=False),
    _created(),
    _time("composed_at"),
    # Profiles that were not matched when it was composed: for them, and nobody else, it goes on.
    Column("waits_for", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("cadence", "window_end"),
)

digests = Table(
    "digests",
    metadata,
    _id("digest_id"),
    Column("run_id", BigInteger, ForeignKey("digest_runs.run_id"), nullable=False),
    Column("profile_id", Text, ForeignKey("profiles.profile_id"), nullable=False),
    Column("content", JSONB, nullable=False),  # the Digest
    _created(),
    UniqueConstraint("run_id", "profile_id"),
    Index("ix_digests_profile_id_created_at", "profile_id", "created_at"),
)

tellings = Table(
    "tellings",
    metadata,
    _id("telling_id"),
    Column("profile_id", Text, ForeignKey("profiles.profile_id"), nullable=False),
    Column("procedure_id", BigInteger, ForeignKey("procedures.procedure_id"), nullable=False),
    Column("kind", Text, nullable=False),
    # Of a "new" telling always 1: a procedure is new once, whatever its revision then was.
    Column("revision", Integer, nullable=False),
    Column("told_revision", Integer, nullable=False),
    # What differs between what was told of a procedure that became part of this one, and this one then.
    Column("carried", JSONB),
    Column("digest_id", BigInteger, ForeignKey("digests.digest_id"), nullable=False),
    _created(),
    UniqueConstraint("profile_id", "procedure_id", "kind", "revision"),
    Index("ix_tellings_procedure_id", "procedure_id"),
    Index("ix_tellings_carried", "procedure_id", postgresql_where=text("carried IS NOT NULL")),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id("delivery_id"),
    Column("digest_id", BigInteger, ForeignKey("digests.digest_id"), nullable=False),
    Column("recipient_id", BigInteger, ForeignKey("recipients.recipient_id"), nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False, server_default="queued"),
    # It has neither left nor been given up.
    Column(
        "is_under_way",
        Boolean,
        Computed("state IN ('queued', 'deferred', 'claimed')", persisted=True),
        nullable=False,
    ),
    # 0; a digest that is sent once more to the same recipient has the next number.
    Column("replay_number", Integer, nullable=False, server_default=text("0")),
    Column("claimed_by", Text),
    _time("claimed_at"),
    _time("first_attempt_at"),
    _time("lease_until"),
    Column("attempt_count", Integer, nullable=False, server_default=text("0")),
    _time("next_attempt_at"),
    _time("sent_at"),
    Column("answer", Text),  # what the mail server said last
    Column("blame", Text),  # who can mend it, a Blame; NULL: nothing is wrong
    _created(),
    UniqueConstraint("digest_id", "recipient_id", "replay_number"),
    Index("ix_deliveries_recipient_id", "recipient_id"),
    # No index may ask for what a claim or a record changes, but one of ranges of pages: see migration 0023.
    Index("ix_deliveries_claimed_at", "claimed_at", postgresql_using="brin"),
)

# The numbers of those that are under way, kept by triggers on deliveries and by nobody else.
deliveries_under_way = Table(
    "deliveries_under_way",
    metadata,
    Column("delivery_id", BigInteger, primary_key=True, autoincrement=False),
)

# An operator's order to let no mail out; at most one stands.
mail_stops = Table(
    "mail_stops",
    metadata,
    _id("stop_id"),
    Column("reason", Text, nullable=False),
    _time("created_at", nullable=False),
    _time("ended_at"),
    Index(
        "uq_mail_stops_standing",
        text("(ended_at IS NULL)"),
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id("suppression_id"),
    Column("email", Text, nullable=False),
    Column("profile_id", Text),  # NULL: everything to this address
    Column("kind", Text, nullable=False, server_default="hard bounce"),  # a SuppressionKind
    Column("reason", Text, nullable=False),
    _created(),
    _time("until_at"),
    _time("ended_at"),
    Column("ended_reason", Text),
    Index(
        "uq_suppressions_standing",
        "email",
        "profile_id",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# What a firm says of a procedure; one opinion stands, others have ended.
feedback = Table(
    "feedback",
    metadata,
    _id("feedback_id"),
    Column("firm_id", Text, ForeignKey("firms.firm_id"), nullable=False),
    Column("profile_id", Text, ForeignKey("profiles.profile_id"), nullable=False),
    Column("procedure_id", BigInteger, ForeignKey("procedures.procedure_id"), nullable=False),
    Column("recipient_id", BigInteger, ForeignKey("recipients.recipient_id")),  # NULL: an operator
    Column("opinion", Text, nullable=False),  # an Opinion
    _time("created_at", nullable=False),
    _time("ended_at"),
    Index(
        "uq_feedback_standing",
        "firm_id",
        "procedure_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# What a firm accepted of what was proposed to it, so that it can take that back.
accepted_changes = Table(
    "accepted_changes",
    metadata,
    _id("change_id"),
    Column("profile_id", Text, ForeignKey("profiles.profile_id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("changes", JSONB, nullable=False),  # ProfileChanges, made together
    Column("recipient_id", BigInteger, ForeignKey("recipients.recipient_id")),  # NULL: an operator
    _time("created_at", nullable=False),
    _time("ended_at"),
    Index(
        "uq_accepted_changes_standing",
        "profile_id",
        "key",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# Who was asked to confirm: each recipient once, in one digest.
confirmations = Table(
    "confirmations",
    metadata,
    Column("recipient_id", BigInteger, ForeignKey("recipients.recipient_id"), primary_key=True),
    Column("digest_id", BigInteger, ForeignKey("digests.digest_id"), nullable=False),
    _created(),
)

# What a firm's other recipients were told of an address of theirs: each order once, in one digest.
suppression_tellings = Table(
    "suppression_tellings",
    metadata,
    Column("suppression_id", BigInteger, ForeignKey("suppressions.suppression_id"), primary_key=True),
    Column("firm_id", Text, ForeignKey("firms.firm_id"), primary_key=True),
    Column("digest_id", BigInteger, ForeignKey("digests.digest_id"), nullable=False),
    _created(),
)

received_mails = Table(
    "received_mails",
    metadata,
    _id("received_id"),
    Column("message_hash", Text, nullable=False, unique=True),  # each mail is acted upon once
    Column("kind", Text, nullable=False),  # a ReceivedKind
    Column("delivery_id", BigInteger, ForeignKey("deliveries.delivery_id")),
    Column("status", Text),  # RFC 3463, "5.1.1"
    Column("diagnostic", Text),
    _time("received_at", nullable=False),
    Index("ix_received_mails_delivery_id", "delivery_id"),
)
