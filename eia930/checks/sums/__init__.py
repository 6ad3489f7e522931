# SPDX-License-Identifier: Apache-2.0
"""Series that must add up: which ones, by how much they differ, and which part is at fault."""
