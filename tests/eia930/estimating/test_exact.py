# SPDX-License-Identifier: Apache-2.0
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eia930.estimating.learning.exact import coarse, solve


@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_systems_are_solved(count: int, size: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    parts = chance.normal(size=(count, size, 2 * size))
    matrix, right = parts @ parts.transpose(0, 2, 1) + size * np.eye(size), chance.normal(size=(count, size))
    assert np.allclose(solve(matrix, right), np.linalg.solve(matrix, right[:, :, None])[:, :, 0])


def test_an_unknown_that_the_others_determine_is_left_out() -> None:
    twice = np.array([[[1.0, 1.0], [1.0, 1.0]]])
    assert solve(twice, np.array([[3.0, 3.0]])).tolist() == [[3.0, 0.0]]


@given(st.integers(0, 2**32 - 1))
def test_sums_do_not_depend_on_their_order(seed: int) -> None:
    chance = np.random.default_rng(seed)
    a, b = coarse(chance.normal(scale=3, size=(2, 20_000)))
    order = chance.permutation(a.size)
    assert a @ b == a[order] @ b[order] == sum((a * b).tolist())
