# SPDX-License-Identifier: Apache-2.0
"""From tidy Parquet to the arrays of training blocks, as the pipeline reads them, values per second of processor time.

    python benchmarks/blocks.py [--series 120] [--hours 36864]

With each split screened by itself, as by default, and with no flag counted (`--trust_flags=none`).
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from reader import Record, best

from eia930.question.span import Span
from eia930.record.assembly import Screening
from eia930.record.tidy import tidy_parquet, tidy_path, tidy_schema
from eia930.record.tidy_series import SeriesRef, TidySeries
from eia930.reference.routes import REGION
from eia930.screening.flags import FLAGS
from eia930.screening.loader import TrustedHours
from eia930.screening.methods import screen_series
from eia930.store.manifest import put_file
from eia930.store.storage import Storage
from ringdata import Member, plan_series
from ringdata.blocks import shard_tables
from ringdata.layout import SPLITS


def measure_tidy(output: Path, record: Record) -> None:
    """From tidy files, as the pipeline reads them: each split screened by itself, and with no flag counted."""
    refs, hours = put_tidy(output, record), record.value.shape[1]
    members = [Member(ref.series_id, ref.first, ref.last) for ref in refs]
    layout, splits = plan_series(members, cuts=record.cuts), tuple(record.cuts.hours(split) for split in SPLITS)
    inside = tuple((max(begin, 0), min(end, hours)) for begin, end in splits)
    values = sum(shard.rows for shard in layout.shards) * layout.grid.block_tokens

    def blocks(against: frozenset[str]) -> Callable[[], None]:
        def work() -> None:
            series = TidySeries(Storage.at(str(output)), refs, first=0, last=hours - 1)
            screening = Screening(FLAGS, screen_series)
            load = TrustedHours(series, first=0, splits=inside, screening=screening, against=against)
            for shard in layout.shards:
                for _ in shard_tables(layout, members, shard, load):
                    pass

        return work

    ways = {
        "no flag counted": frozenset[str](),
        "all flags, each split screened by itself": frozenset(FLAGS[1:]),
    }
    for name, against in ways.items():
        print(f"| {name} | {values / best(blocks(against)) / 1e6:.1f} |", flush=True)


def put_tidy(output: Path, record: Record) -> list[SeriesRef]:
    """The record as a load leaves it: a file a respondent."""
    schema, hours, refs = tidy_schema(REGION), record.value.shape[1], []
    moments = pa.array(np.arange(hours) * 3600, pa.timestamp("s", tz="UTC"))
    for number, (value, observed) in enumerate(zip(record.value, record.observed, strict=True)):
        code, series_id = f"S{number:04d}", f"EBA.S{number:04d}-ALL.D.H"
        texts: dict[str, str | None] = {"series_id": series_id, "respondent": code, "type": "D", "source": "api"}
        texts |= dict.fromkeys(("flag", "adjusted"))
        columns = {name: pa.array([text] * hours, schema.field(name).type) for name, text in texts.items()}
        columns |= {"period": moments, "retrieved_at": moments, "value": pa.array(value, mask=~observed)}
        table = pa.table([columns[name] for name in schema.names], schema=schema)
        data, _ = tidy_parquet(Span(REGION.id, code, 0, hours - 1), iter([table]))
        file = put_file(Storage.at(str(output)), tidy_path(REGION.id, code), data, rows=hours)
        refs.append(SeriesRef(series_id, file, 0, hours - 1, "UTC"))
    return refs


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--series", type=int, default=120)
    flags.add_argument("--hours", type=int, default=36_864)
    options = flags.parse_args()
    record = Record(options.series, options.hours)
    with tempfile.TemporaryDirectory() as folder:
        print("| from tidy Parquet | M values/s |\n|---|---|", flush=True)
        measure_tidy(Path(folder), record)


if __name__ == "__main__":
    main()
