# SPDX-License-Identifier: Apache-2.0
"""Report: a published output → its page, report/index.html."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from eia.storage import Storage
from quality.report.build import can_show, write_page


class Report(beam.PTransform):
    """PCollection[str] of one output's URL, once published → PCollection[str]: the same, when its page is written."""

    def expand(self, published: beam.PCollection) -> beam.PCollection:
        """One element: the page is one file."""
        return published | "Write page" >> beam.ParDo(_ReportFn())


class _ReportFn(beam.DoFn):
    def process(self, url: str) -> Iterator[str]:
        storage = Storage(url)
        if can_show(storage):
            write_page(storage)
        yield url
