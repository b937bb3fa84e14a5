"""Ist-Analyse: what the city has on one reporting date."""
