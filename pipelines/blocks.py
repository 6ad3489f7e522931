# SPDX-License-Identifier: Apache-2.0
"""Training blocks over an output that is loaded already: other cuts, other formats, no request.

python -m pipelines.blocks --output DIR --validation_start 2024-01-01 --test_start 2025-01-01
"""

from __future__ import annotations

if __name__ == "__main__":
    from pipelines.running.start import begin

    begin()

import sys
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from eia930.errors import Stop, UsageError
from eia930.program.arguments import Parser
from eia930.program.ending import end_with
from eia930.record.tidy_series import SeriesRef
from eia930.store import lease
from eia930.store.failure import failure_of, forget_failures
from eia930.store.holding import holding
from eia930.store.run import Run
from eia930.store.staging import Staging
from eia930.store.storage import Storage
from pipelines.options.blocks import DEFAULT, add_block_flags, block_settings
from pipelines.options.runner import beam_flags, only_beams
from pipelines.options.where import add_keep_flag, existing
from pipelines.options.words import fail, listed
from pipelines.running.before.preflight import look_ahead
from pipelines.running.before.recall import FOLDERS, Before, say_gone
from pipelines.running.execute import execute, job_name
from transforms.block_settings import BlockSettings

if TYPE_CHECKING:
    import apache_beam as beam

FORMATS = ("parquet", "tfrecord")


def build(
    root: beam.Pipeline, refs: list[SeriesRef], storage: Storage, chosen: BlockSettings, run: Run
) -> beam.PCollection:
    """The whole program, as a graph."""
    import apache_beam as beam

    from eia930.record.assembly import Screening
    from eia930.screening.flags import FLAGS
    from eia930.screening.methods import screen_series
    from transforms.blocks import Blocks
    from transforms.publish import PublishBlocks

    output = Staging.of(storage)
    blocks = (
        root
        | "Catalogue" >> beam.Create([refs])
        | "Blocks" >> Blocks(output, chosen, screening=Screening(FLAGS, screen_series), run=run)
    )
    return blocks | "Publish" >> PublishBlocks(storage, run)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 wrong usage, 3 cannot go on."""
    try:
        flags, rest = _parser().parse_known_args(argv)
        only_beams(rest, _parser(), runner=flags.runner)
        storage = existing(flags.output)
        refs, frame = _loaded(storage)
        chosen = block_settings(flags, frame, listed("formats", flags.formats or DEFAULT, FORMATS))
        before = Before.of(storage)
        chosen = before.recall(chosen)
        runner = beam_flags(flags.runner, rest)
        look_ahead(runner, storage)
        _run(storage, refs, chosen, runner, before=before, keep_hours=flags.keep_hours)
    except UsageError as error:
        return fail(error)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    print("\n".join(_summary(storage, refs, chosen)))
    return 0


def _summary(storage: Storage, refs: list[SeriesRef], chosen: BlockSettings) -> Iterator[str]:
    """What was written, and where."""
    from transforms.block_plan import told

    yield from told(refs, chosen)
    folders = " and ".join(FOLDERS[name] for name in chosen.formats)
    written = f"{len(refs):,} series under {folders}" if refs else "no series holds a value: nothing to cut"
    yield f"output    {storage.place}: {written}"


def _parser() -> Parser:
    parser = Parser(prog="python -m pipelines.blocks", description=__doc__)
    parser.add_argument("--output", default="data", help="folder or bucket URL of a finished load")
    parser.add_argument("--formats", help=f"parquet, tfrecord, or both (default: {DEFAULT})")
    add_keep_flag(parser)
    add_block_flags(parser)
    parser.add_argument("--runner", default="DirectRunner", help="DirectRunner, FlinkRunner, DataflowRunner, …")
    return parser


def _loaded(storage: Storage) -> tuple[list[SeriesRef], tuple[int, int]]:
    """The series of a finished load, and the frame of hours that it asked for."""
    from eia930.account.published import published_series, unfinished

    if why := unfinished(storage):
        raise UsageError(f"--output {storage.place}: {why}")
    return published_series(storage)


def _run(
    storage: Storage,
    refs: list[SeriesRef],
    chosen: BlockSettings,
    flags: Sequence[str],
    *,
    before: Before,
    keep_hours: int,
) -> None:
    from eia930.account.published import check_files

    check_files(storage, (ref.file.path for ref in refs))
    before.say_changes(chosen)
    say_gone([name for name in before.formats if name in FORMATS], chosen.formats)
    owner = lease.Owner.here(uuid.uuid4().hex)
    run = Run(owner, datetime.now(UTC), keep_hours=keep_hours)
    with holding(storage, "run", owner):
        forget_failures(storage)
        told = partial(failure_of, storage, run)
        named = (*flags, *job_name(flags, "blocks", owner.run))
        execute(lambda root: build(root, refs, storage, chosen, run), named, told=told)


if __name__ == "__main__":
    end_with(main)
