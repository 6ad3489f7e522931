# SPDX-License-Identifier: Apache-2.0
"""Where blocks hold estimates the model is given them, and nothing else of its tokens differs: no mark, no label."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.examples.conftest import FILLED


def test_an_estimate_is_an_input_and_no_label(panel: Path, filled_panel: Path) -> None:
    pytest.importorskip("jax", reason="jax is not installed; pip install '.[jax]'")
    from ringtrain.devices import rings
    from ringtrain.loading import Panel

    panels = [Panel(str(one), "train", days=16, slots=8, mesh=rings(1), ahead=24) for one in (panel, filled_panel)]
    plain, filled = (_read(one, one.starts[3:5]) for one in panels)
    missing = ~plain["observed"]
    assert 0.01 < missing.mean() < 0.1
    assert set(plain) == set(filled)
    for name in plain:
        where = ~missing if name == "value" else ...
        assert np.array_equal(plain[name][where], filled[name][where])
    assert not plain["value"][missing].any()
    mean, std = panels[1].scale[:, filled["slot"]][..., None]
    wanted = np.broadcast_to((FILLED - mean) / std, missing.shape)
    np.testing.assert_allclose(filled["value"][missing], wanted[missing], rtol=1e-5)


def _read(panel: Any, windows: Any) -> dict[str, Any]:
    return {name: np.asarray(field) for name, field in panel.batch(windows).items()}
