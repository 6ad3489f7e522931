# SPDX-License-Identifier: Apache-2.0
"""Beam's worker pool for one TaskManager, on an address of its own, which ends with that TaskManager.

Beam's own listens on all addresses and goes on alone; beside several TaskManagers on one host neither will do.
"""

import argparse
import os
import select
import sys
from collections.abc import Sequence

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

# Else a TaskManager that goes on pinging an idle pool is sent away.
_PINGS = (("grpc.http2.max_pings_without_data", 0), ("grpc.http2.max_ping_strikes", 0))


def serve(address: str, worker: str) -> grpc.Server:
    """A pool at `address` that starts `worker`, a program as Beam's container contract has it."""
    server = grpc.server(shared_unbounded_instance(), options=[*_PINGS, ("grpc.so_reuseport", 0)])
    pool = BeamFnExternalWorkerPoolServicer(use_process=True, container_executable=worker)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.add_insecure_port(address)
    server.start()
    return server


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the TaskManager ends; its workers see the pool end, and end too (guard.py)."""
    parser = argparse.ArgumentParser(prog="python -m deploy.flink.pool", description=__doc__)
    parser.add_argument("--address", required=True, help="HOST:PORT to listen on")
    parser.add_argument("--worker", required=True, help="what starts a worker")
    parser.add_argument("--beside", required=True, type=int, help="pid of the TaskManager")
    given = parser.parse_args(arguments)
    # Held before anything else: the TaskManager may be gone by the time that the pool listens.
    manager = os.pidfd_open(given.beside)
    server = serve(given.address, given.worker)
    print(f"worker pool at {given.address}", file=sys.stderr, flush=True)
    select.select([manager], [], [])
    server.stop(None)
    # Not by the usual way out, on which Beam waits ten seconds for each worker.
    os._exit(0)


if __name__ == "__main__":
    main()
