# SPDX-License-Identifier: Apache-2.0
"""Whatever lies in the place of a document is told by one error, or read."""

from datetime import UTC, datetime

import msgspec
import pytest

from eia930.program.reading import Moment, from_json, from_msgpack


class Noted(msgspec.Struct):
    """A document as programs leave them."""

    at: Moment


AT = datetime(2026, 11, 30, 5, tzinfo=UTC)


def test_what_was_written_is_read() -> None:
    assert from_json(msgspec.json.encode(Noted(AT)), Noted) == Noted(AT)
    assert from_msgpack(msgspec.msgpack.encode(Noted(AT)), Noted) == Noted(AT)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b'{"at": 3}', b'{"at": "2026-11-30T05:00:00"}', b'{"at": "\xff"}', b'{"x":' * 100_000, b"[" * 100_000],
)
def test_what_is_no_such_json_is_one_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_json(data, Noted)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x81\xa1x" * 100_000, msgspec.msgpack.encode({"at": "5"})])
def test_what_is_no_such_messagepack_is_one_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_msgpack(data, Noted)
