"""``alerting profiles``: saved interests of firms, and what they would have brought."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer

from alerting import commands
from alerting.cli.back_test import show_back_test
from alerting.cli.options import AsJson, Limit, OfFirm
from alerting.cli.output import print_json, show_report, show_rows, show_some, terminal


profiles = typer.Typer(no_args_is_help=True, help="Saved interests of firms.")


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
        list[str] | None, typer.Option(help="Commune: Redon, 'Redon (35)', a postcode, 'insee 35236'.")
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
        show_back_test(tried)
    if dry:
        print_json([tried] if as_json else [])
        return
    if sys.stdin.isatty() and not as_json and not typer.confirm("Save it?", default=True):
        terminal().print("not saved")
        return
    saved = commands.add_profile(firm_id, profile)
    show_report({**saved, "back_test": tried} if as_json else saved, as_json=as_json)


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
        print_json(reports)
        return
    for report in reports:
        show_back_test(report)


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
    show_report(report, as_json=as_json)


@profiles.command("resume")
def resume_profile(
    profile_id: str,
    catch_up: Annotated[bool, typer.Option("--catch-up", help="Tell also what a pause left out.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """End the pause of a profile; what came up in between is told, unless the pause was to leave it out."""
    show_report(commands.resume_profile(profile_id, catches_up=catch_up), as_json=as_json)


@profiles.command("list")
def list_profiles(firm: OfFirm = None, limit: Limit = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show profiles, by their ids, and how much each matches."""
    columns = ("profile_id", "firm_id", "name", "cadence", "paused_until", "match_count")
    show_some(partial(commands.list_profiles, firm_id=firm), columns, limit=limit, as_json=as_json)


@profiles.command("audit")
def audit_profiles(as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show profiles that bring nothing or everything, and trades without a notice in sixty days."""
    columns = ("finding", "profile_id", "firm_id", "trade", "problem", "matches", "per_week")
    show_rows(commands.audit_profiles(), columns, as_json=as_json)
