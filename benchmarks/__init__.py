"""Measurements: ratios against a peer or a physical floor in the same run. ``make bench`` prints them."""
