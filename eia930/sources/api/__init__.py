# SPDX-License-Identifier: Apache-2.0
"""The EIA Open Data API v2 as a source: requests, stored answers, their rows as columns."""
