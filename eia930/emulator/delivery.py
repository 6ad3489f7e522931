# SPDX-License-Identifier: Apache-2.0
"""How bytes leave: at once, or stalled, cut, dripped, reset, without end."""

import os
import socket
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from threading import Event

from eia930.emulator.faults import Faults

_BLOCK = 1 << 20
_OPENING = b'{"response":{"total":"1","data":[' + b" " * (_BLOCK - 33)


def gzipped(body: bytes) -> bytes:
    """`body` as gzip, quickly; the same bytes every time."""
    return zlib.compress(body, 1, wbits=31)


@cache
def bomb(size: int) -> bytes:
    """A small gzip body that unpacks to about `size` bytes of JSON's white space."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    spaces = b" " * _BLOCK
    blocks = max(1, size // _BLOCK)
    return b"".join(packer.compress(spaces) for _ in range(blocks)) + packer.flush()


def deliver(
    connection: socket.socket, head: bytes, body: bytes, *, fault: str | None, faults: Faults, closing: Event
) -> bool:
    """Send an answer as `fault` would have it; returns whether the connection may serve another."""
    if fault == "p_timeout":
        closing.wait(faults.stall_seconds)
    if fault == "p_reset":
        _reset(connection)
        return False
    if fault == "p_cut":
        connection.sendall(head + body[: len(body) * 3 // 5])
        return False
    if fault == "p_stall":
        connection.sendall(head + body[: len(body) // 2])
        closing.wait(faults.stall_seconds)
        connection.sendall(body[len(body) // 2 :])
    elif fault == "p_slow_drip":
        _drip(connection, head + body, faults.drip_seconds, closing)
    elif fault == "p_huge":
        connection.sendall(head)
        _pour(connection, faults.huge_bytes, closing)
    else:
        connection.sendall(head + body)
    return True


def _reset(connection: socket.socket) -> None:
    # Lingering for no time turns close into RST; the descriptor is taken so that nobody sends FIN before.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def _drip(connection: socket.socket, data: bytes, pause: float, closing: Event) -> None:
    for at in range(0, len(data), 64):
        connection.sendall(data[at : at + 64])
        if closing.wait(pause):
            return


def _pour(connection: socket.socket, size: int, closing: Event) -> None:
    for block in _blocks(size):
        if closing.is_set():
            return
        connection.sendall(block)


def _blocks(size: int) -> Iterator[bytes]:
    spaces = b" " * _BLOCK
    for at in range(0, size, _BLOCK):
        yield (spaces if at else _OPENING)[: size - at]
