"""For each check a round in which it speaks, and one in which it almost does: projects."""

from __future__ import annotations

from check_rows import (
    AUTUMN,
    DAY,
    SPRING,
    SUMMER,
    Case,
    costs,
    effect,
    effort,
    impact,
    links,
    phase,
    phases,
    projects,
    rated,
    rating,
    recurring,
    service,
    spread,
)

from inventories import cost, link, post, project

DATES = (
    Case(
        "end-before-start",
        projects(project("a"), project("b", start_date=SUMMER, end_date=SPRING)),
        ("projects.end_date@3",),
        projects(project("a", start_date=SUMMER, end_date=SUMMER), project("b", end_date=SPRING)),
    ),
    Case(
        "phase-end-before-start",
        phases(
            phase(start_date=SUMMER, end_date=SPRING, actual_start_date=SUMMER, actual_end_date=SPRING),
            phase(phase_id="UM", actual_start_date=DAY(2026, 3, 1), actual_end_date=DAY(2026, 2, 1)),
        ),
        ("phases.end_date@2", "phases.actual_end_date@3"),
        phases(phase(start_date=SPRING, end_date=SPRING, actual_start_date=SUMMER)),
    ),
    Case(
        "position-end-before-start",
        {"positions": [post("S1", "PL", start_date=SUMMER, end_date=SPRING)]},
        ("positions.end_date@2",),
        {"positions": [post("S1", "PL", start_date=SUMMER), post("S2", "PL", end_date=SPRING)]},
    ),
    Case(
        "funding-before-start",
        projects(project("a", start_date=SUMMER, funding_until_date=SPRING)),
        ("projects.funding_until_date@2",),
        projects(project("a", start_date=SUMMER, end_date=AUTUMN, funding_until_date=SUMMER)),
    ),
    Case(
        "due-before-start",
        projects(project("a", start_date=SUMMER, due_date=SPRING)),
        ("projects.due_date@2",),
        projects(project("a", start_date=SUMMER, due_date=SUMMER)),
    ),
    Case(
        "end-after-due",
        projects(
            project("a", start_date=SPRING, end_date=AUTUMN, due_date=SUMMER),
            project("b", start_date=AUTUMN, end_date=DAY(2028, 1, 1), due_date=SUMMER),  # said otherwise
        ),
        ("projects.end_date@2",),
        projects(
            project("a", end_date=SUMMER, due_date=SUMMER),
            project("b", "existing", end_date=DAY(2025, 7, 1), due_date=DAY(2025, 1, 1)),
        ),
    ),
    Case(
        "due-before-release",
        projects(project("a", release_date=SUMMER, due_date=SPRING)),
        ("projects.release_date@2",),
        projects(project("a", release_date=SPRING, due_date=SPRING)),
    ),
    Case(
        "start-before-release",
        projects(project("a", start_date=SPRING, release_date=SUMMER)),
        ("projects.start_date@2",),
        projects(project("a", start_date=SUMMER, release_date=SUMMER)),
    ),
    Case(
        "status-date-mismatch",
        projects(project("a", "existing", start_date=DAY(2026, 5, 1))),
        ("projects.start_date@2",),
        projects(
            project("a", "existing", start_date=DAY(2026, 4, 30)), project("b", start_date=DAY(2026, 5, 1))
        ),
    ),
    Case(
        "possible-but-begun",
        projects(project("a", start_date=DAY(2026, 4, 29))),
        ("projects.start_date@2",),
        projects(
            project("a", start_date=DAY(2026, 4, 30)),
            project("b", "in_preparation", start_date=DAY(2026, 4, 29)),
            project("c", start_date=DAY(2026, 4, 29), end_date=DAY(2026, 4, 1)),  # said otherwise
        ),
    ),
    Case(
        "preparation-ended",
        projects(project("a", "in_preparation", end_date=DAY(2026, 4, 29))),
        ("projects.end_date@2",),
        projects(
            project("a", "in_preparation", end_date=DAY(2026, 4, 30)),
            project("b", "existing", end_date=DAY(2026, 4, 29)),
        ),
    ),
    Case(
        "discontinued-goes-on",
        projects(project("a", "discontinued", end_date=DAY(2026, 5, 1))),
        ("projects.end_date@2",),
        projects(project("a", "discontinued", start_date=SUMMER, end_date=DAY(2026, 4, 30))),
    ),
    Case(
        "actual-date-ahead",
        phases(
            phase(actual_start_date=DAY(2026, 5, 1), actual_end_date=DAY(2026, 6, 1)),
            phase(phase_id="UM", actual_end_date=DAY(2026, 5, 1)),
        ),
        ("phases.actual_start_date@2", "phases.actual_end_date@3"),
        phases(phase(actual_start_date=DAY(2026, 4, 1), actual_end_date=DAY(2026, 4, 30), end_date=SUMMER)),
    ),
    Case(
        "date-not-plausible",
        {
            **phases(phase(start_date=DAY(1917, 1, 1), end_date=DAY(2917, 1, 1))),
            **projects(project("a", due_date=DAY(2057, 1, 1))),
        },
        ("projects.due_date@2", "phases.start_date@2"),
        {
            **projects(project("a", "existing", start_date=DAY(1970, 1, 1), due_date=DAY(2056, 12, 31))),
            "positions": [post("S1", "PL", end_date=DAY(9999, 12, 31))],  # means: open
        },
    ),
)

