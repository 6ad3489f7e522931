# SPDX-License-Identifier: Apache-2.0
"""What was asked is read from the emulator's log while it is written."""

import json
from pathlib import Path

from tests.flink.loads import Server

LINES = [{"at": at, "path": "/v2/electricity/rto/region-data/data/", "query": f"offset={at}"} for at in (1.5, 2.5)]


def test_a_line_that_is_half_written_is_passed_over(tmp_path: Path) -> None:
    first, both = (json.dumps(LINES[0]) + "\n", "".join(json.dumps(line) + "\n" for line in LINES))
    server = Server("", tmp_path / "asked.jsonl")
    assert server.asked() == []
    for written in range(len(both) + 1):
        server.log.write_text(both[:written])
        whole = (written >= len(first)) + (written == len(both))
        assert server.asked() == [(line["at"], line["query"]) for line in LINES[:whole]]
