# SPDX-License-Identifier: Apache-2.0
"""What each of Beam's runners needs, asked before anything is sent."""
