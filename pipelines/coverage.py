# SPDX-License-Identifier: Apache-2.0
"""Coverage: which hours exist, counted by short requests before any row is fetched, or exactly in a loaded folder.

python -m pipelines.coverage --runner=DirectRunner
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eia930.account.published import check_files
from eia930.coverage.account import ACCOUNT, PAGE_AT, Method, read_coverage_account
from eia930.coverage.from_tidy import files_of
from eia930.coverage.model import CountedHours, CoverageAccount
from eia930.coverage.table import COVERAGE
from eia930.errors import Interrupted, Stop, UsageError
from eia930.program.ending import end_with
from eia930.question.plan import plan
from eia930.reference.routes import ROUTES
from eia930.sources.quota import told
from eia930.store import lease
from eia930.store.origin import is_synthetic, require_publisher
from pipelines.coverage_options import CoverageSettings, coverage_settings
from pipelines.options.pace import say_idle
from pipelines.options.what import say_outlived
from pipelines.options.words import fail
from pipelines.running.lines import few, say_begun

if TYPE_CHECKING:
    import apache_beam as beam

    from eia930.question.span import Span
    from eia930.store.run import Run
    from eia930.store.storage import Storage


def build(root: beam.Pipeline, spans: Sequence[Span], todo: CoverageSettings, run: Run) -> beam.PCollection:
    """The whole program, as a graph."""
    import apache_beam as beam

    from transforms.count import CountByAsking, CountTidy, PublishCoverage

    if todo.tidy:
        count, method = (
            CountTidy(todo.tidy, files_of(todo.tidy, spans), todo.storage, run),
            Method("tidy", None, synthetic=is_synthetic(todo.tidy)),
        )
    else:
        count = CountByAsking(todo.source, todo.storage, run)
        method = Method(todo.source.name, todo.source.requests_per_hour, synthetic=todo.embedded)
    return (
        root | "Plan" >> beam.Create(spans) | "Count" >> count | "Publish" >> PublishCoverage(todo.storage, run, method)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 some could not be counted, 2 wrong usage, 3 cannot go on, 130 asked to stop."""
    try:
        words = sys.argv[1:] if argv is None else argv
        todo, spans = coverage_settings(words, now=datetime.now(UTC))
        if not todo.tidy:
            require_publisher(todo.storage, *todo.source.origins)
        say_outlived(todo.question)
        if not todo.tidy:
            say_idle(words, todo.source.name)
        if todo.dry_run:
            print(_estimate(todo, spans))
            return 0
        if todo.tidy:
            # Before the last account goes: what cannot be counted leaves it as it is.
            check_files(todo.tidy, files_of(todo.tidy, spans))
        elif todo.plain:
            say_begun(todo, spans)
        from pipelines.running.session import Program, drive

        program = Program(
            name="coverage",
            build=build,
            account=lambda storage, run: read_coverage_account(storage),
            spoils=(ACCOUNT,),
            state=f"{lease.ROOT}/coverage.json",
            summary=_summary,
            plan=None if todo.tidy else lambda settings, _: plan(settings.question),
            asks=not todo.tidy,
        )
        return drive(todo, spans, program)
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 130 if isinstance(error, Interrupted) else 3


def _estimate(todo: CoverageSettings, spans: Sequence[Span]) -> str:
    """What a count asks, as far as that is known beforehand."""
    series = sum(len(span.kinds or _expected(span)) for span in spans)
    asks = "none: the tidy files are read" if todo.tidy else todo.source.counting(todo.storage, spans)
    lines = [
        f"plan      {len(spans):,} respondents × routes, about {series:,} series",
        f"requests  {asks}",
        *([] if todo.tidy else [f"pace      {told(todo.source.quota)}"]),
        "dry run   nothing was sent",
    ]
    return "\n".join(lines)


def _expected(span: Span) -> tuple[str, ...]:
    return ROUTES[span.route].expected(span.respondent, (span.first, span.last))


def _summary(todo: CoverageSettings, told: CoverageAccount, _: Storage) -> str:
    """The count in a few lines, ending with what to do next."""
    if told.stopped:
        return f"stopped: {told.stopped}"
    place = todo.storage.place
    lines = []
    if (asked := told.requests) is not None:
        lines.append(
            f"requests  {asked.sent:,} short ones sent, {asked.reused:,} answers stored before, "
            f"{asked.retried:,} retried, {asked.failed:,} failed"
        )
    hours = told.hours
    if isinstance(hours, CountedHours):
        lines.append(
            f"hours     {hours.hours:,} of {len(told.series):,} series = {hours.present:,} present "
            f"+ {hours.null:,} null + {hours.absent:,} absent"
        )
        without = [f"{one.route}/{one.respondent}: {', '.join(one.types)}" for one in told.without_types]
        lines += few("no row", without, account=ACCOUNT)
    lines += few("FAILED", [f"{one.reason}; {one.remedy}" for one in told.failures], account=ACCOUNT)
    if isinstance(hours, CountedHours):
        lines.append(f"output    {place}/{COVERAGE}, {place}/{PAGE_AT}")
        words = shlex.join([*todo.load, f"--coverage={place}/{COVERAGE}"])
        lines.append(f"next      load what exists: python -m pipelines.historical {words}")
    return "\n".join(lines)


if __name__ == "__main__":
    end_with(main)
