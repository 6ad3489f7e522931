# SPDX-License-Identifier: Apache-2.0
"""Several hosts as one ring: each runs the same command with its own number, and only the first tells and draws."""

from dataclasses import dataclass

import jax

from ringtrain.errors import PlanError


@dataclass(frozen=True, slots=True)
class Hosts:
    """`address` HOST:PORT of host 0, which all can reach; how many there are, and which of them (0, 1, …) this is."""

    address: str
    count: int
    number: int


def join(hosts: Hosts) -> None:
    """Before JAX is first used; devices of all hosts are one list after it. PlanError where they do not meet."""
    if not 0 <= hosts.number < hosts.count:
        raise PlanError(f"--host={hosts.number}: of {hosts.count} hosts; give 0 to {hosts.count - 1}")
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # of CPU devices alone; others have their own
    try:
        jax.distributed.initialize(hosts.address, hosts.count, hosts.number)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise PlanError(f"--coordinator={hosts.address}: {hosts.count} hosts did not meet there: {reason}") from None


def first() -> bool:
    """Whether this host is the one that tells, draws and writes."""
    return bool(jax.process_index() == 0)
