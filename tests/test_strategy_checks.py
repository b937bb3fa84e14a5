"""Every kind of mistake in a strategy is told with file, key, found and expected, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from digistrat.strategy import StrategyError, load_strategy

DATA = Path(__file__).resolve().parents[1] / "data"
MAIN, ORG = "strategy.toml", "offices.toml"
SHIPPED = {name: (DATA / name).read_text("utf-8") for name in (MAIN, ORG)}


def changed(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Write the shipped files with the first occurrence of each old text replaced; return the strategy."""
    texts = dict(SHIPPED)
    for file, old, new in changes:
        assert old in texts[file], f"{file} no longer contains {old!r}: mend the test"
        texts[file] = texts[file].replace(old, new, 1)
    for file, text in texts.items():
        (folder / file).write_text(text, "utf-8")
    return folder / "strategy.toml"


def problems(path: Path) -> list[str]:
    with pytest.raises(StrategyError) as caught:
        load_strategy(path)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


MISTAKES = {
    "unknown key": (
        MAIN,
        "[planning]",
        "[planning]\ncolour = 'red'",
        ["planning.colour", "'red'", "no such key"],
    ),
    "unknown table": (MAIN, "[planning]", "[extra]\na = 1\n[planning]", ["extra", "{'a': 1}", "no such key"]),
    "key of the other file": (
        MAIN,
        "[planning]",
        "[[office_changes]]\nchange_date = 2020-01-01\nchange = 'closed'\noffice_id = 'A16'\n[planning]",
        ["office_changes", "belongs in offices.toml"],
    ),
    "unknown key of offices": (
        ORG,
        "[[offices]]",
        "[city]\na = 1\n[[offices]]",
        ["city", "expected offices or"],
    ),
    "missing key": (
        MAIN,
        "horizon_months = 72",
        "",
        ["planning.horizon_months", "nothing", "Field required"],
    ),
    "wrong type": (
        MAIN,
        "weight = 17",
        'weight = "17"',
        ["impact.criteria[1].weight", "'17'", "valid number"],
    ),
    "text for yes/no": (
        MAIN,
        "is_example = true\n",
        'is_example = "ja"\n',
        ["strategy.is_example", "'ja'", "boolean"],
    ),
    "text for a date": (
        MAIN,
        "start_date = 2027-01-01",
        'start_date = "2027"',
        ["planning.start_date", "'2027'"],
    ),
    "negative amount": (
        MAIN,
        "amount_eur = 18_000_000",
        "amount_eur = -1",
        ["budgets[1].amount_eur", "-1", "0"],
    ),
    "not a number": (MAIN, "target = 10", "target = nan", ["impact.criteria[1].target", "nan", "finite"]),
    "weights": (MAIN, "weight = 17", "weight = 16.5", ["impact.criteria", "99.5", "expected 100"]),
    "unknown group": (
        MAIN,
        'group = "buerger"',
        'group = "burger"',
        ["impact.criteria[K01].group", "'burger'", "'buerger', 'intern', 'strategie', 'wirtschaft'"],
    ),
    "floor is target": (MAIN, "target = 10", "target = 0", ["impact.criteria[K01].target", "0", "floor"]),
    "header of two criteria": (
        MAIN,
        '"Digitale Teilhabe"',
        '"Klimaschutz"',
        ["impact.criteria.aliases", "'Klimaschutz' 2 times", "once"],
    ),
    "unknown role": (
        MAIN,
        "PL = 3",
        "XX = 3",
        ["phase_templates[small].phases[VS].effort_days", "'XX'", "'PL'"],
    ),
    "share of duration": (
        MAIN,
        "share_duration = 0.08",
        "share_duration = 0.18",
        ["phase_templates[small].phases", "share_duration sums to 1.1", "expected 1"],
    ),
    "share of cost": (
        MAIN,
        "share_cost = 0.05",
        "share_cost = 0.04",
        ["phase_templates[small].phases", "share_cost sums to 0.99", "expected 1"],
    ),
    "shortest phases longer than the template": (
        MAIN,
        "duration_months = 12",
        "duration_months = 7",
        ["phase_templates[small].duration_months", "found 7", "at least 8"],
    ),
    "limits fall": (
        MAIN,
        "upper_limit_eur = 250_000",
        "upper_limit_eur = 2_000_000",
        ["phase_templates", "[2000000.0, 1000000.0, None]", "rising limits"],
    ),
    "limit missing": (
        MAIN,
        "upper_limit_eur = 250_000\n",
        "",
        ["phase_templates", "[None, 1000000.0, None]", "rising limits"],
    ),
    "thresholds overlap": (
        MAIN,
        "valid_to = 2017-12-31",
        "valid_to = 2018-06-30",
        ["procurement_thresholds", "municipality", "2018-06-30", "2018-01-01", "do not overlap"],
    ),
    "models overlap": (
        MAIN,
        "valid_to = 2025-06-30\n",
        "",
        ["service_models", "ozg-1.1", "further notice", "2025-07-01", "do not overlap"],
    ),
    "end before beginning": (
        MAIN,
        "valid_to = 2025-06-30",
        "valid_to = 2019-06-30",
        ["service_models", "2020-06-01 to 2019-06-30", "end after the beginning"],
    ),
    "level names": (
        MAIN,
        '"Offline", "Info',
        '"Info',
        ["service_models[ozg-1.1].levels", "4 names", "expected 5"],
    ),
    "level outside the scale": (
        MAIN,
        "conform_from = 3",
        "conform_from = 5",
        ["service_models[ozg-1.1].conform_from", "found 5", "from 0 to 4"],
    ),
    "weeks out of order": (
        MAIN,
        "weeks_min = 4\n",
        "weeks_min = 40\n",
        ["procedures[verhandlungsvergabe]", "40, 7, 12", "rising"],
    ),
    "year twice": (MAIN, "year = 2027", "year = 2026", ["budgets", "2026 investive 2 times", "once"]),
    "coverage of groups": (
        MAIN,
        "group_coverage = 0.5",
        "group_coverage = 0.9",
        ["thresholds.group_coverage", "0.9", "at most"],
    ),
    "field twice": (MAIN, 'id = "HF02"', 'id = "HF01"', ["fields", "id 'HF01' 2 times", "once"]),
    "goal twice": (
        MAIN,
        'id = "HF01-Z2"',
        'id = "HF01-Z1"',
        ["fields.goals", "id 'HF01-Z1' 2 times", "once"],
    ),
    "criterion twice": (MAIN, 'id = "R02"', 'id = "R01"', ["readiness.criteria", "id 'R01' 2 times", "once"]),
    "phase twice": (
        MAIN,
        'id = "KO"',
        'id = "VS"',
        ["phase_templates[small].phases", "id 'VS' 2 times", "once"],
    ),
    "group twice": (
        MAIN,
        'id = "wirtschaft"',
        'id = "buerger"',
        ["impact.groups", "id 'buerger' 2 times", "once"],
    ),
    "model twice": (
        MAIN,
        'id = "ozg-2.0"',
        'id = "ozg-1.1"',
        ["service_models", "id 'ozg-1.1' 2 times", "once"],
    ),
    "service criterion twice": (
        MAIN,
        'id = "C02"',
        'id = "C01"',
        ["service_models[ozg-1.1].criteria", "id 'C01' 2 times", "once"],
    ),
    "scale upside down": (
        MAIN,
        'rule = "minimum"\nfloor = 0',
        'rule = "minimum"\nfloor = 4',
        ["service_models[ozg-1.1].target", "found 4", "more than floor"],
    ),
    "role twice": (MAIN, 'id = "PA"', 'id = "PL"', ["roles", "id 'PL' 2 times", "once"]),
    "template twice": (
        MAIN,
        'id = "large"',
        'id = "small"',
        ["phase_templates", "id 'small' 2 times", "once"],
    ),
    "procedure twice": (
        MAIN,
        'id = "inhouse"',
        'id = "eu-offen"',
        ["procedures", "id 'eu-offen' 2 times", "once"],
    ),
    "office twice": (ORG, 'id = "A11"', 'id = "A12"', ["offices", "A12", "do not overlap"]),
    "spelling of two offices": (
        ORG,
        '"Personalamt"',
        '"Rechtsamt"',
        ["offices", "'Rechtsamt' for A11 and A30", "one office"],
    ),
    "unknown office": (
        ORG,
        'office_id = "AF"',
        'office_id = "AG"',
        ["office_changes[2018-06-01].office_id", "'AG'"],
    ),
    "unknown successor": (
        ORG,
        'successor_id = "A12"',
        'successor_id = "A99"',
        ["office_changes[2018-06-01].successor_id", "'A99'", "expected the id of an office"],
    ),
    "no successor": (
        ORG,
        'successor_id = "A12"\n',
        "",
        ["office_changes[2018-06-01].successor_id", "nothing", "'transferred'"],
    ),
    "unknown kind": (
        ORG,
        'kind = "staff_unit"',
        'kind = "unit"',
        ["offices[1].kind", "'unit'", "'staff_unit'"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_key_found_and_expected(tmp_path: Path, mistake: str) -> None:
    file, old, new, told = MISTAKES[mistake]
    found = problems(changed(tmp_path, (file, old, new)))
    line = next((line for line in found if line.startswith(f"{file} › {told[0]}")), None)
    assert line is not None, found
    for words in told:
        assert words in line
    assert len(found) == len(set(found)), "the same problem told twice"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        (MAIN, "[planning]", "[planning]\ncolour = 'red'"),  # unknown key
        (MAIN, "is_example = true\n", 'is_example = "ja"\n'),  # wrong type
        (MAIN, "horizon_months = 72", ""),  # missing key
        (MAIN, 'unit = "Punkte"', 'unit = "Punkte"\ncolour = "red"'),  # in the scale whose weights are wrong
        (MAIN, "weight = 17", "weight = 16"),
        (MAIN, "PL = 3", "XX = 3"),
        (ORG, 'successor_id = "A12"', 'successor_id = "A99"'),
    )
    with pytest.raises(StrategyError, match=r"^7 problems in the strategy:") as caught:
        load_strategy(path)
    for key in (
        "strategy.toml › planning.colour",
        "strategy.toml › strategy.is_example",
        "strategy.toml › planning.horizon_months",
        "strategy.toml › impact.criteria[1].colour",
        "strategy.toml › impact.criteria: weights sum to 99",
        "strategy.toml › phase_templates[small].phases[VS].effort_days",
        "offices.toml › office_changes[2018-06-01].successor_id",
    ):
        assert key in str(caught.value)


def test_one_problem_is_one_line(tmp_path: Path) -> None:
    found = problems(changed(tmp_path, (MAIN, "weight = 17", "weight = 16")))
    assert found == ["strategy.toml › impact.criteria: weights sum to 99, expected 100"]


def test_limits_that_are_equal_do_not_rise(tmp_path: Path) -> None:
    found = problems(changed(tmp_path, (MAIN, "upper_limit_eur = 250_000", "upper_limit_eur = 1_000_000")))
    assert len(found) == 1
    assert "rising limits" in found[0]


def test_an_office_may_return_under_its_id_after_a_gap(tmp_path: Path) -> None:
    again = (
        '\n[[offices]]\nid = "PIA"\nname = "Presseamt"\nkind = "office"\nvalid_to = 2016-12-31\n\n[[offices]]'
    )
    loaded = load_strategy(changed(tmp_path, (ORG, "\n[[offices]]", again)))
    assert sum(office.id == "PIA" for office in loaded.offices) == 2


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"none\.toml: no such file"):
        load_strategy(tmp_path / "none.toml")
    path = changed(tmp_path, (MAIN, "[planning]", "[planning"))
    with pytest.raises(StrategyError, match=r"strategy\.toml: not a TOML file"):
        load_strategy(path)
    path.write_bytes("title = 'für'".encode("cp1252"))
    with pytest.raises(StrategyError, match=r"strategy\.toml: not a TOML file"):
        load_strategy(path)


def test_the_organisation_may_stand_elsewhere(tmp_path: Path) -> None:
    path = changed(tmp_path)
    moved = (tmp_path / "offices.toml").rename(tmp_path / "organisation.toml")
    with pytest.raises(StrategyError, match=r"offices\.toml: no such file"):
        load_strategy(path)
    assert load_strategy(path, offices=moved).offices == load_strategy(DATA / MAIN).offices
