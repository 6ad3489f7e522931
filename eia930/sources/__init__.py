# SPDX-License-Identifier: Apache-2.0
"""Where hours come from: one dispatcher at one pace, and the sources that it asks."""
