# SPDX-License-Identifier: Apache-2.0
"""What the page says in words and figures."""
