# SPDX-License-Identifier: Apache-2.0
"""Estimate: the accounts of all spans → the same, with estimates in their tidy files; and those rows as Avro."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam

from eia930.estimating.output import as_avro, estimated
from eia930.program.code import fingerprint, require_same
from eia930.record.assembly import GroupReport, Screening
from eia930.store.failure import telling
from eia930.store.run import Run, heed_stop
from eia930.store.storage import Storage


class Estimate(beam.PTransform):
    """PCollection[GroupReport] → PCollection[GroupReport]: what is missing is told from all other series, so one step.

    Whoever reads the files of before, by their checksums, is not disturbed.
    """

    def __init__(self, storage: Storage, run: Run, *, screening: Screening, formats: tuple[str, ...]) -> None:
        super().__init__()
        self._work = _Work(storage, run, screening, fingerprint())
        self._avro = "avro" in formats

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        """Only accounts cross the shuffle; values stay in their files."""
        done = groups | "Together" >> beam.combiners.ToList() | "Estimate" >> beam.FlatMap(self._work.estimated)
        if not self._avro:
            return done
        return done | "Spread" >> beam.Reshuffle() | "Write Avro" >> beam.Map(self._work.as_avro)


@dataclass(frozen=True, slots=True)
class _Work:
    storage: Storage
    run: Run
    screening: Screening
    program: str

    def estimated(self, groups: list[GroupReport]) -> Iterator[GroupReport]:
        with telling(self.storage, self.run, "Estimate"):
            if groups:
                # A fetch that was stopped leaves none, and has its account to write.
                require_same(self.program)
                heed_stop(self.storage, self.run)
            yield from estimated(self.storage, groups, screening=self.screening)

    def as_avro(self, group: GroupReport) -> GroupReport:
        with telling(self.storage, self.run, "Write Avro"):
            heed_stop(self.storage, self.run)
            return as_avro(self.storage, group)
