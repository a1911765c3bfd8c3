"""The command line: ``alerting VERB``.

Every verb is one function of ``alerting.commands``.  ``--json`` prints one object a line, under the names of
the glossary.  Exit codes: 0 done, 2 a person must act, 75 try again later, 1 a bug of ours.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from reprlib import repr as short_repr
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from alerting import bootstrap, commands
from alerting.domain.criteria import LARGEST_RADIUS_KM
from alerting.domain.deadlines import PARIS
from alerting.domain.delivery import DeliveryState
from alerting.domain.feedback import Opinion
from alerting.domain.notice import NoticeKind
from alerting.domain.search import SearchRequest, SearchSort
from alerting.errors import AlertingError, TransientError


PIPE_WIDTH = 160
# Of a word that a table keeps whole, at most: as long as the longest heading; longer ones may go on below.
WORD_WIDTH = 17
# An ISO 8601 moment; people read it to the minute, --json gives it whole.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
EXIT_ACT = 2
EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
EXIT_BUG = 1
# Of a long list on a page; --json has all.
_SHOWN = 20
_NAMED = 3
_FACETED = 5

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Public notices, told to craft firms once."
)
db = typer.Typer(no_args_is_help=True, help="The database.")
feeds = typer.Typer(no_args_is_help=True, help="Feeds of member authorities.")
firms = typer.Typer(no_args_is_help=True, help="Firms, their recipients and profiles.")
profiles = typer.Typer(no_args_is_help=True, help="Saved interests of firms.")
notices = typer.Typer(no_args_is_help=True, help="Notices, and the procedures they were put into.")
match = typer.Typer(no_args_is_help=True, help="Try profiles on notices; match open procedures again.")
deliveries = typer.Typer(invoke_without_command=True)
digests = typer.Typer(no_args_is_help=True, help="Digests, as they were composed.")
suppressions = typer.Typer(no_args_is_help=True, help="Orders not to mail an address.")
feedback = typer.Typer(no_args_is_help=True, help="What firms say of what they were told.")
index = typer.Typer(no_args_is_help=True, help="The searchable copy.")
trades = typer.Typer(no_args_is_help=True, help="Trades: what stands for a craft in notices.")
GROUPS = {
    "db": db,
    "feeds": feeds,
    "firms": firms,
    "profiles": profiles,
    "notices": notices,
    "match": match,
    "deliveries": deliveries,
    "digests": digests,
    "suppressions": suppressions,
    "trades": trades,
    "feedback": feedback,
    "index": index,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)

# As PostgreSQL numbers rows.
Number = Annotated[int, typer.Argument(min=1, max=2**63 - 1)]
Why = Annotated[str, typer.Option(help="Why you say so; kept with the notice.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="At most so many rows; a table has 20 by itself, --json all.")
]
OfFirm = Annotated[str | None, typer.Option("--firm", help="Only those of this firm.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the lines that were accepted, too.")]
Paths = Annotated[list[str], typer.Argument(help="Files, or folders of .xml .rss .atom .json files.")]


class Step(StrEnum):
    """A step of the flow, or all of them."""

    FETCH = "fetch"
    LOAD = "load"
    INDEX = "index"
    MATCH = "match"
    COMPOSE = "compose"
    DELIVER = "deliver"
    RECEIVE = "receive"
    ALL = "all"


_STEPS = {
    Step.FETCH: commands.fetch_due_feeds,
    Step.LOAD: commands.load_documents,
    Step.INDEX: commands.index_procedures,
    Step.MATCH: commands.match_profiles,
    Step.COMPOSE: commands.compose_digests,
    Step.DELIVER: commands.deliver_digests,
    Step.RECEIVE: commands.receive_mails,
    Step.ALL: commands.run_all,
}


def main() -> None:
    """Run the command line; every error of ours is one line and an exit code."""
    # Answers go to standard output, which scripts read; what happened meanwhile goes beside it.
    bootstrap.write_log(sys.stderr)
    if isinstance(sys.stdout, TextIOWrapper):
        # A file's name need not be text: JSON has an escape for what UTF-8 cannot hold.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except AlertingError as error:
        _complain(str(error))
        sys.exit(EXIT_TRY_AGAIN if isinstance(error, TransientError) else EXIT_ACT)
    except BrokenPipeError:
        # The reader of our lines has gone ("| head"): nothing is wrong.
        sys.stderr.close()
    except Exception as error:  # noqa: BLE001 - the outermost handler
        if isinstance(error, UnicodeEncodeError) and error.object in sys.argv:
            _complain(f"an argument is no UTF-8 (got {error.object!r})")
            sys.exit(EXIT_ACT)
        _complain(f"a bug: {type(error).__name__}: {error}")
        sys.exit(EXIT_BUG)


def _complain(line: str) -> None:
    """Say what is wrong, beside the answers."""
    print(f"alerting: {line}", file=sys.stderr)  # noqa: T201 - people read it


@db.command("migrate")
def migrate(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Bring the database to the newest schema."""
    _show_report(commands.migrate(), as_json=as_json)


