# SPDX-License-Identifier: Apache-2.0
"""The verdict in a few sentences, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eia930.report.telling.nothing import nothing
from eia930.report.telling.words import count, megawatts, percent

_REAL_DATA = {
    "what": "These data are synthetic. Get a free key at https://www.eia.gov/opendata/register.php "
    "and load the real record.",
    "command": "EIA_API_KEY=<your key> python -m pipelines.historical",
}
_AGAIN = {
    "what": "Run the same load again: it asks only for the hours that are not stored yet.",
    "command": "python -m pipelines.historical --output <this folder>",
}
_DEFECT = {"what": "Do not use the files before the sums agree; report this as a defect.", "command": ""}
_SHORT = {
    "what": "Look at the series that fall short, under Account. Load again with --refresh if their hours may have come "
    "since; leave those series out; or ask for a smaller share, if their gaps do no harm.",
    "command": "python -m pipelines.historical --output <this folder> --min_completeness <share>",
}
_MASK = {
    "what": "Values are as reported, errors included. Leave flagged hours out, or mask them, when you train.",
    "command": "pyarrow.dataset.dataset('tidy').to_table(filter=pyarrow.compute.field('flag').is_null())",
}
_READ = {"what": "Read the files.", "command": "pyarrow.dataset.dataset('tidy').to_table()"}


def verdict(report: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """Sentences, the most important first."""
    return [*_account(report), *_short(report), _hours(report, told), *_furthest(told), *_checks(told)]


def _account(report: Mapping[str, Any]) -> list[str]:
    said = []
    if report["imbalances"]:
        said.append(f"The account does not balance: {_of(len(report['imbalances']), 'sum')} not agree.")
    else:
        said.append("Every row received and every hour asked is accounted for.")
    if failed := len(report["failures"]):
        said.append(f"{count(failed)} request{'s' if failed > 1 else ''} could not be had; their hours are missing.")
    return said


def _short(report: Mapping[str, Any]) -> list[str]:
    """Nothing where no completeness was asked for, or every series has it."""
    gate = report.get("completeness", {"short": []})
    if not gate["short"]:
        return []
    number = len(gate["short"])
    worst = gate["short"][0]
    return [
        f"{count(number)} series {'falls' if number == 1 else 'fall'} short of the completeness asked for "
        f"({percent(gate['minimum'])} of the hours): {worst['series_id']} most, with {percent(worst['share'])} present."
    ]


def _hours(report: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    hours = report["hours"]
    if not hours["present"]:
        return _none(report)
    text = f"{percent(told['present_share'])} of the {count(hours['asked'])} hours asked are present"
    if told["lifetime_share"] != told["present_share"]:
        text += f" ({percent(told['lifetime_share'])} between the first and the last hour of each series)"
    if not told["flagged"]:
        return text + "; none of them is flagged."
    return text + f"; {count(told['flagged'])} of those ({percent(told['flagged_share'])}) are flagged as doubtful."


def _none(report: Mapping[str, Any]) -> str:
    asked, found = report["hours"]["asked"], nothing(report)
    text = f"None of the {count(asked)} hours asked is present" if asked else "No hour of any series is present"
    return f"{text}: {found.why}." if found else f"{text}."


def _furthest(told: Mapping[str, Any]) -> list[str]:
    one = told["furthest"]
    if not one:
        return []
    return [
        f"The largest single error is in {one['series_id']} at {one['hour']}: {megawatts(one['value'])} MW "
        f"where about {megawatts(round(one['usual']))} is usual."
    ]


def _checks(told: Mapping[str, Any]) -> list[str]:
    checks = told["checks"]
    if not checks["ran"]:
        return []
    if not checks["broken"]:
        return [f"All {checks['ran']} cross-checks that had hours to compare hold."]
    found = _of(checks["broken"], "cross-check")
    return [f"{found} not hold everywhere, of {checks['ran']} that had hours to compare."]


def _of(number: int, what: str) -> str:
    return f"{count(number)} {what} does" if number == 1 else f"{count(number)} {what}s do"


def next_steps(report: Mapping[str, Any], told: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a reader should do, most pressing first; `command` may be empty."""
    pressing = (
        (told["synthetic"], _REAL_DATA),
        (bool(report["failures"]), _AGAIN),
        (bool(report["imbalances"]), _DEFECT),
        (bool(report.get("completeness", {}).get("short")), _SHORT),
    )
    return [*_instead(report), *(step for due, step in pressing if due), *_reading(report, told)]


def _instead(report: Mapping[str, Any]) -> list[dict[str, str]]:
    """What else to ask for, where not a single hour came; nothing where it is to be asked again."""
    found = nothing(report)
    return [{"what": f"There is nothing to read: {found.remedy}.", "command": ""}] if found else []


def _reading(report: Mapping[str, Any], told: Mapping[str, Any]) -> list[dict[str, str]]:
    """What to do with the files; nothing where they hold nothing, or are not to be read."""
    if report["imbalances"] or not report["hours"]["present"]:
        return []
    return [_MASK if told["flagged"] else _READ]
