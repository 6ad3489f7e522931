# SPDX-License-Identifier: Apache-2.0
"""What other programs may take from a published output, and what holds them back."""

from __future__ import annotations

from collections.abc import Iterable

from eia930.account.stored import REPORT, asked_hours, read_account, require_whole
from eia930.errors import UsageError
from eia930.record.tidy import tidy_path
from eia930.record.tidy_file import AGAIN, held, listed
from eia930.record.tidy_series import SeriesRef, series_refs
from eia930.store.manifest import SUCCESS
from eia930.store.storage import Storage


def unfinished(storage: Storage) -> str:
    """Why the tidy files of an output are no whole load, and what to do; empty where they are.

    A load that only falls short of the completeness asked for has no `_SUCCESS`, but whole files. UsageError where a
    finished output lacks its manifest or its account.
    """
    if storage.exists(SUCCESS):
        require_whole(storage)
        return ""
    try:
        told = read_account(storage)
    except UsageError:
        return f"never loaded, or half-written (no {SUCCESS}, no {REPORT}); run python -m pipelines.historical there"
    if told.stopped:
        return f"its load was not finished ({told.stopped}); run it again"
    if told.failures:
        requests = f"{len(told.failures):,} request{'s' if len(told.failures) > 1 else ''}"
        return f"its load ended without {requests} that could not be had ({told.failures[0].request}); run it again"
    if told.imbalances:
        return f"the account of its load does not balance ({told.imbalances[0]}); report this as a defect"
    return ""


def check_files(storage: Storage, paths: Iterable[str]) -> None:
    """UsageError names what a load wrote of its series that is gone, or is not as it was written."""
    for file in listed(storage, paths).values():
        held(storage, file)


def published_series(storage: Storage) -> tuple[list[SeriesRef], tuple[int, int]]:
    """The series of a published output that hold a value, and the first and last hour of its load's question.

    UsageError where there is no account of a load, it asked for nothing, or its manifest is missing or not ours.
    """
    told = read_account(storage)
    hours = asked_hours(told)
    if not hours:
        raise UsageError(f"{storage.place}/{REPORT} is no account of a load: it asked for nothing", remedy=AGAIN)
    paths = (tidy_path(one.route, one.respondent) for one in told.series)
    return series_refs(told.series, listed(storage, paths)), (min(hours), max(hours))
