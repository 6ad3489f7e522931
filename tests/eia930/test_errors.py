# SPDX-License-Identifier: Apache-2.0
import pickle

import pytest

from eia930 import errors
from eia930.errors import EiaError, Stop, Throttled, Unavailable

KINDS = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, EiaError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_one_line_and_travels(kind: type[EiaError]) -> None:
    error = kind("what\n  happened", remedy="do this")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "what happened (do this)"
    assert (again.what, again.remedy) == ("what happened", "do this")


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_made_again_from_its_args(kind: type[EiaError]) -> None:
    """So does Beam, with the step's name behind the first; what it cannot make again it turns into a RuntimeError."""
    first, *others = kind("no room", remedy="do this").args
    again = kind(f"{first} [while running 'Ask']", *others)
    assert str(again) == "no room [while running 'Ask'] (do this)"


@pytest.mark.parametrize("kind", [one for one in KINDS if one is not errors.UsageError])
def test_every_error_has_a_remedy(kind: type[EiaError]) -> None:
    assert kind("x").remedy


def test_pauses() -> None:
    assert Throttled("x", retry_after=3.0).retry_after == 3.0
    assert pickle.loads(pickle.dumps(Throttled("x", retry_after=3.0))).retry_after == 3.0
    assert Unavailable("x").retry_after is None
    assert not issubclass(Throttled, Stop)
