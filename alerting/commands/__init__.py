"""The front door: one function for each thing that a DAG, the CLI or a page can ask.

In:   plain values.
Out:  a report of plain values.

Every function takes ``parts`` for tests; without it the parts are built from the environment.
"""

from __future__ import annotations

from alerting.commands.feedback import (
    accept_proposal as accept_proposal,
    give_opinion as give_opinion,
    list_opinions as list_opinions,
    propose_changes as propose_changes,
    revert_change as revert_change,
    undo_opinion as undo_opinion,
)
from alerting.commands.feeds import (
    add_feed as add_feed,
    check_feeds as check_feeds,
    link_notices as link_notices,
    list_feeds as list_feeds,
    list_rejects as list_rejects,
    pause_feed as pause_feed,
    replay_documents as replay_documents,
    resume_feed as resume_feed,
    retry_feed as retry_feed,
    seed_feeds as seed_feeds,
    subscribe_feed as subscribe_feed,
)
from alerting.commands.firms import (
    add_firm as add_firm,
    confirm_firm as confirm_firm,
    erase_firm as erase_firm,
    import_firms as import_firms,
    list_firms as list_firms,
)
from alerting.commands.links import (
    SUBSCRIPTION_LINKS as SUBSCRIPTION_LINKS,
    change_opinion as change_opinion,
    change_subscription as change_subscription,
    confirm_by_link as confirm_by_link,
    lift_unreachable as lift_unreachable,
    open_digest as open_digest,
    show_confirmation as show_confirmation,
    show_opinion as show_opinion,
    show_subscription as show_subscription,
    show_unreachable as show_unreachable,
)
from alerting.commands.mail import (
    add_suppression as add_suppression,
    count_deliveries as count_deliveries,
    lift_suppression as lift_suppression,
    list_deliveries as list_deliveries,
    list_received as list_received,
    list_suppressions as list_suppressions,
    list_tellings as list_tellings,
    preview_deliveries as preview_deliveries,
    print_digest as print_digest,
    release_mail as release_mail,
    replay_digest as replay_digest,
    resolve_delivery as resolve_delivery,
    stop_mail as stop_mail,
)
from alerting.commands.notices import (
    explain_trade as explain_trade,
    join_notice as join_notice,
    list_trades as list_trades,
    search as search,
    show_notices as show_notices,
    split_notice as split_notice,
    trades_for as trades_for,
    try_match as try_match,
    why as why,
)
from alerting.commands.profiles import (
    add_profile as add_profile,
    audit_profiles as audit_profiles,
    check_profile as check_profile,
    list_profiles as list_profiles,
    pause_profile as pause_profile,
    resume_profile as resume_profile,
    try_profile as try_profile,
    try_profiles_file as try_profiles_file,
    try_saved_profile as try_saved_profile,
    try_single_profile as try_single_profile,
)
from alerting.commands.report import (
    Report as Report,
)
from alerting.commands.steps import (
    check_health as check_health,
    compose_digests as compose_digests,
    count_rows as count_rows,
    count_waiting as count_waiting,
    deliver_digests as deliver_digests,
    feeds_due_count as feeds_due_count,
    fetch_due_feeds as fetch_due_feeds,
    index_procedures as index_procedures,
    load_documents as load_documents,
    match_again as match_again,
    match_profiles as match_profiles,
    migrate as migrate,
    profiles_to_match_count as profiles_to_match_count,
    rebuild_index as rebuild_index,
    receive_mails as receive_mails,
    recover as recover,
    run_all as run_all,
)
