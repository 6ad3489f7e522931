# SPDX-License-Identifier: Apache-2.0
"""Nothing of a later split decides which hours of an earlier one a model may learn from."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from eia930.record.assembly import Screening
from eia930.screening.flags import FLAGS
from eia930.screening.methods import screen_series
from eia930.screening.trust import trusted

SERIES = "EBA.PACW-ALL.D.H"
TRAIN, TEST = (0, 2_000), (2_168, 6_000)
ALL = frozenset(FLAGS[1:])
SCREENING = Screening(FLAGS, screen_series)


def demand() -> NDArray[np.float64]:
    """Days of demand with noise; in train a spike, a negative hour, a run and a hole."""
    at = np.arange(TEST[1])
    value = np.round(1000 + 200 * np.sin(at * np.pi / 12) + np.random.default_rng(0).normal(0, 15, len(at)))
    value[[300, 301, 700, 1_200]] = 3_000, -5, 12_500, np.nan
    value[1_500:1_506] = value[1_500]
    return value


def marks(value: NDArray[np.float64], *, against: frozenset[str] = ALL) -> NDArray[np.bool_]:
    return trusted(SERIES, value, (TRAIN, TEST), screening=SCREENING, against=against)


@pytest.mark.parametrize(
    "garble",
    [
        lambda later: np.full_like(later, np.nan),
        lambda later: later / 20,  # the median of the whole would make every train hour an outlier
        lambda later: later * 1e6,
        lambda later: -later,
        lambda later: np.random.default_rng(1).normal(0, 1e4, len(later)),
    ],
    ids=["missing", "small", "huge", "negative", "noise"],
)
@pytest.mark.parametrize("since", [TRAIN[1], TEST[0]])
def test_later_hours_do_not_change_the_marks_of_train(
    garble: Callable[[NDArray[np.float64]], NDArray[np.float64]], since: int
) -> None:
    value = demand()
    garbled = value.copy()
    garbled[since:] = garble(value[since:])
    before, after = marks(value), marks(garbled)
    train = slice(*TRAIN)
    assert np.array_equal(before[train], after[train])
    # The screening of train did find what is wrong there, and not much else.
    assert not before[[300, 301, 700, 1_200]].any()
    assert not before[1_502:1_506].any()
    assert before[train].mean() > 0.98


def test_earlier_hours_do_not_change_the_marks_of_a_later_split() -> None:
    value = demand()
    garbled = value.copy()
    garbled[: TEST[0]] /= 20
    assert np.array_equal(marks(value)[TEST[0] :], marks(garbled)[TEST[0] :])


def test_hours_between_the_splits_are_trusted_by_nobody() -> None:
    assert not marks(demand())[TRAIN[1] : TEST[0]].any()


def test_only_the_flags_that_count_take_hours_away() -> None:
    value = demand()
    kept = marks(value, against=frozenset({"negative_or_zero"}))
    assert kept[700]
    assert not kept[301]


@pytest.mark.parametrize("since", [TRAIN[0], TEST[0]])
def test_marks_of_a_split_are_the_same_whatever_the_hour_of_the_day_at_which_it_begins(since: int) -> None:
    """As flags of tidy files are of whole days: good hours beside doubtful ones are told from them."""
    value = demand()[since : since + 600]
    value[22:25] = 900_000
    seen = []
    for begin in (0, 5, 7):
        # Hours since 1970: the values stand at one hour of the day, the frame begins before them.
        padded = np.concatenate((np.full(7 - begin, np.nan), value))
        split = (0, len(padded))
        found = trusted(SERIES, padded, [split], screening=SCREENING, against=ALL, hour=24 * 7_000 + begin)
        seen.append(found[7 - begin :])
    assert not seen[0][22:25].any()
    assert np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[0], seen[2])
