# SPDX-License-Identifier: Apache-2.0
"""Devices of all hosts as rings: a window is cut over a ring, and each ring takes windows of its own."""

import jax
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from ringtrain.errors import PlanError

WINDOWS, TOKENS = "data", "ring"
"""Axes of the mesh: along the one lie rings with windows of their own, along the other the devices of a ring."""
EVERYWHERE = (WINDOWS, TOKENS)
CUT = P(*EVERYWHERE)
"""How fields [windows, tokens, …] lie on them."""
EXACT = "highest"
"""How products of float32 are made: a GPU would take some of their bits off."""


def rings(replicas: int) -> Mesh:
    """All devices as so many rings of equal size; PlanError where they do not make them."""
    devices = np.array(jax.devices())
    if replicas < 1 or len(devices) % replicas:
        raise PlanError(f"--replicas={replicas}: of {len(devices)} devices; give a divisor of that")
    return Mesh(devices.reshape(replicas, -1), EVERYWHERE)


def best_type() -> str:
    """The numbers that large products are made of: of a CPU float32, of a GPU or TPU bfloat16."""
    return "float32" if jax.default_backend() == "cpu" else "bfloat16"
