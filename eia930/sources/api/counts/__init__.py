# SPDX-License-Identifier: Apache-2.0
"""Counting the rows of the API by short answers, before any of them is fetched."""
