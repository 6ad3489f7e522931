# SPDX-License-Identifier: Apache-2.0
"""What the record said before: every value that was replaced, when, and by what."""
