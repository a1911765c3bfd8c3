"""What a profile would have brought, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerting.cli.output import NAMED, print_table, terminal


def show_back_test(report: Mapping[str, Any]) -> None:
    """Show what a profile would have brought, and what would change that."""
    lines = [f"{report['profile_id']}: {report['name']}"]
    lines += [f"{name}: {'; '.join(report[name])}" for name in ("trades", "places") if report[name]]
    lines += _in_figures(report)
    for line in lines:
        terminal().print(line, soft_wrap=True)
    if report["examples"]:
        columns = ("published_at", "title", "place", "deadline_at", "fit", "reasons")
        print_table([_example_row(row) for row in report["examples"]], columns)
    if report["criteria"]:
        print_table(report["criteria"], ("change", "brings", "keeps_out", "matches", "per_week"))
    for row in report["suggestions"]:
        line = f"try: {row['change']}: {_procedures(row['matches'])}, {row['per_week']} a week"
        terminal().print(line, soft_wrap=True)


def _in_figures(report: Mapping[str, Any]) -> list[str]:
    found, tried, days = report["match_count"], report["tried_count"], report["days"]
    counts = f"{found} of {_procedures(tried)}, {report['open_count']} open now"
    lines = [f"{report['verdict']}: {counts}; {report['per_week']} a week over {days} days"]
    if refused := report["refused_count"]:
        lines.append(f"refused: {_procedures(refused)} at which our code failed; the log names each")
    if found:
        weeks = (f"{week['week'][5:]} {week['matches']}" for week in report["weeks"])
        lines.append(f"by week: {', '.join(weeks)}")
    if report["areas"]:
        areas = (f"{area['departement']} {area['matches']}" for area in report["areas"])
        lines.append(f"by département: {', '.join(areas)}")
    return lines


def _procedures(count: int) -> str:
    return "1 procedure" if count == 1 else f"{count} procedures"


def _example_row(row: Mapping[str, Any]) -> dict[str, Any]:
    lots = [f"lot {lot['lot_id']} {lot['title'] or ''}".strip() for lot in row["lots"][:NAMED]]
    title = f"{row['title']} ({'; '.join(lots)})" if lots else row["title"]
    return {**row, "title": title, "fit": row["fit"].replace("_", " ")}
