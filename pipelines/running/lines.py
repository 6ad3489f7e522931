# SPDX-License-Identifier: Apache-2.0
"""What is told on the terminal by one line each."""

from __future__ import annotations

from collections.abc import Sequence

_FEW = 5
"""Lines of one kind: the account has the rest."""


def few(label: str, told: Sequence[str], *, account: str) -> list[str]:
    """The first lines of one kind, and how many more the account names."""
    lines = [f"{label:<9} {one}" for one in told[:_FEW]]
    return [*lines, f"{label:<9} and {len(told) - _FEW:,} more ({account})"] if len(told) > _FEW else lines
