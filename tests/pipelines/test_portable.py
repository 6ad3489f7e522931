# SPDX-License-Identifier: Apache-2.0
"""A runner that has nothing to hand the job to says so in one line, at once."""

from pathlib import Path

import pytest

from eia.errors import UsageError
from pipelines.portable import preflight


def refused(*flags: str) -> str:
    with pytest.raises(UsageError) as caught:
        preflight(flags)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("runner", ["PrismRunner", "apache_beam.runners.portability.prism_runner.PrismRunner"])
def test_prism_is_a_file_here(runner: str, tmp_path: Path) -> None:
    """Or Beam would look for it on the network."""
    assert "go install" in refused(f"--runner={runner}")
    for no_file in (str(tmp_path), str(tmp_path / "prism"), "https://example.org/prism"):
        assert f"{no_file} is no file" in refused(f"--runner={runner}", f"--prism_location={no_file}")
    (tmp_path / "prism").touch()
    preflight([f"--runner={runner}", f"--prism_location={tmp_path / 'prism'}"])


def test_other_runners_need_none() -> None:
    preflight(["--runner=FnApiRunner", "--prism_location=/nowhere"])
