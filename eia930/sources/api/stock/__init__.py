# SPDX-License-Identifier: Apache-2.0
"""What is stored of the API and whole, and what is therefore left to ask."""
