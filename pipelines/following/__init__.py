# SPDX-License-Identifier: Apache-2.0
"""Keeping an output up to the hour: when, by which process, what is said and measured of it."""
