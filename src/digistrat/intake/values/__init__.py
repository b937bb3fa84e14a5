"""A cell's value becomes a number, date, yes/no, choice, list or text; pure functions, German and English.

What a cell says comes back as `Parsed`: a value with bounds, a state, and the codes of findings to
report. Nothing that reads two ways is chosen in silence. The words stand in ``forms/words.toml``.
"""

from digistrat.intake.values.choices import (
    parse_boolean,
    parse_choice,
    parse_identifier,
    parse_list,
    parse_text,
)
from digistrat.intake.values.dates import parse_date
from digistrat.intake.values.named import unit_in_header, unit_in_text
from digistrat.intake.values.numbers import detect_decimal, parse_amount, parse_number
from digistrat.intake.values.words import Parsed, fold

__all__ = [
    "Parsed",
    "detect_decimal",
    "fold",
    "parse_amount",
    "parse_boolean",
    "parse_choice",
    "parse_date",
    "parse_identifier",
    "parse_list",
    "parse_number",
    "parse_text",
    "unit_in_header",
    "unit_in_text",
]