REFERENCES = (
    Case(
        "unknown-project",
        {
            "projects": [project("a")],
            "efforts": [effort("PL", 1), effort("PL", 1, project_id="x"), effort("EN", 1, project_id="x")],
            "dependencies": [link("a", "synergy", "x")],
        },
        ("efforts.project_id@3", "dependencies.other_id@2"),
        {
            "projects": [project("a")],
            "efforts": [effort("PL", 1)],
            "cooperations": [{"kind": "Beratung", "project_id": None}],
        },
    ),
    Case(
        "unknown-service",
        {
            "projects": [project("a")],
            "services": [service("s0")],
            "project_services": [{"project_id": "a", "service_id": key} for key in ("s0", "s1", "s1", None)],
        },
        ("project_services.service_id@3",),
        {"services": [service("s0")], "service_ratings": [{"service_id": "s0", "criterion_id": "C1"}]},
    ),
    Case(
        "dependency-cycle",
        links(
            link("a", "end_before_start", "b"),
            link("c", "start_before_start", "c"),
            link("b", "start_before_start", "a"),
        ),
        ("dependencies.other_id@3", "dependencies.other_id@4"),
        links(
            link("a", "end_before_start", "b"), link("b", "requires", "a"), link("a", "end_before_start", "c")
        ),
    ),
    Case(
        "dependency-on-itself",
        links(link("a", "synergy", "b"), link("a", "excludes", "a")),
        ("dependencies.other_id@3",),
        links(link("a", "end_before_start", "a"), link("a", "requires", "b")),  # the first is a circle
    ),
    Case(
        "dependency-contradiction",
        links(
            link("a", "excludes", "b"),
            link("b", "requires", "a"),
            link("b", "end_before_start", "c"),
            link("c", "excludes", "b"),
        ),
        ("dependencies.kind@3", "dependencies.kind@5"),
        links(link("a", "excludes", "b"), link("a", "requires", "c"), link("b", "synergy", "a")),
    ),
    Case(
        "depends-on-discontinued",
        links(link("a", "requires", "b"), link("a", "end_before_start", "b"), b="discontinued"),
        ("dependencies.other_id@2", "dependencies.other_id@3"),
        links(link("a", "excludes", "b"), link("b", "requires", "c"), b="discontinued"),
    ),
)

HONEST = (30_000, 45_000, 60_000, 80_000, 100_000, 150_000, 200_000, 400_000)
MONEY = (
    Case(
        "cost-outlier",
        {**spread(*HONEST, 90_000_000, 150)},
        ("project_costs.amount_eur@10", "project_costs.amount_eur@11"),
        spread(*HONEST, 8_000_000, 1_000),
    ),
    Case(
        "cost-outlier",
        spread(*HONEST[:7], 90_000_000),
        ("project_costs.amount_eur@9",),
        spread(*HONEST[:6], 90_000_000),
    ),
    Case(
        "amounts-in-thousands",
        {**spread(20, 35, 999, 80, 100, *HONEST), "files": {"project_costs": "tttttaaaaaaaa"}},
        ("project_costs.amount_eur@4",),
        {**spread(20, 35, 1_000, 80, 100, *HONEST), "files": {"project_costs": "tttttaaaaaaaa"}},
    ),
    Case(
        "cost-year-not-plausible",
        costs(cost("a", 2042, 1.0), cost("b", 2042, 1.0)),
        ("project_costs.year@2",),
        costs(cost("a", 2041, 1.0), cost("a", 2020, 1.0)),
    ),
    Case(
        "cost-outside-project",
        costs(
            cost("a", 2025, 9.0),
            cost("a", 2029, 9.0),
            cost("b", 2029, 9.0),
            start_date=SPRING,
            end_date=AUTUMN,
        ),
        ("project_costs.amount_eur@2",),
        costs(
            cost("a", 2026, 9.0),
            cost("a", 2028, 9.0),
            cost("a", 2029, 0.0),
            recurring("a", 2030, 9.0),
            start_date=SPRING,
            end_date=AUTUMN,
        ),
    ),
    Case(
        "cost-of-discontinued",
        costs(cost("a", 2026, 9.0), cost("a", 2027, 9.0), cost("a", 2028, 9.0), status="discontinued"),
        ("project_costs.amount_eur@3",),
        costs(cost("a", 2026, 9.0), cost("a", 2027, 0.0), cost("b", 2027, 9.0), status="discontinued"),
    ),
    Case(
        "recurring-in-one-year",
        costs(recurring("a", 2027, 9.0), cost("b", 2029, 9.0)),
        ("project_costs.amount_eur@2",),
        costs(
            recurring("a", 2027, 9.0),
            recurring("a", 2028, 0.0),
            cost("b", 2029, 9.0),
            recurring("b", 2029, 9.0),
        ),
    ),
    Case(
        "order-above-costs",
        costs(cost("a", 2027, 60.0), recurring("a", 2028, 40.0), order_value_net_eur=121.0),
        ("projects.order_value_net_eur@2",),
        costs(cost("a", 2027, 60.0), recurring("a", 2028, 40.0), order_value_net_eur=120.0),
    ),
    Case(
        "order-above-costs",
        costs(
            cost("a", 2027, 10.0, amount_eur_upper=20.0),
            order_value_net_eur=100.0,
            order_value_net_eur_lower=25.0,
        ),
        ("projects.order_value_net_eur@2",),
        costs(cost("a", 2027, 10.0), cost("a", 2028, None), order_value_net_eur=100.0),  # not all is known
    ),
    Case(
        "funding-above-costs",
        costs(cost("a", 2027, 100.0), funding_eur=101.0),
        ("projects.funding_eur@2",),
        costs(cost("a", 2027, 100.0), funding_eur=101.0, status="in_preparation"),  # part is spent
    ),
    Case(
        "funding-without-end",
        projects(project("a", funding_eur=1.0)),
        ("projects.funding_until_date@2",),
        projects(project("a", funding_eur=0.0), project("b", funding_eur=1.0, funding_until_date=SUMMER)),
    ),
    Case(
        "effects-without-costs",
        {
            "projects": [project("a", "existing"), project("b", "existing"), project("c")],
            "project_costs": [cost("c", 2027, 1.0)],
            "project_effects": [effect("a", 2027, 5.0), effect("a", 2028, 5.0), effect("b", 2027, 5.0)],
        },
        ("project_effects.project_id@2", "project_effects.project_id@4"),
        {
            "projects": [project(name, "existing") for name in "ade"]
            + [project("b"), project("c", "discontinued")],
            "project_costs": [cost("a", 2027, None), cost("d", 2027, 0.0)],
            # that b has no costs is said already, x is nobody's, and e is of an office without any costs
            "project_effects": [effect(name, 2027, 5.0) for name in "abcdxe"],
            "files": {"project_effects": "rrrrrs", "project_costs": "rr"},
        },
    ),
    Case(
        "effects-of-discontinued",
        {
            "projects": [project("a", "discontinued")],
            "project_effects": [effect("a", year, 5.0) for year in (2026, 2027, 2028)],
        },
        ("project_effects.amount_eur@3",),
        {
            "projects": [project("a", "discontinued"), project("b")],
            "project_effects": [effect("a", 2026, 5.0), effect("a", 2027, 0.0), effect("b", 2027, 5.0)],
        },
    ),
)

