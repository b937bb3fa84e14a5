"""Every finding as a table, made from the code: ``docs/findings.md``.

After a change of a finding's code, severity or words: ``python tests/findings_table.py``.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import digistrat
from digistrat.findings import SEVERITIES
from digistrat.inventory.checks import CHECKS

SOURCE = Path(digistrat.__file__).parent
TARGET = Path(__file__).parents[1] / "docs" / "findings.md"
ROOMS = {
    "intake": "Reading returns",
    "inventory": "The whole round",
    "planning": "Selections and plans that do not hold",
}
REFUSING = ("WorkbookError", "unreadable")
HEAD = """# Findings

Made by `python tests/findings_table.py`; do not edit. An error keeps a value out of the tables, a warning
says that it is probably wrong, changed or guessed, an info that it is worth a look. Words in braces are
filled in.
"""


class Entry(NamedTuple):
    """A finding: its code, its severities, the files that make it, and the rule where there is one."""

    code: str
    severities: tuple[str, ...]
    files: tuple[str, ...]
    rule: str


def catalogue(language: str) -> dict[str, dict[str, str]]:
    """Message and hint by code."""
    text = (SOURCE / "locales" / f"{language}.toml").read_text("utf-8")
    words: dict[str, dict[str, str]] = tomllib.loads(text)["finding"]
    return words


def entries() -> list[Entry]:
    """Return every finding that the source can make, in the order of the catalogue."""
    codes = set(catalogue("de"))
    pairs: dict[str, set[str]] = {}
    files: dict[str, dict[str, None]] = {}
    usual: dict[str, set[str]] = {}
    for path in sorted(path for room in ROOMS for path in (SOURCE / room).rglob("*.py")):
        name, tree = path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))
        for code, severity in stated(tree, codes):
            pairs.setdefault(code, set()).add(severity)
        for code, severity in raised(tree, codes, name):
            files.setdefault(code, {})[name] = None
            usual.setdefault(code, set()).add(severity)
    rules = {check.code: check for check in CHECKS}
    for code, check in rules.items():
        pairs[code] = {check.severity}
        files[code] = {check.rule.__module__.removeprefix("digistrat.").replace(".", "/") + ".py": None}
    return [
        Entry(
            code,
            tuple(severity for severity in SEVERITIES if severity in (pairs.get(code) or worst(usual[code]))),
            tuple(files[code]),
            (rules[code].rule.__doc__ or "").split("\n")[0] if code in rules else "",
        )
        for code in catalogue("de")
        if code in files
    ]


def worst(found: set[str]) -> set[str]:
    """A file that is refused in one place and noted in another is refused; empty where nothing is known."""
    return {"error"} if "error" in found else found - {""}


def raised(tree: ast.AST, codes: set[str], name: str) -> Iterator[tuple[str, str]]:
    """Every code of a file with what it means where nothing else is said; comparing makes no finding.

    What refuses a file, a value or a plan is an error, what is noted about a file that is read an info.
    """
    compared = parts(tree, lambda node: isinstance(node, (ast.Compare, ast.Set)))
    refusing = parts(tree, refuses)
    is_error = name.startswith(("intake/values/", "planning/"))
    rest = "error" if is_error else "info" if name.startswith("intake/workbooks/") else ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in codes and id(node) not in compared:
            yield str(node.value), "error" if id(node) in refusing else rest


def refuses(node: ast.AST) -> bool:
    """Whether a call or an argument keeps something out, by its name."""
    if isinstance(node, ast.keyword):
        return node.arg == "refused"
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSING


def parts(tree: ast.AST, wanted: Callable[[ast.AST], bool]) -> set[int]:
    """Everything inside the nodes that are wanted."""
    return {id(part) for node in ast.walk(tree) if wanted(node) for part in ast.walk(node)}


def stated(tree: ast.Module, codes: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs of code and severity that stand beside each other in a call, a tuple or a mapping."""
    of_module = assigned(tree.body)
    for scope in ast.walk(tree):
        if isinstance(scope, (ast.FunctionDef, ast.Module)):
            own = assigned(ast.walk(scope)) if isinstance(scope, ast.FunctionDef) else {}
            for left, right in (pair for node in ast.walk(scope) for pair in beside(node)):
                for code in texts(left, of_module | own) & codes:
                    for severity in texts(right, of_module | own) & set(SEVERITIES):
                        yield code, severity


def assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """What names stand for."""
    given: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(node.value)
    return given


def beside(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Expressions that stand beside each other."""
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "get":  # looks up, says nothing
        yield from pairwise(node.args)
        named = [keyword.value for keyword in node.keywords if keyword.arg == "severity"]
        yield from ((argument, severity) for argument in node.args for severity in named)
    elif isinstance(node, ast.Tuple):
        yield from pairwise(node.elts)
    elif isinstance(node, ast.Dict):
        yield from ((key, value) for key, value in zip(node.keys, node.values, strict=True) if key)


def texts(node: ast.expr, given: dict[str, list[ast.expr]], depth: int = 3) -> set[str]:
    """The texts that an expression may be: itself, a side of a choice, an entry, what its name stands for."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return texts(node.body, given, depth) | texts(node.orelse, given, depth)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        mappings = [value for value in given.get(node.value.id, []) if isinstance(value, ast.Dict)]
        return set().union(*(texts(value, given, depth) for found in mappings for value in found.values))
    if isinstance(node, ast.Name) and depth:
        return set().union(*(texts(value, given, depth - 1) for value in given.get(node.id, [])))
    return set()


def findings_table() -> str:
    """Return the page."""
    german, english = catalogue("de"), catalogue("en")
    made, lines = entries(), [HEAD]
    for room, title in ROOMS.items():
        rows = [entry for entry in made if entry.files[0].startswith(f"{room}/")]
        lines += [
            f"## {title}",
            "",
            "| code | severity | deutsch | English | made in |",
            "|---|---|---|---|---|",
        ]
        for entry in rows:
            words = [
                f"{found[entry.code]['message']}<br>*{found[entry.code]['hint']}*"
                for found in (german, english)
            ]
            where = ", ".join(f"`{file}`" for file in entry.files)
            where += f"<br>{entry.rule}" if entry.rule else ""
            cells = [f"`{entry.code}`", " / ".join(entry.severities), *words, where]
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(findings_table(), encoding="utf-8")
