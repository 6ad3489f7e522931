# SPDX-License-Identifier: Apache-2.0
"""Who and what exists: hours, routes, respondents and their series, with the tables that say so."""
