# SPDX-License-Identifier: Apache-2.0
"""Which values to doubt, and why. Reads values, never changes one."""
