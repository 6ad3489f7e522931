# SPDX-License-Identifier: Apache-2.0
"""The historical load: plan → fetch → assemble → publish.

python -m pipelines.historical --runner=DirectRunner
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eia930.coverage.narrowing import narrowed, without_rows
from eia930.coverage.table import read_coverage
from eia930.errors import Interrupted, Stop, UsageError
from eia930.program.ending import end_with
from eia930.question.plan import passed_over, plan, unknown
from eia930.sources.past.source import require_then
from eia930.store.fenced import Look
from eia930.store.origin import require_publisher
from pipelines.options.pace import say_idle
from pipelines.options.settings import LoadSettings, PastLoad, settings
from pipelines.options.what import say_outlived
from pipelines.options.words import fail
from pipelines.past.memory import remember
from pipelines.running.before.lists import say, wanted, with_held
from pipelines.running.before.recall import Before, formats_in, say_gone
from pipelines.running.lines import say_begun
from transforms.block_memory import recalled

if TYPE_CHECKING:
    import apache_beam as beam

    from eia930.question.span import Span
    from eia930.store.run import Run
    from eia930.store.storage import Storage


def build(root: beam.Pipeline, spans: Sequence[Span], todo: LoadSettings, run: Run) -> beam.PCollection:
    """The whole program, as a graph."""
    import apache_beam as beam

    from eia930.record.assembly import Screening
    from eia930.record.tidy_series import catalogue
    from eia930.screening.flags import FLAGS
    from eia930.screening.methods import screen_series
    from eia930.store.staging import Staging
    from transforms.assemble import Assemble
    from transforms.blocks import Blocks
    from transforms.check import Check
    from transforms.estimate import Estimate
    from transforms.fetch import Fetch, Ready
    from transforms.publish import Finish, Publish
    from transforms.report import Report

    screening = Screening(FLAGS, screen_series)
    output = Staging.of(todo.storage)
    fetched = root | "Plan" >> beam.Create(spans) | "Fetch" >> Fetch(todo.source, todo.storage, run)
    readied = fetched.unread | "Ready" >> Ready(todo.source, todo.storage, run, spans)
    groups = fetched.stored | "Assemble" >> Assemble(
        todo.source, output, run, screening=screening, readied=readied, drop_history=todo.drop_history
    )
    complete = groups | "Estimate" >> Estimate(output, run, screening=screening, formats=todo.formats)
    series = complete | "Accounts" >> beam.combiners.ToList() | "Catalogue" >> beam.Map(catalogue)
    checks = series | "Check" >> Check(output, run, spans)
    blocks = series | "Blocks" >> Blocks(output, todo.blocks, screening=screening, run=run)
    published = (complete, fetched.fetched, readied, checks, blocks) | "Publish" >> Publish(
        todo.storage,
        run,
        spans=len(spans),
        not_asked=passed_over(todo.question),
        min_completeness=todo.min_completeness,
        now=todo.now,
        max_age_hours=todo.max_age_hours,
    )
    return published | "Report" >> Report(run) | "Finish" >> Finish(run)


def planned(todo: LoadSettings) -> tuple[Span, ...]:
    """What to ask, narrowed by the coverage file where there is one."""
    spans = plan(todo.question)
    return narrowed(spans, read_coverage(todo.coverage), place=todo.coverage) if todo.coverage else spans


def expected(todo: LoadSettings, output: Storage) -> tuple[Span, ...]:
    """The same, with what an earlier load of this output lets us expect; UsageError where history would go."""
    from pipelines.running.before.earlier import expecting, require_memory

    spans = expecting(output, planned(todo))
    if not todo.drop_history:
        require_memory(output, spans)
    if todo.past is None:
        remember(todo.storage, todo.asked(spans))
    return spans


def _spans(todo: LoadSettings) -> tuple[Span, ...]:
    """What is asked as far as that is known before the output is ours; of a past state, what was asked then."""
    if todo.past and todo.past.spans:
        return todo.past.spans
    # What the tables lack, the server may list: that is known once it was asked.
    return () if not todo.dry_run and unknown(todo.question) and wanted(todo) else planned(todo)


def _known_rowless(spans: Sequence[Span]) -> str:
    """Which series a dry run leaves out, because the coverage file shows none of their rows."""
    names = without_rows(spans)
    more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
    return f"no rows   of {len(names):,} series, by --coverage{': ' if names else ''}{', '.join(names[:10])}{more}"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 hours could not be had, 2 wrong usage, 3 cannot go on, 130 asked to stop."""
    return load(sys.argv[1:] if argv is None else argv, now=datetime.now(UTC))


def load(argv: Sequence[str], *, now: datetime) -> int:
    """A load that begins `now`; its exit code."""
    try:
        todo = settings(argv, now=now)
        if todo.dry_run:
            todo = with_held(todo)
        spans = _spans(todo)
        output = _sound(todo)
        if todo.past is None:
            say_idle(argv, todo.source.name)
        if todo.dry_run:
            from pipelines.running.before.dry_run import dry_run

            todo = _as_before(todo, output, spans)
            if todo.coverage:
                print(_known_rowless(spans))
            return dry_run(todo, spans)
        say_outlived(todo.question)
        todo = _as_before(todo, output, spans)
        if todo.plain and spans:
            # The next import takes seconds. Where Beam may refuse its flags, that is to be the only line.
            say_begun(todo, spans)
        from pipelines.running.session import drive, load_program

        return drive(todo, spans, load_program(build, None if todo.past else expected))
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 130 if isinstance(error, Interrupted) else 3


def _sound(todo: LoadSettings) -> Storage:
    """A look at the output. UsageError where it has lost what it says of itself, or has hours of another publisher."""
    from eia930.account.stored import require_whole

    todo.storage.reach()
    output = Look.now(todo.storage)
    require_whole(output)
    require_publisher(output, *todo.source.origins)
    return output


def _say_words(past: PastLoad) -> None:
    """In whose words a past state is asked for, where they are not those of a load that had begun by then."""
    if past.asked is None:
        say("no load is remembered in raw/asked/: asked is what flags say, or else the usual hours and cuts")
    elif past.asked.began.timestamp() > past.source.until:
        say(
            f"no load had begun by then: asked is what the first one did, which began {past.asked.began:%Y-%m-%dT%H:%M}"
        )


def _as_before(todo: LoadSettings, output: Storage, spans: Sequence[Span]) -> LoadSettings:
    """With cuts, slots, flags and formats as the output has them; a past state has those of then."""
    if todo.past is None:
        before = Before.of(output)
        formats, there = before.kept(todo.formats, todo.blocks), before.formats
        todo = replace(todo, formats=formats, blocks=before.recall(todo.blocks))
        before.say_changes(todo.blocks)
    else:
        require_then(todo.past.source, spans)
        _say_words(todo.past)
        there = formats_in(output)
        todo = replace(todo, blocks=recalled(todo.blocks, todo.past.asked.blocks if todo.past.asked else None))
    say_gone(there, todo.formats)
    return todo


if __name__ == "__main__":
    end_with(main)
