"""What planting rests on: clean workbooks are silent, every code is planted, and a miss would show."""

from __future__ import annotations

import pytest
from planted_cells import CELL_KINDS
from planting import Round, plant_everywhere
from recall import ALSO, GROUPS, Tally

import findings_table
from digistrat.intake.returns import read_returns
from digistrat.inventory.record import standard_form

pytestmark = pytest.mark.slow

# Codes that are not planted into the workbooks, and why.
NOT_PLANTED = {
    "no-returns": "of an empty folder, not of a workbook: see the last test",
    "file-not-opened": "takes a file that goes away while it is read, or rights that root does not lack",
    "file-too-slow": "takes the clock, and a loaded machine must not fail a test",
    "level-of-criteria-differs": "takes a model in force that has criteria; the shipped one has none",
    "not-a-yes-no": "takes a scale of yes and no; the shipped strategy has none",
    "file-errors-unseen": "takes an xls that xlrd refuses and python-calamine reads",
}


def test_two_hundred_clean_workbooks_have_no_findings(towns, tmp_path):
    contents = {data for town in towns for data in town.bytes_of.values()}
    assert len(contents) >= 200
    for town in towns:
        inventory = Round(town).read(tmp_path / str(town.world.seed))
        assert inventory.findings[["file", "sheet", "cell", "code"]].to_numpy().tolist() == []
        assert set(inventory.files["file"]) == town.bytes_of.keys()
        assert (inventory.files["n_records"] > 0).all()


def test_every_code_is_planted():
    raised = {
        entry.code
        for entry in findings_table.entries()
        if entry.files[0].startswith(("intake/", "inventory/"))
    }
    planted = {kind.code for kinds in GROUPS.values() for kind in kinds} | ALSO
    assert raised - planted == NOT_PLANTED.keys()
    assert planted <= raised


def test_a_missed_or_moved_fault_would_show(towns, tmp_path):
    """The comparison can fail: a fault at another place is missed there and more here."""
    made = next(plant_everywhere(towns[0], CELL_KINDS[:3]))
    fault = made.planted[0]
    found = made.found(tmp_path / "moved")
    made.planted[0] = type(fault)(fault.file, fault.sheet, "ZZ9", fault.code)
    tally = Tally()
    made.found = lambda _: found  # type: ignore[method-assign]
    tally.compare(made, tmp_path)
    assert [place[2] for *_, place in tally.missing] == ["ZZ9"]
    assert [place for *_, place in tally.extra] == [(fault.file, fault.sheet, fault.cell, fault.code)]


def test_an_empty_folder_is_said(strategy, tmp_path):
    findings = read_returns(tmp_path, standard_form(strategy)).findings
    assert findings["code"].tolist() == ["no-returns"]
