# SPDX-License-Identifier: Apache-2.0
"""What is asked, recalled and said before a run begins."""
