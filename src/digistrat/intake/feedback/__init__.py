"""What goes back to an office: its own workbook with a sheet of findings, marked cells, a text for the mail.

`write_feedback` adds the sheet without touching another part of the file (`writing` makes it, `package` lists
it, `archive` copies the rest); `read_feedback` reads it out of the corrected return, and `compare_findings`
says what is settled and open. `feedback_of_round` does it for every return of a round.
"""

from digistrat.intake.feedback.books import read_feedback, write_feedback
from digistrat.intake.feedback.comparison import compare_findings
from digistrat.intake.feedback.mail import covering_summary
from digistrat.intake.feedback.marked import write_marked_copy
from digistrat.intake.feedback.rounds import feedback_of_round
from digistrat.intake.feedback.sheet import is_feedback_sheet, sheet_name

__all__ = [
    "compare_findings",
    "covering_summary",
    "feedback_of_round",
    "is_feedback_sheet",
    "read_feedback",
    "sheet_name",
    "write_feedback",
    "write_marked_copy",
]
