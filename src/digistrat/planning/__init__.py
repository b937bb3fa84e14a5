"""Umsetzungsplanung: what to do, when, by whom, with what money."""
