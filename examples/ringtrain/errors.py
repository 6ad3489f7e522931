# SPDX-License-Identifier: Apache-2.0
"""What a training refuses."""


class PlanError(Exception):
    """A choice that does not fit the data or the devices: one line that names the remedy."""
