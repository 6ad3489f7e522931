# SPDX-License-Identifier: Apache-2.0
"""The verdict in a few sentences, and what to do next."""

from __future__ import annotations

from eia930.account.model import Account
from eia930.report.telling import silence
from eia930.report.telling.model import Figures, Step
from eia930.report.telling.nothing import nothing
from eia930.report.telling.words import count, figure, percent, unit_of

_REAL_DATA = Step(
    "These data are synthetic. Get a free key at https://www.eia.gov/opendata/register.php and load the real record.",
    "EIA_API_KEY=<your key> python -m pipelines.historical",
)
_AGAIN = Step(
    "Run the same load again: it asks only for the hours that are not stored yet.",
    "python -m pipelines.historical --output <this folder>",
)
_DEFECT = Step("Do not use the files before the sums agree; report this as a defect.", "")
_SHORT = Step(
    "Look at the series that fall short, under Account. Load again with --refresh if their hours may have come "
    "since; leave those series out; or ask for a smaller share, if their gaps do no harm.",
    "python -m pipelines.historical --output <this folder> --min_completeness <share>",
)
_SILENT = Step(f"Of who was silent: {silence.REMEDY}.", "python -m pipelines.reference --check --output=<this folder>")
_MASK = "Values are as reported, errors included. Leave flagged hours out, or mask them, when you train."
_READ = "Read the files, each route by itself: their columns differ."


def verdict(account: Account, told: Figures) -> list[str]:
    """Sentences, the most important first."""
    return [
        *_silent(account),
        *_account(account),
        *_short(account),
        _hours(account, told),
        *_estimated(told),
        *_furthest(told),
        *_checks(told),
        *_differing(account),
    ]


def _silent(account: Account) -> list[str]:
    """Who was expected and sent nothing; nothing where each series has a row."""
    said = []
    for what, names in (("respondents", silence.respondents(account)), ("series", silence.series(account))):
        if names:
            more = f" and {count(len(names) - 3)} more" if len(names) > 3 else ""
            said.append(f"Silent: {count(len(names))} {what} sent not one row: {', '.join(names[:3])}{more}.")
    return said


def _account(account: Account) -> list[str]:
    said = []
    if account.imbalances:
        said.append(f"The account does not balance: {_of(len(account.imbalances), 'sum')} not agree.")
    else:
        said.append("Every row received and every hour asked is accounted for.")
    if failed := len(account.failures):
        said.append(f"{count(failed)} request{'s' if failed > 1 else ''} could not be had; their hours are missing.")
    return said


def _short(account: Account) -> list[str]:
    """Nothing where no completeness was asked for, or every series has it."""
    gate = account.completeness
    if not gate.short:
        return []
    number = len(gate.short)
    worst = gate.short[0]
    return [
        f"{count(number)} series {'falls' if number == 1 else 'fall'} short of the completeness asked for "
        f"({percent(gate.minimum)} of the hours): {worst.series_id} most, with {percent(worst.share)} present."
    ]


def _hours(account: Account, told: Figures) -> str:
    hours = account.hours
    if not hours.present:
        return _none(account)
    text = f"{percent(told.present_share)} of the {count(hours.asked)} hours asked are present"
    if told.lifetime_share != told.present_share:
        text += f" ({percent(told.lifetime_share)} between the first and the last hour of each series)"
    if not told.flagged:
        return text + "; none of them is flagged."
    return text + f"; {count(told.flagged)} of those ({percent(told.flagged_share)}) are flagged as doubtful."


def _none(account: Account) -> str:
    asked, found = account.hours.asked, nothing(account)
    text = f"None of the {count(asked)} hours asked is present" if asked else "No hour of any series is present"
    return f"{text}: {found.why}." if found else f"{text}."


def _estimated(told: Figures) -> list[str]:
    """Nothing where nothing is estimated."""
    one = told.estimated
    if not one.hours:
        return []
    hours = f"{count(one.hours)} hour{'' if one.hours == 1 else 's'} of demand in {count(one.series)} series"
    return [f"{hours} that {'is' if one.hours == 1 else 'are'} missing or doubtful have an estimate beside them."]


def _furthest(told: Figures) -> list[str]:
    one = told.furthest
    if not one:
        return []
    return [
        f"The largest single error is in {one.series_id} at {one.hour}: {figure(one.value)} {unit_of(one.series_id)} "
        f"where about {figure(round(one.usual))} is usual."
    ]


def _checks(told: Figures) -> list[str]:
    checks = told.checks
    if not checks.ran:
        return []
    if not checks.broken:
        return [f"All {checks.ran} cross-checks that had hours to compare hold."]
    found = _of(checks.broken, "cross-check")
    said = [f"{found} not hold everywhere, of {checks.ran} that had hours to compare."]
    if told.contradicted:
        said.append(
            f"In all {count(told.doubted)} hours ({percent(told.doubted_share)}) are to be distrusted: those that "
            f"carry a flag, and {count(told.contradicted)} that a cross-check finds wrong (checks.parquet)."
        )
    return said


def _differing(account: Account) -> list[str]:
    """Months in which two sources disagree."""
    found = account.comparison.findings
    if not found:
        return []
    one = found[0]
    return [
        f"The two sources differ in more than 0.1 % of the hours of {count(len(found))} "
        f"month{'' if len(found) == 1 else 's'} of a series: {one.series_id} most, in {one.month}."
    ]


def _of(number: int, what: str) -> str:
    return f"{count(number)} {what} does" if number == 1 else f"{count(number)} {what}s do"


def next_steps(account: Account, told: Figures) -> list[Step]:
    """What a reader should do, most pressing first."""
    pressing = (
        (told.synthetic, _REAL_DATA),
        (bool(silence.respondents(account) or silence.series(account)), _SILENT),
        (bool(account.failures), _AGAIN),
        (bool(account.imbalances), _DEFECT),
        (bool(account.completeness.short), _SHORT),
    )
    return [*_instead(account), *(step for due, step in pressing if due), *_reading(account, told)]


def _instead(account: Account) -> list[Step]:
    """What else to ask for, where not a single hour came; nothing where it is to be asked again."""
    found = nothing(account)
    return [Step(f"There is nothing to read: {found.remedy}.", "")] if found else []


def _reading(account: Account, told: Figures) -> list[Step]:
    """What to do with the files; nothing where they hold nothing, or are not to be read."""
    if account.imbalances or not account.hours.present:
        return []
    route, unflagged = account.spans[0].route, "filters=pyarrow.compute.field('flag').is_null()"
    if told.flagged:
        return [Step(_MASK, f"pyarrow.parquet.read_table('tidy/{route}', {unflagged})")]
    return [Step(_READ, f"pyarrow.parquet.read_table('tidy/{route}')")]
