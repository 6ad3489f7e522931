# SPDX-License-Identifier: Apache-2.0
"""Whose account stands where, and that an outage stops a run only where it would cost an earlier load."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eia930.account.standing import account_of, earlier, put_stopped, sparing
from eia930.account.stored import REPORT, STOPPED, write_account
from eia930.account.sums import stop_code
from eia930.sources.fetched import Failure, Fetched, Tally
from eia930.store.lease import Owner
from eia930.store.run import Run
from eia930.store.storage import Storage
from tests.eia930.account.accounts import an_account

RUN = Run(Owner.here("mine"), datetime.now(UTC))
FAILURE = Failure("region-data/PACW/x", "region-data", "PACW", 0, 1, "503", "ask again")
OUTAGE = Fetched(Tally(sent=3, failed=1, faults={"Unavailable": 3}), 0, 0, (FAILURE,), "", "")


@pytest.fixture
def output(tmp_path: Path) -> Storage:
    return Storage.at(str(tmp_path))


def test_an_earlier_load_is_one_that_ended(output: Storage) -> None:
    assert earlier(output, RUN) is None
    for told, stands in (
        (an_account(run="another"), True),
        (an_account(run="another", exit=1), True),
        (an_account(run="", program=None), True),
        (an_account(run="another", stopped="no key"), False),
        (an_account(run="mine"), False),
    ):
        write_account(output, told)
        assert (earlier(output, RUN) == told) is stands
    output.put(REPORT, b"cut")
    assert earlier(output, RUN) is None


def test_a_stopped_run_leaves_an_earlier_account_where_it_is(output: Storage) -> None:
    stopped, before = an_account(run="mine", stopped="no key", exit=3), an_account(run="another")
    put_stopped(output, stopped, RUN)
    assert not output.exists(STOPPED)
    assert account_of(output, RUN) == stopped
    write_account(output, before)
    assert account_of(output, RUN) is None
    put_stopped(output, stopped, RUN)
    assert earlier(output, RUN) == before
    assert account_of(output, RUN) == stopped
    assert account_of(output, Run(Owner.here("a third"), RUN.since)) is None


def test_a_format_that_has_changed_leaves_an_earlier_load_and_exits_1(output: Storage) -> None:
    write_account(output, an_account(run="another"))
    drifted = replace(OUTAGE, tally=Tally(sent=3, failed=1, faults={"Drifted": 3}))
    found = sparing(output, drifted, RUN)
    assert (found.stopped_by, stop_code(found.stopped_by)) == ("Drifted", 1)
    assert stop_code("Unavailable") == 3


@pytest.mark.parametrize(
    ("fetched", "given_up"),
    [
        (OUTAGE, True),
        (replace(OUTAGE, tally=Tally(sent=3, failed=1, faults={"Throttled": 2, "Garbled": 1, "Unordered": 1})), True),
        (replace(OUTAGE, tally=Tally(sent=3, answered=1, failed=1, faults={"Unavailable": 2})), False),
        (replace(OUTAGE, tally=Tally(sent=3, failed=1, faults={"Unavailable": 2, "Refused": 1})), False),
        (replace(OUTAGE, tally=Tally(sent=3, failed=1, faults={"Unforeseen": 1})), False),
        (replace(OUTAGE, tally=Tally(sent=1, faults={"Unavailable": 1}), failures=()), False),
        (replace(OUTAGE, stopped="no key", stopped_by="KeyRefused"), False),
    ],
)
def test_an_outage_is_no_reason_to_give_an_earlier_load_up(fetched: Fetched, output: Storage, given_up: bool) -> None:  # noqa: FBT001
    assert sparing(output, fetched, RUN) == fetched
    write_account(output, an_account(run="another"))
    found = sparing(output, fetched, RUN)
    assert (found != fetched) is given_up
    if given_up:
        assert (found.stopped_by, found.failures) == ("Unavailable", fetched.failures)
        assert "no request was answered, of 1 that" in found.stopped
        assert "503 (ask again)" in found.stopped
