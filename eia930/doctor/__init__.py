# SPDX-License-Identifier: Apache-2.0
"""Whether the live servers are what we take them for: each assumption, held against an answer."""
