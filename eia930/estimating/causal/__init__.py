# SPDX-License-Identifier: Apache-2.0
"""What an hour of demand most likely was, by what stood before it and the forecast for it: for models that forecast."""
