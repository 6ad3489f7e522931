# SPDX-License-Identifier: Apache-2.0
"""One pass over an output: what the page needs of it."""
