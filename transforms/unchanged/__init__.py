# SPDX-License-Identifier: Apache-2.0
"""What is built of tidy files stays where nothing that decides it changed."""
