"""Who sends a file that has no cover: its rows, its name, or both together say so."""

from __future__ import annotations

from books import projects


def senders(inventory):
    return inventory.files.set_index("file")["office_id"].to_dict()


def said(inventory):
    found = inventory.findings
    return found.loc[found["code"].str.contains("office"), ["code", "cell"]].to_numpy().tolist()


def test_a_lead_of_another_organisation_leaves_the_sender_in_the_name(read):
    inventory = read(
        A61_Vorhaben={"Vorhaben": projects(["1", "a", "SPA"], ["2", "b", "POA"], ["3", "c", None])}
    )
    assert senders(inventory) == {"A61_Vorhaben.xlsx": "A61"}
    assert inventory.projects["office_id"].to_dict() == {"1": "A61", "2": "A11", "3": "A61"}
    assert said(inventory) == []


def test_a_former_name_among_the_leads_is_said_at_its_cell_only(read):
    rows = projects(["1", "a", "SPA"], ["2", "b", "Stabsstelle E-Government"])
    inventory = read(A61={"Vorhaben": rows})
    assert senders(inventory) == {"A61.xlsx": "A61"}
    assert said(inventory) == [["former-office-name", "E3"]]


def test_the_only_lead_is_the_sender_where_every_row_has_one(read):
    inventory = read(A61={"Vorhaben": projects(["1", "a", "POA"], ["2", "b", "POA"])})
    assert senders(inventory) == {"A61.xlsx": "A11"}


def test_rows_without_a_lead_are_not_given_to_the_lead_of_another(read):
    inventory = read(A61={"Vorhaben": projects(["1", "a", "POA"], ["2", "b", None], ["3", "c", None])})
    assert senders(inventory) == {"A61.xlsx": "A61"}
    assert inventory.projects["office_id"].to_dict() == {"1": "A11", "2": "A61", "3": "A61"}
    assert said(inventory) == [["office-from-file-name", ""]]


def test_of_several_in_the_rows_none_is_the_sender(read):
    inventory = read(nobody={"Vorhaben": projects(["1", "a", "SPA"], ["2", "b", "POA"])})
    assert senders(inventory) == {"nobody.xlsx": ""}
    assert said(inventory) == [["office-missing", ""]]
