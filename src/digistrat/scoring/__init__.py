"""Bewertung: how mature, how ready, how much impact, and how sure that is."""
