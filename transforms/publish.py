# SPDX-License-Identifier: Apache-2.0
"""Publish: the accounts of all spans → series.parquet, report.json, manifest.json; and `_SUCCESS` last of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa

from eia930.account.publication import finish, publish, publish_blocks
from eia930.account.standing import put_stopped
from eia930.account.sums import account as account_of
from eia930.checks.outcome import Check as CrossCheck
from eia930.question.plan import PassedOver
from eia930.record.assembly import GroupReport
from eia930.record.tidy_file import held
from eia930.sources.fetched import Fetched, Readied, after_reading
from eia930.store.failure import telling
from eia930.store.fenced import Fenced
from eia930.store.manifest import CHECKS, SUCCESS, File
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage
from ringdata.manifest import SEQUENCES
from ringdata.sequences import SCHEMA, STATISTICS, read_sequences
from transforms.block_manifests import close_blocks, open_blocks


class Publish(beam.PTransform):
    """Accounts of spans, fetch, reading, checks and blocks → PCollection[str]: the output's URL, once it is whole.

    Nothing where the fetch was stopped: then there is only its account.
    """

    def __init__(
        self,
        storage: Storage,
        run: Run,
        *,
        spans: int,
        not_asked: tuple[PassedOver, ...],
        min_completeness: float = 0.0,
        now: int = 0,
        max_age_hours: int | None = None,
    ) -> None:
        super().__init__()
        limits = _Limits(min_completeness, now, max_age_hours)
        self._do = _PublishFn(storage, run, spans, not_asked, limits)

    def expand(self, told: Sequence[beam.PCollection]) -> beam.PCollection:
        """Only accounts cross the shuffle: a few kilobytes a span."""
        return (
            tuple(told)
            | "Together" >> beam.Flatten()
            | "One account" >> beam.WithKeys("account")
            | "Gather" >> beam.GroupByKey()
            | "Write account" >> beam.ParDo(self._do)
        )


class _Limits(NamedTuple):
    """What a load must keep to for exit code 0, as `account` takes it."""

    min_completeness: float
    now: int
    max_age_hours: int | None


class _PublishFn(beam.DoFn):
    def __init__(
        self, storage: Storage, run: Run, spans: int, not_asked: tuple[PassedOver, ...], limits: _Limits
    ) -> None:
        self._storage = storage
        self._run = run
        self._spans = spans
        self._not_asked = not_asked
        self._limits = limits

    def process(
        self, keyed: tuple[str, Iterable[GroupReport | Fetched | Readied | File | tuple[CrossCheck, ...]]]
    ) -> Iterator[str]:
        told = list(keyed[1])
        groups = [one for one in told if isinstance(one, GroupReport)]
        (asked,) = (one for one in told if isinstance(one, Fetched))
        fetched = after_reading(asked, (one for one in told if isinstance(one, Readied)))
        checks = [check for one in told if isinstance(one, tuple) for check in one]
        files = [one for one in told if isinstance(one, File)]
        stretches, blocks = ([one for one in files if (one.path == CHECKS) is so] for so in (True, False))
        groups.sort(key=lambda group: (group.route, group.respondent))
        limits, not_asked = self._limits._asdict(), self._not_asked
        account = account_of(groups, fetched, self._run, checks=checks, not_asked=not_asked, **limits)
        output = Fenced.of(self._storage, self._run)
        with telling(self._storage, self._run, "Publish"):
            if account.stopped:
                put_stopped(output, account, self._run)
                return
            heed_stop(self._storage, self._run)
            if len(groups) != self._spans:
                raise AssertionError(f"{self._spans} spans were planned, {len(groups)} were assembled")
            if account.exit and not self._storage.exists(SUCCESS):
                close_blocks(output)
            statistics = _train_statistics(self._storage, blocks)
            done = publish(
                output,
                groups,
                account,
                run=self._run,
                stretches=stretches,
                blocks=blocks,
                statistics=statistics,
            )
        if done:
            yield self._storage.url


def _train_statistics(storage: Storage, blocks: Sequence[File]) -> pa.Table:
    """`series_id` and its statistics over the hours of train: those beside every config and format are the same."""
    beside = sorted((file for file in blocks if file.path.endswith(f"/{SEQUENCES}")), key=lambda file: file.path)
    table = read_sequences(held(storage, beside[0])) if beside else SCHEMA.empty_table()
    return table.select(["series_id", *STATISTICS])


class PublishBlocks(beam.PTransform):
    """PCollection[File] of new blocks → PCollection[str]: the output's URL, its manifest and `_SUCCESS` renewed."""

    def __init__(self, storage: Storage, run: Run) -> None:
        super().__init__()
        self._place = (storage, run)

    def expand(self, blocks: beam.PCollection) -> beam.PCollection:
        """Only what the manifest says of a file crosses the shuffle."""
        return (
            blocks | "Gather" >> beam.combiners.ToList() | "Write manifest" >> beam.Map(_publish_blocks, *self._place)
        )


def _publish_blocks(blocks: Sequence[File], storage: Storage, run: Run) -> str:
    with telling(storage, run, "Publish"):
        output = Fenced.of(storage, run)
        url = publish_blocks(output, blocks, _train_statistics(storage, blocks), run)
        finish(output, run, open_blocks)
    return url


class Finish(beam.PTransform):
    """PCollection[str] of one output's URL, when all else is written → PCollection[str]: the same, with `_SUCCESS`."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def expand(self, written: beam.PCollection) -> beam.PCollection:
        """One element: one marker."""
        return written | "Mark" >> beam.Map(_finish, self._run)


def _finish(url: str, run: Run) -> str:
    storage = Storage(url)
    with telling(storage, run, "Finish"):
        heed_stop(storage, run)
        finish(Fenced.of(storage, run), run, open_blocks)
    return url
