# SPDX-License-Identifier: Apache-2.0
"""Which hours exist at all: counted, stored as a table, and a plan narrowed by it."""
