# SPDX-License-Identifier: Apache-2.0
"""The flags of the programs → frozen settings. Every fault is one line, found before anything heavy is loaded."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from eia930.program.arguments import Parser
from eia930.question.plan import Question
from eia930.question.span import Span
from eia930.reference.hours import hour_of
from eia930.sources.past.source import PastSource
from eia930.sources.source import Source
from eia930.store.run import KEEP_HOURS
from eia930.store.storage import Storage
from pipelines.options.blocks import DEFAULT, add_block_flags, block_settings
from pipelines.options.pace import add_pace_flags, source
from pipelines.options.runner import LOCAL_RUNNERS, beam_flags, only_beams
from pipelines.options.what import add_question_flags, question
from pipelines.options.where import SYNTHETIC, add_keep_flag, add_source_flags, embedded_serves, output
from pipelines.options.words import Defaults, auto, given_in, listed, positive, share
from pipelines.past.flags import NARROWING, add_past_flags, as_of, past_source, places, question_then
from pipelines.past.memory import Asked, asked_then
from transforms.block_memory import memory_of
from transforms.block_settings import BlockSettings

FORMATS = ("parquet", "tfrecord", "avro")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user asked for, checked: as far as every program that asks the API has it."""

    question: Question
    source: Source
    embedded: bool
    """Whether the embedded emulator answers (its URL is known only once it runs)."""
    storage: Storage
    dry_run: bool
    beam: tuple[str, ...]
    """Beam's own flags, the runner resolved."""
    keep_hours: int
    """How long files that this run supersedes stay."""

    @property
    def plain(self) -> bool:
        """Whether this process runs it, without a flag that Beam might refuse."""
        return len(self.beam) == 1 and self.beam[0].partition("=")[2] in LOCAL_RUNNERS


@dataclass(frozen=True, slots=True)
class LoadSettings(Settings):
    """What the historical load has besides."""

    formats: tuple[str, ...]
    blocks: BlockSettings
    min_completeness: float
    coverage: str
    """A coverage file that says which hours exist; empty for none."""
    now: int
    """The hour in which the load begins, since 1970 UTC."""
    max_age_hours: int | None
    """How old the newest hour of a route may be; None: any age will do."""
    drop_history: bool
    """Whether tidy/ may lose values that no stored answer gives any more."""
    began: datetime
    past: PastLoad | None = None
    """Where a past state is written: whose, and in whose words."""

    def asked(self, spans: tuple[Span, ...]) -> Asked:
        """What is kept of it, and of what it came to ask, for whoever wants this state again."""
        one = self.question
        source, against = self.source.name, tuple(sorted(self.blocks.against))
        question = (one.routes, one.regions, one.types, one.first, one.last)
        blocks = memory_of(self.blocks, self.blocks.slots)
        return Asked(self.began, source, *question, self.formats, against, blocks, spans)


@dataclass(frozen=True, slots=True)
class PastLoad:
    """The source of then, the load that is remembered of then, if any is, and its spans, unless flags say others."""

    source: PastSource
    asked: Asked | None
    spans: tuple[Span, ...]


def settings(argv: Sequence[str], *, now: datetime) -> LoadSettings:
    """Flags → settings. UsageError with one line for the first fault. `--help` prints and exits."""
    parser = load_parser()
    flags, rest = parser.parse_known_args(list(argv))
    only_beams(rest, parser, runner=flags.runner)
    then = as_of(flags, now)
    past, asked = (None, asked_for(flags, rest, now)) if then is None else _asked_then(argv, flags, rest, then)
    formats = listed("formats", flags.formats or DEFAULT, FORMATS)
    if past and past.asked and not flags.formats:
        formats = past.asked.formats
    blocks = block_settings(flags, (asked.question.first, asked.question.last), formats)
    if past and past.asked and not flags.trust_flags:
        blocks = replace(blocks, against=frozenset(past.asked.against))
    return LoadSettings(
        **{name: getattr(asked, name) for name in Settings.__slots__},
        formats=formats,
        blocks=blocks,
        min_completeness=flags.min_completeness,
        coverage=flags.coverage,
        now=hour_of(then or now),
        max_age_hours=flags.max_age_hours,
        drop_history=flags.drop_history,
        began=now,
        past=past,
    )


def _asked_then(
    argv: Sequence[str], flags: argparse.Namespace, rest: Sequence[str], then: datetime
) -> tuple[PastLoad, Settings]:
    """A past state: whose, and what of it; nobody is asked, so no key is needed."""
    raw, to = places(flags)
    remembered = asked_then(raw, then)
    source = past_source(raw, then, remembered, flags.source)
    asked = Settings(
        question=question_then(argv, flags, then, remembered),
        source=source,
        embedded=False,
        storage=to,
        dry_run=flags.dry_run,
        beam=beam_flags(flags.runner, rest),
        keep_hours=vars(flags).get("keep_hours", KEEP_HOURS),
    )
    same = remembered is not None and not given_in(argv).intersection(NARROWING)
    return PastLoad(source, remembered, remembered.spans if remembered and same else ()), asked


def asked_for(flags: argparse.Namespace, rest: Sequence[str], now: datetime) -> Settings:
    """The flags of `add_question_flags`, `add_source_flags` and `add_pace_flags`, checked."""
    embedded = embedded_serves(flags)
    asked = question(flags, now)
    return Settings(
        question=asked,
        source=source(flags, asked, embedded=embedded),
        embedded=embedded,
        storage=output(flags.output or (SYNTHETIC if embedded else "data")),
        dry_run=flags.dry_run,
        beam=beam_flags(flags.runner, rest),
        keep_hours=vars(flags).get("keep_hours", KEEP_HOURS),
    )


def load_parser() -> Parser:
    """All flags of the historical load, in the order in which a user meets them."""
    parser = Parser(
        prog="python -m pipelines.historical",
        description="Load the hourly electricity record (Form EIA-930): fetch politely, check, write tidy files.",
        epilog="Anything else goes to Beam: --direct_num_workers=2 --direct_running_mode=multi_processing, "
        "--flink_master=HOST:8081, --parallelism=N, --environment_type=… See docs/runners.md.",
        formatter_class=Defaults,
    )
    add_question_flags(parser)
    where = add_source_flags(parser)
    where.add_argument(
        "--formats", help=f"any of {','.join(FORMATS)} (default: {DEFAULT}, and what the output has besides)"
    )
    where.add_argument("--coverage", default="", help="a coverage.parquet: ask only for hours that exist")
    where.add_argument(
        "--min_completeness", type=share, default=0.0, help="exit 1 if a series has a smaller share of its hours"
    )
    where.add_argument(
        "--max_age_hours", type=positive, help="exit 1 if the newest hour of a route is older than that now"
    )
    add_keep_flag(where)
    add_block_flags(parser)
    how = add_pace_flags(parser)
    how.add_argument("--hours_per_request", type=auto, default="auto", help="auto fills a page; or a number")
    add_past_flags(parser)
    parser.add_argument(
        "--drop_history",
        action="store_true",
        help="let tidy/ lose values that neither raw/ nor the server has",
    )
    return parser
