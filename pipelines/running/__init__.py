# SPDX-License-Identifier: Apache-2.0
"""A run from its first word to its exit code: session, progress, interruption, summary."""
