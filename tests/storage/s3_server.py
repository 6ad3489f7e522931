# SPDX-License-Identifier: Apache-2.0
"""A real S3 server on loopback, over a folder; it can go away and come back."""

import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.flink.waiting import soon

KEY, SECRET = "testkey", "testsecret123"


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass(slots=True)
class S3Server:
    """versitygw: a bucket is a folder below `folder`."""

    binary: Path
    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """What AWS_ENDPOINT_URL names."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, name: str) -> str:
        """Make a bucket; its URL."""
        (self.folder / name).mkdir()
        return f"s3://{name}"

    def environment(self) -> dict[str, str]:
        """What a program needs to find the server, and no more."""
        return environment(self.endpoint)

    def start(self) -> None:
        """Return once it listens."""
        command = [str(self.binary), "--quiet", "--port", f"127.0.0.1:{self.port}", "posix", str(self.folder)]
        self._process = subprocess.Popen(
            command,
            env={"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert soon(self._listens), f"no S3 server at {self.endpoint}; exit {self._process.poll()}"

    def stop(self) -> None:
        """End it, as a machine that is switched off."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def turn_away(self, clients: int) -> None:
        """Stand in for it while it is away, until so many clients have found nobody to answer them."""
        with socket.create_server(("127.0.0.1", self.port)) as door:
            door.settimeout(60)
            for _ in range(clients):
                door.accept()[0].close()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def environment(endpoint: str, *, secret: str = SECRET) -> dict[str, str]:
    """The variables by which clients of S3 find a server and its credentials."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }
