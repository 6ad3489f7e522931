# SPDX-License-Identifier: Apache-2.0
"""Waiting sees what came and passed."""

from tests.flink.waiting import soon


def test_what_was_true_once_came() -> None:
    looks = iter((False, True, False))
    assert soon(lambda: next(looks))


def test_what_never_comes_is_waited_for_no_longer_than_said() -> None:
    assert not soon(lambda: False, 0.05)
