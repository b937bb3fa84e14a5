"""Fictitious rounds of returns of any size: deterministic, freely invented, filled in as people do."""

from digistrat.example.books import Planted
from digistrat.example.catalogue import extended_offices
from digistrat.example.rounds import ROUNDS, generate, generate_round

__all__ = ["ROUNDS", "Planted", "extended_offices", "generate", "generate_round"]
