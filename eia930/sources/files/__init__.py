# SPDX-License-Identifier: Apache-2.0
"""EIA's six-month CSV files as a source: the whole record since July 2015, without a key."""
