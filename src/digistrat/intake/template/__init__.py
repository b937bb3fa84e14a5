"""The workbook of a form, empty or pre-filled: what it needs from strategy and inventory is passed in."""

from digistrat.intake.template.entries import Note
from digistrat.intake.template.writing import write_template

__all__ = ["Note", "write_template"]