@feeds.command("add")
def add_feed(
    url: str,
    feed_id: Annotated[str | None, typer.Option("--id", help="Its short name; else its host.")] = None,
    authority: Annotated[str | None, typer.Option(help="Who publishes it; else its host.")] = None,
    format: Annotated[str, typer.Option(help="As `feeds check` names it, or auto.")] = "auto",  # noqa: A002
    credentials: Annotated[str | None, typer.Option(help="env:NAME or airflow:CONNECTION.")] = None,
    local: Annotated[bool, typer.Option(help="May be on a private address.")] = False,  # noqa: FBT002
    start: Annotated[bool, typer.Option("--start", help="Switch it on at once.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read one document of a feed, show what firms would be told, and register it.

    A new feed rests until `feeds resume ID`, or --start; one that is known goes on as it was.
    Exit code 2: it could not be read; 75: its server is away.  Nothing is registered then.
    """
    report = commands.subscribe_feed(
        url,
        feed_id=feed_id,
        authority=authority,
        format=format,
        is_local=local,
        credentials=credentials,
        is_started=start,
    )
    is_refused = report["state"] == "refused"
    if as_json or not is_refused:
        _show_tried(report, as_json=as_json)
    if is_refused:
        _complain(f"{_why_refused(report)}; nothing is registered")
        raise typer.Exit(EXIT_TRY_AGAIN if report["is_away"] else EXIT_ACT)


@feeds.command("seed")
def seed_feeds(path: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Register the feeds of a TOML file."""
    _show_report(commands.seed_feeds(path), as_json=as_json)


@feeds.command("list")
def list_feeds(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show every feed: when it was read and how, when it is due, what went wrong last."""
    columns = (
        "feed_id", "authority", "format", "last_success_at", "last_outcome", "next_check_at", "paused_at",
        "silent_days", "last_failure",
    )  # fmt: skip
    rows = commands.list_feeds()
    _show_rows(rows if as_json else [_feed_row(row) for row in rows], columns, as_json=as_json)


@feeds.command("pause")
def pause_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a feed no more, until it is resumed."""
    _show_report(commands.pause_feed(feed_id), as_json=as_json)


@feeds.command("resume")
def resume_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a paused feed again."""
    _show_report(commands.resume_feed(feed_id), as_json=as_json)


@feeds.command("retry")
def retry_feed(feed_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Ask a feed at once, and read its answer even if it is the last one again."""
    _show_report(commands.retry_feed(feed_id), as_json=as_json)


@feeds.command("replay")
def replay_documents(
    feed: Annotated[str | None, typer.Option(help="Only of this feed.")] = None,
    document: Annotated[int | None, typer.Option(help="Only this document, by its number.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was read whole.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Load archived documents again: without --all those of which something was refused."""
    report = commands.replay_documents(feed_id=feed, document_id=document, also_read=everything)
    _show_report(report, as_json=as_json)


@feeds.command("check")
def check_feeds(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|URL...",
            help="Files, folders of .xml .rss .atom .json files, http or https addresses.",
        ),
    ],
    local: Annotated[bool, typer.Option(help="Addresses may be private ones.")] = False,  # noqa: FBT002
    html: Annotated[str | None, typer.Option(help="Write a page in French for who publishes.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Read documents and say, for each, what was read, what is missing, what was refused and why.

    Exit code 0: something could be read of every document; 2: of at least one, nothing.
    """
    reports = commands.check_feeds(paths, is_local=local, page=html)
    outcomes = [report["outcome"] for report in reports]
    if as_json:
        _print_json(reports)
    else:
        columns = ("path", "format", "outcome", "notices", "missing", "unreadable", "problem")
        _print_table([_check_row(report) for report in _within(paths, reports)], columns)
        counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes)))
        noun = "document" if len(reports) == 1 else "documents"
        _console().print(f"{len(reports)} {noun}: {counts}")
    if "refused" in outcomes:
        raise typer.Exit(EXIT_ACT)


@feeds.command("link")
def link_notices(paths: Paths, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Read documents and show which notices speak of the same purchase."""
    rows = commands.link_notices(paths)
    if as_json:
        _print_json(rows)
        return
    flat = [
        {"procedure": number, **notice}
        for number, row in enumerate(rows, start=1)
        for notice in row["notices"]
    ]
    _print_table(_within(paths, flat), ("procedure", "source_id", "step", "path"))


@firms.command("import")
def import_firms(
    path: str,
    from_list: Annotated[
        str | None, typer.Option(help="Whose list it is, as the mail says where it has the address from.")
    ] = None,
    verbose: Verbose = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add or change the firms of a TOML file, or of a list with a report a line.

    Firms of a .toml become what the file says: recipients and profiles that it leaves out end, and are named.
    What it says as it said it last leaves alone what a firm changed since by its mails ("kept"); what it says
    otherwise holds ("overruled").
    Firms of a list (.csv, .txt or .tsv: SIRET, name, NAF, commune or postcode, e-mail) get one mail with a
    link to confirm, and nothing else before.  The lines that were refused are shown, the others counted.
    Exit code 2: at least one was refused.  A .toml of one profile alone shows first what it would have
    brought.
    """
    _show_single(path, as_json=as_json)
    report = commands.import_firms(path, list_name=from_list)
    if "lines" not in report or as_json:
        _show_report(report, as_json=as_json)
    else:
        _show_lines(report, is_verbose=verbose)
    if report.get("refused"):
        raise typer.Exit(EXIT_ACT)


@firms.command("confirm")
def confirm_firm(firm_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let an imported firm be told what it matches, without the link: it said so otherwise."""
    _show_report(commands.confirm_firm(firm_id), as_json=as_json)


@firms.command("add")
def add_firm(
    firm_id: str,
    name: str,
    recipient: Annotated[list[str], typer.Option(help="Who gets its mail; may be repeated.")],
    siret: Annotated[str | None, typer.Option(help="14 digits.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Add a firm, or change its name and add recipients; those it has stay, and are counted."""
    _show_report(commands.add_firm(firm_id, name, recipients=recipient, siret=siret), as_json=as_json)


@firms.command("erase")
def erase_firm(firm_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take everything personal off a firm; what was queued for it is not sent."""
    _show_report(commands.erase_firm(firm_id), as_json=as_json)


@firms.command("list")
def list_firms(
    like: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="Only those with it in id, name, SIRET or an address."),
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show firms, by their ids."""
    columns = ("firm_id", "name", "recipient_count", "profiles", "unconfirmed_since")
    _show_some(partial(commands.list_firms, like=like), columns, limit=limit, as_json=as_json)


@profiles.command("add")
def add_profile(  # noqa: PLR0913, PLR0917 - one option a criterion
    firm_id: str,
    profile_id: str,
    name: Annotated[str, typer.Option(help="What the firm calls it.")],
    trade: Annotated[list[str] | None, typer.Option(help="Trade, in the firm's own words.")] = None,
    cpv: Annotated[list[str] | None, typer.Option(help="CPV code, with all below it.")] = None,
    word: Annotated[list[str] | None, typer.Option(help="Word or phrase, any of.")] = None,
    word_out: Annotated[list[str] | None, typer.Option(help="Word or phrase, none of.")] = None,
    departement: Annotated[list[str] | None, typer.Option(help="35, 2A, Bretagne ...")] = None,
    nuts: Annotated[list[str] | None, typer.Option(help="NUTS area of any level: FRH0, FRH03 ...")] = None,
    around: Annotated[
        list[str] | None, typer.Option(help="Commune: Redon, 'Redon (35)', a postcode, an INSEE code.")
    ] = None,
    km: Annotated[int | None, typer.Option(help="How far around the communes; else they alone.")] = None,
    buyer: Annotated[list[str] | None, typer.Option(help="Buyer's name or SIRET.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="call, award ...")] = None,
    minimum_euros: Annotated[int | None, typer.Option(min=0)] = None,
    maximum_euros: Annotated[int | None, typer.Option(min=0)] = None,
    pass_unknown: Annotated[bool, typer.Option(help="What a notice does not state passes.")] = True,  # noqa: FBT002
    qualification: Annotated[
        list[str] | None, typer.Option(help="What the firm has: Qualibat, RGE, SIAE ...")
    ] = None,
    fit_out: Annotated[
        list[str] | None,
        typer.Option(help="Demands not to hear of: qualification, reserved, visit, deposit, size."),
    ] = None,
    working_days: Annotated[int, typer.Option(help="How many it needs to answer; fewer are said.")] = 5,
    cadence: Annotated[str, typer.Option(help="immediate, daily or weekly.")] = "daily",
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="Of its digests, in Paris.")] = None,
    weekday: Annotated[list[str] | None, typer.Option(help="Of its digests: lundi ... dimanche.")] = None,
    item_limit: Annotated[int, typer.Option(help="Procedures that a mail shows in full.")] = 20,
    reminder_days: Annotated[int, typer.Option(help="Working days before a date; 0: no reminder.")] = 5,
    strictness: Annotated[str, typer.Option(help="strict, normal or wide.")] = "normal",
    dry: Annotated[bool, typer.Option("--dry", help="Show what it would bring; save nothing.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what a profile would have brought in ninety days, and add it to a firm, or change it.

    Options of several values may be repeated.  On a terminal it asks before it saves.
    """
    several = {"trades": trade, "cpv": cpv, "words": word, "words_out": word_out}
    several |= {"departements": departement, "nuts": nuts, "communes": around, "buyers": buyer, "kinds": kind}
    several |= {"qualifications": qualification, "fit_out": fit_out}
    given = {field: values or [] for field, values in several.items()}
    limits = {"radius_km": km, "minimum_euros": minimum_euros, "maximum_euros": maximum_euros}
    manner = {"pass_unknown": pass_unknown, "cadence": cadence, "strictness": strictness}
    manner |= {
        "working_days": working_days,
        "hour": hour,
        "weekdays": weekday or [],
        "item_limit": item_limit,
        "reminder_days": reminder_days,
    }
    _try_and_add(
        firm_id, {"id": profile_id, "name": name, **given, **limits, **manner}, dry=dry, as_json=as_json
    )


def _try_and_add(firm_id: str, profile: Mapping[str, Any], *, dry: bool, as_json: bool) -> None:
    """Show what a profile would have brought; then, but for a dry run or a no, add it."""
    if not dry:
        commands.check_profile(firm_id, profile)
    tried = commands.try_profile(firm_id, profile)
    if not as_json:
        _show_back_test(tried)
    if dry:
        _print_json([tried] if as_json else [])
        return
    if sys.stdin.isatty() and not as_json and not typer.confirm("Save it?", default=True):
        _console().print("not saved")
        return
    saved = commands.add_profile(firm_id, profile)
    _show_report({**saved, "back_test": tried} if as_json else saved, as_json=as_json)


@profiles.command("try")
def try_profiles(
    profile_id: Annotated[str | None, typer.Argument(help="A saved profile, or one of the file.")] = None,
    file: Annotated[str | None, typer.Option(help="A firms file, not imported yet.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what a profile would have brought: a week, examples, what each criterion lets in or keeps out.

    It meets the procedures of the last ninety days and all open ones.  `profiles add --dry` tries options.
    """
    if file is not None:
        reports = commands.try_profiles_file(file, profile_id=profile_id)
    elif profile_id is not None:
        reports = [commands.try_saved_profile(profile_id)]
    else:
        raise typer.BadParameter("expected a saved profile's id, or --file (got neither)")
    if as_json:
        _print_json(reports)
        return
    for report in reports:
        _show_back_test(report)


@profiles.command("pause")
def pause_profile(
    profile_id: str,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it goes on, in Paris; within a year.")
    ],
    catch_up: Annotated[bool, typer.Option(help="Tell then what came up in between.")] = True,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Compose no digests of a profile until a day."""
    report = commands.pause_profile(profile_id, until=until.date(), catches_up=catch_up)
    _show_report(report, as_json=as_json)


@profiles.command("resume")
def resume_profile(
    profile_id: str,
    catch_up: Annotated[bool, typer.Option("--catch-up", help="Tell also what a pause left out.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """End the pause of a profile; what came up in between is told, unless the pause was to leave it out."""
    _show_report(commands.resume_profile(profile_id, catches_up=catch_up), as_json=as_json)


@profiles.command("list")
def list_profiles(firm: OfFirm = None, limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show profiles, by their ids, and how much each matches."""
    columns = ("profile_id", "firm_id", "name", "cadence", "paused_until", "match_count")
    _show_some(partial(commands.list_profiles, firm_id=firm), columns, limit=limit, as_json=as_json)


@profiles.command("audit")
def audit_profiles(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show profiles that bring nothing or everything, and trades without a notice in sixty days."""
    columns = ("finding", "profile_id", "firm_id", "trade", "problem", "matches", "per_week")
    _show_rows(commands.audit_profiles(), columns, as_json=as_json)


@app.command("run")
def run(
    step: Step,
    dry: Annotated[bool, typer.Option("--dry", help="deliver: show what would leave.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Run one step of the flow once, or all in order; deliver --dry sends and changes nothing."""
    if not dry:
        _show_report(_STEPS[step](), as_json=as_json)
        return
    if step is not Step.DELIVER:
        raise typer.BadParameter(f"only deliver can be tried dry (got {step.value})", param_hint="--dry")
    columns = ("delivery_id", "recipient", "subject", "attempt_count", "leaves", "why_not")
    _show_rows(commands.preview_deliveries(), columns, as_json=as_json)


@match.command("try")
def try_match(
    profiles: Annotated[str, typer.Option(help="A TOML file of firms.")],
    notices: Annotated[list[str], typer.Option(help="Documents or folders; may be repeated.")],
    more: Annotated[list[str] | None, typer.Argument(help="More documents or folders.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Match the profiles of a file with the notices of documents, without a database."""
    rows = commands.try_match(profiles=profiles, notices=[*notices, *(more or [])])
    _show_rows(rows, ("profile_id", "source_id", "lots", "score", "path"), as_json=as_json)


@match.command("again")
def match_again(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let the next run match all open procedures again: after an upgrade with other words of trades."""
    _show_report(commands.match_again(), as_json=as_json)


@trades.command("list")
def list_trades(as_json: AsJson = False) -> None:  # noqa: FBT002
    """List the trades, what else each may be called, and the version of the table."""
    rows = commands.list_trades()
    _show_rows(rows, ("trade", "label", "family", "synonyms"), as_json=as_json)
    if not as_json:
        _console().print(f"{len(rows)} trades, version {rows[0]['version']}")


@trades.command("explain")
def explain_trade(name: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Say what stands for a trade: words, hints, CPV and NAF codes, and what sets it apart from others."""
    report = commands.explain_trade(name)
    shown = report if as_json else {key: _cell(value) for key, value in report.items() if value}
    _show_report(shown, as_json=as_json)


@trades.command("for")
def trades_for(
    text: Annotated[str | None, typer.Argument(help="A title, as a buyer would write it.")] = None,
    naf: Annotated[str | None, typer.Option(help="An activity: 43.22A, 4322A or 43.22.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Say which trades a title asks for, and by which words; or which trades an activity means."""
    rows = commands.trades_for(text, naf_code=naf)
    columns = ("trade", "label", "points", "words", "told") if naf is None else ("trade", "label")
    _show_rows(rows, columns, as_json=as_json)


@app.command("why")
def why(firm: str, notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Say why each profile of a firm matches a notice or not: what it was told, or what would let it in."""
    columns = ("profile_id", "title", "state", "matches", "lots", "why", "told", "would_match")
    rows = commands.why(firm, notice)
    _show_rows(rows if as_json else [_why_row(row) for row in rows], columns, as_json=as_json)


@app.command("search")
def search(  # noqa: PLR0913, PLR0917 - one option a criterion
    text: Annotated[
        str,
        typer.Argument(
            help='Words that must all stand; "words in a row" in quotes; or a number, a CPV code.'
        ),
    ] = "",
    like: Annotated[int | None, typer.Option(help="Others like this procedure.")] = None,
    departement: Annotated[list[str] | None, typer.Option(help="22, 2A, Bretagne; may be repeated.")] = None,
    near: Annotated[str | None, typer.Option(help="A commune or postcode: work in or around it.")] = None,
    radius: Annotated[int, typer.Option(min=0, max=LARGEST_RADIUS_KM, help="How many km around it.")] = 0,
    trade: Annotated[list[str] | None, typer.Option(help="As of profiles; may be repeated.")] = None,
    cpv: Annotated[list[str] | None, typer.Option(help="Eight digits; covers its subtree.")] = None,
    kind: Annotated[list[NoticeKind] | None, typer.Option(help="Of the newest notice.")] = None,
    buyer: Annotated[str | None, typer.Option(help="A SIRET, or words of its name.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Can still be answered.")] = False,  # noqa: FBT002
    minimum: Annotated[int | None, typer.Option(min=0, help="Stated amount in euros, at least.")] = None,
    maximum: Annotated[int | None, typer.Option(min=0, help="At most.")] = None,
    sort: Annotated[SearchSort, typer.Option(help="What comes first.")] = SearchSort.RELEVANCE,
    size: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    after: Annotated[str | None, typer.Option(help="The token that ended the page before.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Search procedures; nothing but conditions shows the newest that meet them."""
    request = SearchRequest(
        text=text,
        like=like,
        trades=tuple(trade or ()),
        departements=tuple(departement or ()),
        near=near,
        radius_km=radius,
        cpv_codes=tuple(cpv or ()),
        kinds=tuple(kind or ()),
        buyer=buyer,
        open_only=open_only,
        minimum_cents=None if minimum is None else 100 * minimum,
        maximum_cents=None if maximum is None else 100 * maximum,
        sort=sort,
        size=size,
        after=after,
    )
    report = commands.search(request)
    if as_json:
        _print_json([report])
    else:
        _show_found(report)


@index.command("rebuild")
def rebuild_index(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Build the search index anew beside the one that serves; killed, it goes on where it was."""
    _show_report(commands.rebuild_index(), as_json=as_json)


@notices.command("show")
def show_notices(notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show the notices of a procedure, and what put each there; by source id, key or number."""
    columns = ("procedure_id", "notice_id", "source_id", "kind", "title", "step", "evidence")
    _show_rows(commands.show_notices(notice), columns, as_json=as_json)


@notices.command("split")
def split_notice(notice_id: Number, why: Why, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take a notice, in all its versions, out of its procedure into one of its own."""
    _show_report(commands.split_notice(notice_id, why=why), as_json=as_json)


@notices.command("join")
def join_notice(notice_id: Number, procedure_id: Number, why: Why, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Put a notice, in all its versions, into a procedure."""
    _show_report(commands.join_notice(notice_id, procedure_id, why=why), as_json=as_json)


@deliveries.callback()
def list_deliveries(
    context: typer.Context,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that stand so.")] = None,
    firm: OfFirm = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show how many deliveries stand in each state, and the newest, with what the server said last."""
    if context.invoked_subcommand is not None:
        return
    if not as_json:
        counts = commands.count_deliveries(firm_id=firm)
        _console().print(", ".join(f"{count} {name}" for name, count in counts.items()))
    columns = (
        "delivery_id", "digest_id", "profile_id", "recipient", "state", "attempt_count", "next_attempt_at",
        "sent_at", "blame", "answer",
    )  # fmt: skip
    find = partial(commands.list_deliveries, state=state.value if state else None, firm_id=firm)
    _show_some(find, columns, limit=limit, as_json=as_json)


@deliveries.command("count")
def count_deliveries(
    firm: OfFirm = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show how many deliveries stand in each state."""
    _show_report(commands.count_deliveries(firm_id=firm), as_json=as_json)


@deliveries.command("replay")
def replay_digest(
    digest_id: Number,
    to: Annotated[str, typer.Option(help="An address of the digest's firm.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Queue a digest once more for one recipient, as a mail of its own; it leaves with the next deliver."""
    _show_report(commands.replay_digest(digest_id, to=to), as_json=as_json)


@deliveries.command("stop")
def stop_mail(
    why: Annotated[str, typer.Option(help="Why; shown until mail is released.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Let no mail leave, until it is released; digests are composed and queued meanwhile."""
    _show_report(commands.stop_mail(why=why), as_json=as_json)


@deliveries.command("release")
def release_mail(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Let mail leave again, with the next run of deliver."""
    _show_report(commands.release_mail(), as_json=as_json)


@app.command("received")
def list_received(limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show the mails that came back, and what they say, the newest first."""
    columns = ("received_at", "kind", "delivery_id", "recipient", "status", "diagnostic")
    _show_some(commands.list_received, columns, limit=limit, as_json=as_json)


@digests.command("print")
def print_digest(
    digest_id: Number,
    html: Annotated[str, typer.Option(help="The file to write.")],
    language: Annotated[str, typer.Option(help="fr, en or br.")] = "fr",
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Write a digest on one sheet, an HTML page to print and pin to a wall."""
    _show_report(commands.print_digest(digest_id, page=html, language_code=language), as_json=as_json)


@suppressions.command("list")
def list_suppressions(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,  # noqa: FBT002
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show who gets no mail, and why, the newest first."""
    columns = ("email", "profile_id", "kind", "reason", "created_at", "until_at", "ended_at", "ended_reason")
    find = partial(commands.list_suppressions, with_ended=everything)
    _show_some(find, columns if everything else columns[:-2], limit=limit, as_json=as_json)


@suppressions.command("add")
def add_suppression(
    email: str,
    why: Annotated[str, typer.Option(help="Why; kept with it.")],
    profile: Annotated[str | None, typer.Option(help="Only about this profile.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Mail an address no more."""
    _show_report(commands.add_suppression(email, why=why, profile_id=profile), as_json=as_json)


@suppressions.command("lift")
def lift_suppression(
    email: str,
    why: Annotated[str, typer.Option(help="Why; kept with it.")],
    profile: Annotated[str | None, typer.Option(help="The order about this profile.")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Mail an address again; what was not sent meanwhile is not sent later."""
    _show_report(commands.lift_suppression(email, why=why, profile_id=profile), as_json=as_json)


@feedback.command("give")
def give_opinion(
    firm: str,
    notice: str,
    useful: Annotated[
        bool | None, typer.Option("--useful/--not-for-us", help="What the firm says of it; one is needed.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Keep that a notice is useful to a firm, or not for it; show how its profile could be narrowed."""
    is_useful = _either(useful, "--useful", "--not-for-us")
    opinion = Opinion.USEFUL if is_useful else Opinion.NOT_FOR_US
    report = commands.give_opinion(firm, notice, opinion)
    if as_json:
        _print_json([report])
        return
    _show_report({key: value for key, value in report.items() if key != "proposals"}, as_json=False)
    _show_proposals(report["profile_id"], report["proposals"])


@feedback.command("undo")
def undo_opinion(firm: str, notice: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take back what a firm says of a notice."""
    _show_report(commands.undo_opinion(firm, notice), as_json=as_json)


@feedback.command("list")
def list_opinions(
    firm: Annotated[str | None, typer.Argument(help="Only this firm's.")] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what firms say of what they were told, the newest first."""
    columns = ("firm_id", "profile_id", "procedure_id", "title", "opinion", "recipient_id", "created_at")
    _show_some(partial(commands.list_opinions, firm), columns, limit=limit, as_json=as_json)


@feedback.command("propose")
def propose_changes(profile_id: str, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show how a profile could be narrowed after what its firm said, and what each change would keep out."""
    rows = commands.propose_changes(profile_id)
    if as_json:
        _print_json(rows)
    else:
        _show_proposals(profile_id, rows)


@feedback.command("accept")
def accept_proposal(
    profile_id: str,
    key: Annotated[str, typer.Argument(help="Of a change that is proposed now.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Make a proposed change of a profile; nothing changes a profile by itself."""
    _show_report(commands.accept_proposal(profile_id, key), as_json=as_json)


@feedback.command("revert")
def revert_change(
    profile_id: str,
    key: Annotated[str, typer.Argument(help="Of a change that was accepted.")],
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Take back a change that was accepted; what else has changed of the profile since stays."""
    _show_report(commands.revert_change(profile_id, key), as_json=as_json)


@app.command("tellings")
def list_tellings(firm: OfFirm = None, limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show what each profile was told, the newest first."""
    columns = ("telling_id", "profile_id", "kind", "title", "told_revision", "digest_id", "created_at")
    _show_some(partial(commands.list_tellings, firm_id=firm), columns, limit=limit, as_json=as_json)


@app.command("resolve")
def resolve(
    delivery_id: Number,
    arrived: Annotated[
        bool | None,
        typer.Option("--arrived/--again", help="It is in the mailbox, or send it again; one is needed."),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Settle a delivery in doubt by what the mailbox shows."""
    is_there = _either(arrived, "--arrived", "--again")
    _show_report(commands.resolve_delivery(delivery_id, arrived=is_there), as_json=as_json)


@app.command("rejects")
def list_rejects(
    feed: Annotated[str | None, typer.Option(help="Only those of this feed.")] = None,
    limit: Limit = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what could not be read, and why, the newest first."""
    columns = ("feed_id", "document_id", "stage", "where", "problem", "seen_count")
    _show_some(partial(commands.list_rejects, feed_id=feed), columns, limit=limit, as_json=as_json)


@app.command("waiting")
def count_waiting(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show how many rows wait for each step."""
    _show_report(commands.count_waiting(), as_json=as_json)


@app.command("recover")
def recover(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Settle leases that ran out, then do what waits, from load to delivery."""
    _show_report(commands.recover(), as_json=as_json)


@app.command("web")
def web(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 in a container.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve the pages that mails link to: leave, come back; and /health."""
    from alerting.web.server import serve  # noqa: PLC0415 - no other verb needs a web server

    with bootstrap.opened(None) as parts:
        serve(parts, host=host, port=port)


def _either(choice: bool | None, yes: str, no: str) -> bool:  # noqa: FBT001
    """Return which of two flags was given; neither is refused by the names of both."""
    if choice is None:
        raise typer.BadParameter(f"expected {yes} or {no} (got neither)")
    return choice


def _show_proposals(profile_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        _console().print("nothing to propose")
        return
    _print_table(rows, ("change", "not_for_us", "others", "useful", "key"))
    _console().print(f"make one: alerting feedback accept {profile_id} KEY")


def _show_single(path: str, *, as_json: bool) -> None:
    """Show what a file's only profile would have brought; of several, `profiles try --file` does."""
    tried = None if as_json else commands.try_single_profile(path)
    if tried is not None:
        _show_back_test(tried)


def _show_lines(report: Mapping[str, Any], *, is_verbose: bool) -> None:
    """Show what became of the lines of a list: those that were refused, or all."""
    columns = ("line", "siret", "state", "field", "got", "expected")
    shown = [row for row in report["lines"] if is_verbose or row["state"] == "refused"]
    if shown:
        _print_table([{"field": ", ".join(row.get("fields", ())), **row} for row in shown], columns)
    counts = ("added", "changed", "unchanged", "refused", "asked")
    _console().print(", ".join(f"{report[name]} {name}" for name in counts))


def _show_back_test(report: Mapping[str, Any]) -> None:
    """Show what a profile would have brought, and what would change that."""
    lines = [f"{report['profile_id']}: {report['name']}"]
    lines += [f"{name}: {'; '.join(report[name])}" for name in ("trades", "places") if report[name]]
    lines += _in_figures(report)
    for line in lines:
        _console().print(line, soft_wrap=True)
    if report["examples"]:
        columns = ("published_at", "title", "place", "deadline_at", "fit", "reasons")
        _print_table([_example_row(row) for row in report["examples"]], columns)
    if report["criteria"]:
        _print_table(report["criteria"], ("change", "brings", "keeps_out", "matches", "per_week"))
    for row in report["suggestions"]:
        line = f"try: {row['change']}: {_procedures(row['matches'])}, {row['per_week']} a week"
        _console().print(line, soft_wrap=True)


def _in_figures(report: Mapping[str, Any]) -> list[str]:
    found, tried, days = report["match_count"], report["tried_count"], report["days"]
    counts = f"{found} of {_procedures(tried)}, {report['open_count']} open now"
    lines = [f"{report['verdict']}: {counts}; {report['per_week']} a week over {days} days"]
    if refused := report["refused_count"]:
        lines.append(f"refused: {_procedures(refused)} at which our code failed; the log names each")
    if found:
        weeks = (f"{week['week'][5:]} {week['matches']}" for week in report["weeks"])
        areas = (f"{area['departement']} {area['matches']}" for area in report["areas"])
        lines += [f"by week: {', '.join(weeks)}", f"by département: {', '.join(areas)}"]
    return lines


def _procedures(count: int) -> str:
    return "1 procedure" if count == 1 else f"{count} procedures"


def _example_row(row: Mapping[str, Any]) -> dict[str, Any]:
    lots = [f"lot {lot['lot_id']} {lot['title'] or ''}".strip() for lot in row["lots"][:_NAMED]]
    title = f"{row['title']} ({'; '.join(lots)})" if lots else row["title"]
    return {**row, "title": title, "fit": row["fit"].replace("_", " ")}


def _found_row(row: Mapping[str, Any]) -> dict[str, Any]:
    places = [*row["places"], *(place for lot in row["lots"] for place in lot["places"])]
    stated = {place["departement"] for place in places if place["departement"] is not None}
    buyer = row["buyer"] or {}
    return {**row, "buyer": buyer.get("name"), "departements": sorted(stated)}


def _show_tried(report: Mapping[str, Any], *, as_json: bool) -> None:
    """Show what one document of a feed holds, to whom it would be told, and what became of the feed."""
    if as_json:
        _print_json([report])
        return
    found = report["notices"]
    if found:
        columns = ("title", "deadline_at", "is_open", "missing", "told_to")
        _print_table([{**row, "told_to": _told_to(row["told_to"])} for row in found[:_SHOWN]], columns)
    lines = [f"{reject['where']}: {reject['problem']}" for reject in report["rejects"][:_SHOWN]]
    lines += [_unreadable_value(entry) for row in found for entry in row["unreadable"]][:_SHOWN]
    told = sum(bool(row["told_to"]) for row in found)
    counts = f"{len(found)} notices, {sum(row['is_open'] for row in found)} open, {told} to tell"
    lines.append(f"{report['format'] or 'no format'}, {report['outcome']}: {counts}")
    if report["moved_from"] is not None:
        lines.append(f"feed {report['feed_id']}: its address was {report['moved_from']} until now")
    lines.append(f"feed {report['feed_id']}: {report['state']}")
    if report["state"] == "paused":
        lines.append(f"switch it on with: alerting feeds resume {report['feed_id']}")
    for line in lines:
        _console().print(line)


def _why_refused(report: Mapping[str, Any]) -> str:
    """Return why nothing could be read of a feed: the first reason, and how many more there are."""
    first, *others = report["rejects"]
    more = f" (and {len(others)} more)" if others else ""
    return f"feed {report['feed_id']!r}: {first['where']}: {first['problem']}{more}"


def _told_to(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [str(row["profile_id"]) for row in rows]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _feed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person reads of a feed: beside "auto" the format in which it was last read."""
    asked, found = row["format"], row["last_format"]
    return {**row, "format": asked if found in {None, asked} else f"{asked}: {found}"}


def _why_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person reads of one profile: what it was told and when, and why no more."""
    told = [f"{telling['kind']} {_cell(telling['created_at'])}" for telling in row["told"]]
    held = [f"no: {row['not_told']}"] if row["not_told"] else []
    return {**row, "told": [*told, *held] or "no"}


def _within(paths: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows with their paths as they are within the folder, where one folder was asked for."""
    folder = Path(paths[0])
    if len(paths) > 1 or not folder.is_dir():
        return list(rows)
    return [
        {**row, "path": str(Path(row["path"]).relative_to(folder))}
        if Path(row["path"]).is_relative_to(folder) and Path(row["path"]) != folder
        else row
        for row in rows
    ]


def _check_row(report: Mapping[str, Any]) -> dict[str, Any]:
    missing = sorted({field for fields in report.get("missing", []) for field in fields})
    unreadable = [entry for entries in report.get("unreadable", []) for entry in entries]
    problems = [f"{reject['where']}: {reject['problem']}" for reject in report["rejects"]]
    problems += map(_unreadable_value, unreadable)
    return {
        **report,
        "notices": len(report["notices"]),
        "missing": missing,
        "unreadable": sorted({entry["field"] for entry in unreadable}),
        "problem": next(iter(problems), ""),
    }


def _unreadable_value(entry: Mapping[str, Any]) -> str:
    """Return in a line what is wrong with a value that could not be read."""
    return f"{entry['field']}: expected {entry['rule']} (got {short_repr(entry['before'])})"


def _show_found(report: Mapping[str, Any]) -> None:
    """Show what was found, then how it is spread, other words, and how to go on."""
    columns = ("procedure_id", "title", "buyer", "departements", "deadline_at", "state")
    _print_table([_found_row(row) for row in report["found"]], columns)
    lines = [f"{report['total']} found"]
    for name, values in report["facets"].items():
        shown = [f"{value.get('label') or value['value']} ({value['count']})" for value in values[:_FACETED]]
        if shown:
            lines.append(f"{name}: {', '.join(shown)}")
    for word, others in report["suggestions"].items():
        lines.append(f"{word} stands nowhere; near it: {', '.join(others) or 'nothing'}")
    if report["after"] is not None:
        lines.append(f"next page: --after {report['after']}")
    for line in lines:
        _console().print(line, soft_wrap=True)


def _show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json([report])
        return
    for key, value in report.items():
        # What holds nothing, as "kept", would say no more than its name.
        if value != []:
            _console().print(f"{key}: {_in_words(value)}", soft_wrap=True)


def _in_words(value: object) -> str:
    """Return a value of a report in a line: "fetched 3, not_modified 6" of a step's counts."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(part)}" for name, part in value.items())
    return "; ".join(map(_in_words, value)) if isinstance(value, list) else str(value)


def _show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        _print_json(rows)
    else:
        _print_table(rows, columns)


def _show_some(
    find: Callable[..., Sequence[Mapping[str, Any]]],
    columns: Sequence[str],
    *,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show the first rows that a question finds, and whether there are more: a fleet has thousands."""
    if as_json:
        _print_json(find(limit=limit))
        return
    most = limit or _SHOWN
    rows = find(limit=most + 1)
    _print_table(rows[:most], columns)
    if len(rows) > most:
        _console().print(f"{most} shown, and there are more: --limit N, or --json for all")


def _print_json(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        _console().print("none")
        return
    console = _console()
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = _narrowest([list(columns), *cells])
    if sum(widths) + 3 * len(widths) + 1 > console.width:
        _print_blocks(columns, cells, console)
        return
    # What is too long goes on below: an end that is cut off may be all that tells two rows apart.
    table = Table(
        *(Column(name, overflow="fold", min_width=width) for name, width in zip(columns, widths, strict=True))
    )
    for texts in cells:
        table.add_row(*texts)
    console.print(table)


def _narrowest(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return for each column the width below which it would break words, but those longer than an id."""
    longest = [
        max(len(word) for text in texts for word in [*text.split(), ""]) for texts in zip(*rows, strict=True)
    ]
    return [min(length, WORD_WIDTH) for length in longest]


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    """Print each row as lines "field: value", without the empty ones, and a line between two rows."""
    for number, texts in enumerate(cells):
        if number:
            console.print()
        for name, text in zip(columns, texts, strict=True):
            if text:
                console.print(f"{name}: {text}", soft_wrap=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    text = str(value)
    if MOMENT.fullmatch(text):
        # A person reads the hour of the mails; --json keeps UTC.
        return f"{datetime.fromisoformat(text).astimezone(PARIS):%Y-%m-%d %H:%M}"
    # A title may carry signs that turn a terminal's line around.
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _plain(value: object) -> str:
    return str(value)


def _console() -> Console:
    """A page's width into a file or a pipe, where nobody can widen the window; texts stay as they are."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, markup=False, emoji=False)
