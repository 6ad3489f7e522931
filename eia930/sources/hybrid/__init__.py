# SPDX-License-Identifier: Apache-2.0
"""EIA's files and its API together, as one source."""
