"""Styles of an OpenDocument spreadsheet: which tables they hide, times they let run on, texts they strike."""

from __future__ import annotations

NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:"
STYLE, NUMBER = f"{NAMESPACE}style:1.0 ", f"{NAMESPACE}datastyle:1.0 "
_TABLE = f"{NAMESPACE}table:1.0 "
_LINES = (STYLE + "text-line-through-style", STYLE + "text-line-through-type")
_FAMILIES = ("table-cell", "text")  # styles of cells, and of some of their text
_MOST_PARENTS = 20


class OdsStyles:
    """What the styles say, as their elements come.

    Attributes
    ----------
    hidden : set of str
        Styles of tables that are not shown.
    lines : dict of (family, style) to bool
        Whether there is a line through the text, of the styles that say so or deny it.
    strike : bool
        Whether any says so.
    """

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self.lines: dict[tuple[str, str], bool] = {}
        self.parents: dict[tuple[str, str], str] = {}
        self.formats: dict[str, str] = {}
        self.elapsed: set[str] = set()
        self.strike = False
        self.name = self.family = ""

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        """Handle an opening tag, and return whether it was one of a style."""
        if tag == "style:style":
            self.name = attributes.get(STYLE + "name", "")
            self.family = attributes.get(STYLE + "family", "")
            self.formats[self.name] = attributes.get(STYLE + "data-style-name", "")
            if self.family in _FAMILIES:
                self.parents[self.family, self.name] = attributes.get(STYLE + "parent-style-name", "")
                self.lines.pop((self.family, self.name), None)
        elif tag == "style:table-properties":
            if attributes.get(_TABLE + "display") == "false":
                self.hidden.add(self.name)
        elif tag == "style:text-properties":
            said = [attributes[name] for name in _LINES if name in attributes]
            if said and self.family in _FAMILIES:
                self.lines[self.family, self.name] = struck = "none" not in said
                self.strike |= struck
        elif tag == "number:time-style":
            if attributes.get(NUMBER + "truncate-on-overflow") == "false":
                self.elapsed.add(attributes.get(STYLE + "name", ""))
        else:
            return False
        return True

    def end(self, tag: str) -> None:
        """Handle a closing tag: formats of numbers have properties of a text too."""
        if tag == "style:style":
            self.family = ""

    def is_elapsed(self, style: str) -> bool:
        """Whether a cell's style shows times that go beyond a day."""
        return self.formats.get(style, "") in self.elapsed

    def is_struck(self, family: str, style: str) -> bool:
        """Whether a style, or the one that it is derived from, has a line through the text."""
        for _ in range(_MOST_PARENTS):
            said = self.lines.get((family, style))
            if said is not None or not style:
                return bool(said)
            style = self.parents.get((family, style), "")
        return False
