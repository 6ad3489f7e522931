# SPDX-License-Identifier: Apache-2.0
"""One S3 server for all tests here; each test has a bucket of its own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.go_tools import VERSITYGW
from tests.storage.s3_server import S3Server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server that stays; a test that ends one starts its own."""
    with S3Server(VERSITYGW.here(), tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def credentials(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, and this process's environment leads to it."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture
def bucket(credentials: S3Server) -> str:
    """The URL of an empty bucket."""
    return credentials.bucket(f"bucket-{uuid4().hex}")


@pytest.fixture
def backing(credentials: S3Server, bucket: str) -> Path:
    """The folder in which the server keeps the bucket's objects."""
    return credentials.folder / bucket.removeprefix("s3://")
