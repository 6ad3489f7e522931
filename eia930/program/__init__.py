# SPDX-License-Identifier: Apache-2.0
"""How every program of ours starts, reads its flags and ends; and which code it is."""
