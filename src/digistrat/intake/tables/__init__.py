"""A sheet is taken apart: where its tables stand, what their columns and records are, and what is neither.

`headers` knows what a text may name (`questions` for long ones, `guesses` for slips, `contrasts` for what
must not be taken for each other); `grids` shows a sheet line by line; `search` looks for lines of headers;
`mapping` gives every column its name, `records` every line its role, `lower` cuts off what is another table;
`finding` puts them together into `regions`. `aside` tells which sheets of a file only look like tables.
"""

from digistrat.intake.tables.finding import find_regions
from digistrat.intake.tables.headers import cell_text
from digistrat.intake.tables.regions import Leftover, Region

__all__ = ["Leftover", "Region", "cell_text", "find_regions"]
