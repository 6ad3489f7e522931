# SPDX-License-Identifier: Apache-2.0
"""What the progress line says, by the dispatcher's news."""

from dataclasses import replace

from eia930.sources.beat import Beat
from eia930.sources.fetched import Tally
from pipelines.running.progress import told

BEGUN = Tally(
    sent=11, answered=9, retried=2, rows=45_000, hours=900, first_start=100.0, last_start=110.0, last_answer=110.0
)


def line(tally: Tally, *, wanted: int = 5000, per_hour: int | None = 7200) -> str:
    return told(Beat("run", wanted, 0, tally), per_hour=per_hour)


def test_what_was_done_how_fast_and_how_near_to_the_limit() -> None:
    assert line(BEGUN) == "9 windows, 45,000 records, 4,500/s, 50 % of the rate, 2 retried"
    assert line(replace(BEGUN, retried=0), per_hour=None) == "9 windows, 45,000 records, 4,500/s"
    assert line(Tally()) == "0 windows, 0 records, 0/s"


def test_what_is_in_the_way_is_said_last() -> None:
    trouble = "retrying: no connection (ConnectionRefusedError: Connection refused)"
    assert line(replace(BEGUN, trouble=trouble)).endswith(f", 2 retried; {trouble}")


def test_nothing_to_ask() -> None:
    assert line(BEGUN, wanted=0) == "nothing to ask: all is stored"
