"""The command line: digistrat init | template | check | run | example."""

from __future__ import annotations

import datetime as dt
import re
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from digistrat import __version__

if TYPE_CHECKING:
    from digistrat.inventory.record import Inventory
    from digistrat.strategy import Strategy

app = typer.Typer(
    help="Turn what a city's offices report into a digital strategy that can be decided on and carried out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
SEED = 1

StrategyFile = Annotated[
    Path, typer.Option("--strategy", help="The strategy; offices.toml stands beside it.")
]


def _version(show: bool) -> None:
    if show:
        typer.echo(f"digistrat {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn what a city's offices report into a digital strategy that can be decided on and carried out."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; must not exist or be empty.")],
) -> None:
    """Make a working folder: notebooks, strategy, organisation and two rounds of example returns."""
    from digistrat.workspace import make_workspace

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        _stop(f"{folder} exists and is not empty; give a new folder")
    typer.echo(f"Making {folder} …")
    make_workspace(folder)
    typer.echo(f"Done. Next: cd {folder} && digistrat run")


@app.command()
def template(
    output: Annotated[Path, typer.Argument(help="The .xlsx to write.")] = Path("Erhebung.xlsx"),
    strategy: StrategyFile = Path("data/strategy.toml"),
    office: Annotated[str, typer.Option(help="Pre-fill the organisation: number, short name or name.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--all", help="Write one form per organisation into this folder instead.")
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option("--from", help="Pre-fill with the answers of this round, data/raw/2026-04-30."),
    ] = None,
    date: Annotated[
        str, typer.Option(help="Reporting date of the round that is asked for.", show_default="left open")
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Write the form as a workbook with drop-downs and hints, for offices to fill in."""
    from tqdm.auto import tqdm

    from digistrat.inventory.prefill import write_office_form

    loaded = _strategy(strategy)
    if last is not None and not (office or folder):
        _stop("--from pre-fills for an organisation: give --office or --all too")
    on = _date(date, "date")
    paths = _forms(loaded, on, folder, output, office)
    taken = [path for path in paths.values() if path.exists()]
    if taken and not overwrite:
        _stop(f"{taken[0]} exists, perhaps filled in; give another name, or --overwrite")
    inventory = _inventory(last, loaded, progress=True) if last else None
    if folder:
        folder.mkdir(exist_ok=True)
    for name, path in tqdm(paths.items(), desc="forms", unit="file", disable=folder is None):
        left_out = write_office_form(loaded, path, office_id=name, on=on, last=inventory).left_out
        if len(left_out):
            tqdm.write(f"{path}: {len(left_out)} cells of the last return have no place in the form")
    typer.echo(f"Wrote {len(paths)} forms to {folder}" if folder else f"Wrote {output}")


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="A round of returns, such as data/raw/2026-04-30.")],
    strategy: StrategyFile = Path("data/strategy.toml"),
    csv: Annotated[Path | None, typer.Option(help="Also write the findings as a CSV file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    feedback: Annotated[
        Path | None,
        typer.Option(help="New folder: gets every return back with its findings, and mail texts."),
    ] = None,
    marked: Annotated[
        bool,
        typer.Option("--marked", help="With --feedback: also a copy with the cells marked, where possible."),
    ] = False,
    reply_by: Annotated[
        str,
        typer.Option("--reply-by", help="With --feedback: the day until which an answer is asked for."),
    ] = "",
) -> None:
    """Read a round and list what is wrong or doubtful, with file, sheet and cell.

    Exit status: 0 without errors, 1 with errors, 2 when the round cannot be read at all.
    """
    if marked and feedback is None:
        _stop("--marked needs --feedback, the folder that gets the copies")
    if reply_by and feedback is None:
        _stop("--reply-by needs --feedback, the folder that gets the texts in which it stands")
    day = _date(reply_by, "reply-by")
    inventory = _inventory(folder, _strategy(strategy), progress=True)
    findings = inventory.findings
    for file, group in findings.groupby("file", sort=True):
        typer.secho(str(file), bold=True)
        for row in group.itertuples():
            place = " ".join(part for part in (str(row.sheet), str(row.cell)) if part)
            typer.echo(f"  {row.severity:<8} {place:<24} {row.code}: {row.message} {row.hint}")
    counts = findings["severity"].value_counts()
    numbers = {name: int(counts.get(name, 0)) for name in ("error", "warning", "info")}
    typer.echo(
        f"{len(inventory.files)} returns, {len(inventory.projects)} projects: {numbers['error']} errors, "
        f"{numbers['warning']} warnings, {numbers['info']} infos"
    )
    if csv is not None:
        from digistrat.reporting.figures import write_table

        write_table(findings, csv, language=inventory.strategy.language)
        typer.echo(f"Wrote {csv}")
    if feedback is not None:
        _feedback(folder, inventory, feedback, marked=marked, reply_by=day)
    if numbers["error"] or (strict and numbers["warning"]):
        raise typer.Exit(1)


@app.command()
def run(
    round: Annotated[
        str,
        typer.Option(help="Reporting date of the round, a folder below --raw.", show_default="the latest"),
    ] = "",
    raw: Annotated[Path, typer.Option(help="Holds one folder per round.")] = Path("data/raw"),
    strategy: StrategyFile = Path("data/strategy.toml"),
    output: Annotated[Path, typer.Option(help="Gets one folder per round.")] = Path("data/processed"),
    notebooks: Annotated[Path, typer.Option(help="The notebooks to execute.")] = Path("notebooks"),
    language: Annotated[
        str, typer.Option(help="de or en: what reviewers read.", show_default="the strategy's")
    ] = "",
    jobs: Annotated[int, typer.Option(help="How many notebooks at a time.", min=1, max=5)] = 2,
) -> None:
    """Execute the notebooks on a round and write charts, tables, workbooks, the plan's files and the page.

    An interrupted or failed run leaves the previous results whole.
    """
    from digistrat.reporting.export import replaced_folder
    from digistrat.reporting.notebooks import NotebookError, execute_notebooks, list_notebooks
    from digistrat.reporting.provenance import write_run_record

    if find_spec("nbclient") is None:
        _stop("digistrat run needs the extra 'notebooks': pip install 'digistrat[notebooks]'")
    started = time.time()
    loaded = _strategy(strategy, language)
    source = _round(raw, round)
    _require_returns(source)
    try:
        paths = list_notebooks(notebooks)
    except ValueError as error:
        _stop(str(error))
    target = output / source.name
    try:
        with replaced_folder(target) as partial:
            parameters = {
                "round": str(source.resolve()),
                "strategy": str(strategy.resolve()),
                "output": str(partial),
                "language": loaded.language,
            }
            execute_notebooks(paths, parameters, jobs=jobs, progress=True)
            inventory = _inventory(source, _strategy(strategy, parameters["language"]))
            write_run_record(partial, inventory, notebooks=paths, started=started, seed=SEED)
    except NotebookError as error:
        _stop(f"{error}\nThe results in {target} are as they were.", status=1)
    except KeyboardInterrupt:
        _stop(f"Stopped. The results in {target} are as they were.", status=130)
    typer.echo(f"Done in {time.time() - started:.0f} s. Open {target / 'index.html'}")


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Gets one folder per round.")] = Path("data/raw"),
    strategy: StrategyFile = Path("data/strategy.toml"),
    offices: Annotated[int, typer.Option(help="How many organisations return.", min=1)] = 43,
    seed: Annotated[int, typer.Option(help="Another seed gives other figures.")] = SEED,
    clean: Annotated[bool, typer.Option("--clean", help="Without planted faults.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace rounds that exist.")] = False,
) -> None:
    """Write two rounds of invented returns, filled in as people do."""
    from digistrat.example import ROUNDS, generate

    taken = [f"{date}" for date in ROUNDS if (folder / f"{date}").exists()]
    if taken and not overwrite:
        _stop(f"{folder / taken[0]} exists; give another folder, or --overwrite")
    planted = generate(folder, _strategy(strategy), offices=offices, seed=seed, faults=not clean)
    for name, faults in planted.items():
        typer.echo(
            f"{folder / name}: {len(list((folder / name).iterdir()))} returns, {len(faults)} planted faults"
        )


def _feedback(
    folder: Path, inventory: Inventory, target: Path, *, marked: bool, reply_by: dt.date | None
) -> None:
    from digistrat.intake.feedback import feedback_of_round
    from digistrat.inventory.record import standard_form

    try:
        written = feedback_of_round(
            folder,
            inventory.findings,
            inventory.files,
            target,
            organisations={str(key): str(name) for key, name in inventory.offices["name"].items()},
            language=inventory.strategy.language,
            limits=standard_form(inventory.strategy).limits,
            marked=marked,
            reply_by=reply_by,
            progress=True,
        )
    except (ValueError, OSError) as error:
        _stop(str(error))
    for row in written[written["lost"] != ""].itertuples():
        typer.echo(f"{row.file}: no marked copy: {row.lost}")
    typer.echo(f"Wrote feedback on {len(written)} returns to {target}")


def _strategy(path: Path, language: str = "") -> Strategy:
    from digistrat.strategy import StrategyError, load_strategy

    try:
        return load_strategy(path, language=language or None)
    except (StrategyError, ValueError) as error:
        _stop(str(error))


def _inventory(folder: Path, strategy: Strategy, *, progress: bool = False) -> Inventory:
    from digistrat.inventory.reading import read_inventory

    if not folder.is_dir():
        _stop(f"{folder} is no folder; give a round of returns, such as data/raw/2026-04-30")
    _require_returns(folder)
    try:
        return read_inventory(folder, strategy, progress=progress)
    except ValueError as error:
        _stop(str(error))


def _require_returns(folder: Path) -> None:
    from digistrat.intake.returns import list_returns

    if not list_returns(folder)[1]:
        _stop(f"{folder} holds no return, that is no workbook or csv")


def _forms(
    strategy: Strategy, on: dt.date | None, folder: Path | None, output: Path, office: str
) -> dict[str, Path]:
    """Return which form goes where: organisation ("" for none) to file."""
    from digistrat.inventory.offices import OfficeNames, offices_at

    day = on or strategy.planning.start_date
    target = folder or output
    if not target.parent.is_dir():
        _stop(f"{target.parent} is no folder; make it first")
    if folder is not None:
        return {name: folder / f"{name}.xlsx" for name in offices_at(strategy, day).index}
    if output.suffix.lower() != ".xlsx":
        _stop(f"output must end in .xlsx, not {output.name!r}")
    if not office:
        return {"": output}
    found = OfficeNames(strategy, day).resolve(office)
    if not found.office_id:
        _stop(f"office must be in {strategy.offices_file}, not {office!r}")
    return {found.office_id: output}


def _date(text: str, option: str) -> dt.date | None:
    """Read a day as people write it here, 31.10.2026, or 2026-10-31; None where none is given."""
    german = re.fullmatch(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})", text.strip())
    written = "{2}-{1:0>2}-{0:0>2}".format(*german.groups()) if german else text.strip()
    try:
        return dt.date.fromisoformat(written) if text else None
    except ValueError:
        _stop(f"{option} must be a date such as 31.10.2026 or 2026-10-31, not {text!r}")


def _round(raw: Path, name: str) -> Path:
    """Return the folder of a round; the latest by date where none is named."""
    rounds = sorted(path.name for path in raw.glob("[0-9]*-[0-9]*-[0-9]*") if path.is_dir())
    if not rounds:
        _stop(f"{raw} holds no round, that is no folder such as 2026-04-30")
    if name and name not in rounds:
        _stop(f"round must be one of {', '.join(rounds)} in {raw}, not {name!r}")
    return raw / (name or rounds[-1])


def _stop(message: str, *, status: int = 2) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(status)


if __name__ == "__main__":
    app()
