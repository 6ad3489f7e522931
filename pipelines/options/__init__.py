# SPDX-License-Identifier: Apache-2.0
"""The flags of the programs → frozen settings: what is asked, where from, how fast, on what, and the blocks."""
