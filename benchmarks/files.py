# SPDX-License-Identifier: Apache-2.0
"""Reading EIA's six-month files: full-size ones, against a plain loop of pyarrow.csv over the same bytes in one run.

    python benchmarks/files.py

Ours also hashes the bytes, checks every cell, and brings the records together by respondent. The plain loop keeps
nothing; neither has more than one thread. It is run twice: over all columns as they come, as whoever writes such a
loop has it; and over those alone that ours reads, with their types told, in batches. What hashing takes is told apart.
"""

import hashlib
import io
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from memory import peak_kib

from eia930.emulator.files.making import made
from eia930.emulator.files.quirks import Quirks
from eia930.emulator.files.world import FileWorld, synthetic_files
from eia930.reference.halves import Half
from eia930.reference.hours import parse_hour
from eia930.sources.files.contents.columns import read_file
from eia930.sources.files.contents.headers import read_header
from eia930.sources.files.contents.parquet import written
from eia930.sources.files.names import FileName, ruled

REPEATS = 5
FILES = (
    ("balance", Half(2025, 1), Quirks()),
    ("balance", Half(2020, 2), Quirks(thousands=True)),
    ("balance", Half(2016, 2), Quirks()),
    ("interchange", Half(2016, 2), Quirks()),
    ("interchange", Half(2016, 2), Quirks(thousands=True)),
    ("subregion", Half(2025, 1), Quirks()),
)


def plain(data: bytes) -> int:
    """Rows of a file by pyarrow.csv as it comes: every column, as what its cells look like."""
    # Not in a stream: types would be guessed by the first block alone, in which a column may be empty.
    return int(pacsv.read_csv(pa.BufferReader(data), pacsv.ReadOptions(use_threads=False)).num_rows)


def bare(data: bytes, file: FileName, *, quoted: bool) -> int:
    """The same of the columns that ours reads, their types told; `1,060` as text, as it cannot be read as a number."""
    header = read_header(data[: data.index(b"\n")], file)
    keys = {header.names[place] for place in (header.authority, header.utc, header.other) if place is not None}
    values = {header.names[place] for place in (*header.reported.values(), *header.adjusted.values())}
    kinds: dict[str, Any] = dict.fromkeys(keys, pa.string()) | dict.fromkeys(
        values, pa.string() if quoted else pa.float64()
    )
    one = pacsv.ReadOptions(column_names=header.names, skip_rows=1, use_threads=False)
    how = pacsv.ConvertOptions(column_types=kinds, include_columns=[*kinds])
    return sum(batch.num_rows for batch in pacsv.open_csv(pa.BufferReader(data), one, convert_options=how))


def best(work: Callable[[], Any]) -> float:
    """Least seconds of processor time over some runs in a row: all but the first find their memory warm."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def row(world: FileWorld, kind: str, half: Half, quirks: Quirks) -> str:
    """One file's line of the table."""
    file, data = ruled(kind, half), made(world, kind.upper(), half, quirks)
    parsed = read_file(io.BytesIO(data), file)
    ours = best(lambda: read_file(io.BytesIO(data), file))
    hashing = best(lambda: hashlib.sha256(data).digest())
    loop, least = best(lambda: plain(data)), best(lambda: bare(data, file, quoted=quirks.thousands))
    parquet = best(lambda: written(parsed))
    records, word = parsed.account.received, ', "1,060"' if quirks.thousands else ""
    return (
        f"| {kind} {half.name}{word} | {parsed.account.columns} | {len(data) / 1e6:.1f} | {records:,} | {ours:.2f} "
        f"| {hashing:.2f} | {records / ours / 1e6:.1f} | {loop / ours:.2f} | {least / ours:.2f} | {parquet:.2f} |"
    )


def main() -> None:
    """Print the table."""
    world = synthetic_files(now=parse_hour("2026-09-01"))
    print(f"least of {REPEATS} runs, processor seconds, one thread each; ours beside the plain loop's speed\n")
    print("| file | columns | MB | records | ours, s | SHA-256 of it | M records/s | of all columns |", end="")
    print(" of ours alone | to Parquet, s |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for kind, half, quirks in FILES:
        print(row(world, kind, half, quirks), flush=True)
    print(f"\npeak {peak_kib() / 1024:,.0f} MB, the bytes of a file included")


if __name__ == "__main__":
    main()
