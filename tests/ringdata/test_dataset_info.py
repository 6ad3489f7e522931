# SPDX-License-Identifier: Apache-2.0
"""TFDS metadata is made apart from this process, whose imports it would break while other threads import."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

PROGRAM = """
import builtins, json, sys
from ringdata import Member, plan_series
from ringdata.dataset_info import dataset_info

before = builtins.__import__
files = dataset_info(plan_series([Member("EBA.A-ALL.D.H", 400_000, 500_000)]))
assert sorted(files) == ["dataset_info.json", "features.json"], sorted(files)
assert json.loads(files["dataset_info.json"])["name"] == "eia930"
assert builtins.__import__ is before
print(sorted({name.partition(".")[0] for name in sys.modules} & {"etils", "tensorflow_datasets"}))
"""


@pytest.mark.skipif(find_spec("tensorflow_datasets") is None, reason="tensorflow-datasets is not installed")
def test_it_is_not_imported_here() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
