# SPDX-License-Identifier: Apache-2.0
"""A grid that never was: the synthetic record behind the emulator."""