PROJECTS = (
    Case(
        "placeholder-title",
        projects(
            *(
                project(f"p{n}", title=t)
                for n, t in enumerate(["TEST", "Projekt 1", "xxx", "n. n.", "Maßnahme 12"])
            )
        ),
        tuple(f"projects.title@{row}" for row in range(2, 7)),
        projects(
            *(
                project(f"p{n}", title=t)
                for n, t in enumerate(["Testzentrum", "KI", "Projekt 1 Euro", "E-Akte 2"])
            )
        ),
    ),
    Case(
        "duty-without-basis",
        projects(project("a", mandate="legal")),
        ("projects.legal_basis@2",),
        projects(project("a", mandate="legal", legal_basis="OZG"), project("b", mandate="political")),
    ),
    Case(
        "basis-without-duty",
        projects(project("a", mandate="none", legal_basis="OZG"), project("b", legal_basis="OZG")),
        ("projects.mandate@2", "projects.mandate@3"),
        projects(project("a", mandate="operational", legal_basis="Kündigung"), project("b", mandate="none")),
    ),
    Case(
        "duties-without-due-date",
        projects(*(project(name, mandate="legal") for name in "abc")),
        ("projects.due_date@2",),
        projects(
            *(project(name, mandate="legal") for name in "ab"), project("c", "existing", mandate="legal")
        ),
    ),
    Case(
        "project-without-costs",
        {
            "projects": [project("a"), project("b", "in_preparation")],
            "project_costs": [cost("a", 2027, None)],
        },
        ("projects.project_id@3",),
        {
            "projects": [
                project("a"),
                project("b", "existing"),
                project("c", title="Zwei"),
                project("d", title="zwei"),
            ],
            "project_costs": [cost("a", 2027, 5.0)],
        },
    ),
    Case(
        "project-without-ratings",
        impact("abd", *(5.0,) * 10, *(None,) * 5),
        ("projects.project_id@4", "projects.project_id@5"),
        {
            "projects": [project("a"), project("b")],
            "impact_ratings": rated("impact_ratings", "ab", [None] * 10),
        },
    ),
    Case(
        "project-without-ratings",
        {
            "projects": [project("a"), project("b"), project("c")],
            "impact_ratings": [rating("a", 5.0), rating("b", 5.0, "unit")],
        },
        ("projects.project_id@4",),
        # who moderates others' projects need not have rated its own
        {"projects": [project("a"), project("b")], "impact_ratings": [rating("a", 5.0, "unit")]},
    ),
)

CASES = (*DATES, *REFERENCES, *MONEY, *PROJECTS)
