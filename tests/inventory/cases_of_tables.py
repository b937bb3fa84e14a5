"""For each check a round in which it speaks, and one in which it almost does: the other tables."""

from __future__ import annotations

from check_rows import (
    DAY,
    LONG,
    SUMMER,
    Case,
    assigned,
    costs,
    cover,
    effect,
    effort,
    efforts,
    impact,
    maturity,
    of_criteria,
    outward,
    phase,
    projects,
    rated,
    rating,
    readiness,
    service,
    services,
    told,
)

from inventories import cost, post, project

STAFF = (
    Case(
        "effort-without-position",
        efforts(
            effort("PL", 5.0),
            effort("EN", 5.0),
            effort("EN", 5.0, phase_id="UM"),
            positions=[post("S1", "PL"), post("S2", "EN", end_date=DAY(2026, 4, 29)), post("S3", "EN", 0.0)],
        ),
        ("efforts.effort_days@3",),
        efforts(
            effort("PL", 5.0),
            effort("EN", 0.0),
            positions=[post("S1", "PL", start_date=SUMMER), post("S2", "PL", end_date=DAY(2020, 1, 1))],
        ),
    ),
    Case(
        "effort-not-plausible",
        efforts(
            effort("PL", 401.0), effort("EN", 2001.0, phase_id="UM"), phases=[phase(duration_months=2.0)]
        ),
        ("efforts.effort_days@2", "efforts.effort_days@3"),
        efforts(
            effort("PL", 400.0),
            effort("EN", 2000.0, phase_id="UM"),
            effort("PL", 200.0, phase_id="BE"),
            phases=[phase(duration_months=2.0), phase(phase_id="BE", duration_months=0.0)],
        ),
    ),
    Case(
        "fte-not-plausible",
        {"positions": [post("S1", "PL"), post("S2", "PL", 39.0)]},
        ("positions.fte@3",),
        {"positions": [post("S1", "PL", 10.0)]},
    ),
    Case(
        "position-of-several",
        {"positions": [post("S1", "PL", 1.5)]},
        ("positions.fte@2",),
        {"positions": [post("S1", "PL", 1.0), post("S2", "PL", 39.0), post("S3", "PL", None)]},
    ),
    Case(
        "position-without-time",
        {"positions": [post("S1", "PL", 0.0)]},
        ("positions.fte@2",),
        {"positions": [post("S1", "PL", 0.1), post("S2", "PL", None)]},
    ),
    Case(
        "position-ended",
        {"positions": [post("S1", "PL", end_date=DAY(2026, 4, 29))]},
        ("positions.end_date@2",),
        {"positions": [post("S1", "PL", end_date=DAY(2026, 4, 30))]},
    ),
)

SERVICES = (
    Case(
        "service-without-model",
        services(service("a", level=2.0, model="ozg-2.0"), service("b", level=2.0), service("c", level=1.0)),
        ("services.model@3",),
        services(service("a", level=2.0, model="ozg-2.0"), service("b")),
    ),
    Case(
        "level-not-in-model",
        services(
            service("a", level=5.0, target_level=6.0, model="ozg-1.1"),
            service("b", level=2.5, model="ozg-2.0"),
            service("c", target_level=5.0, model="ozg-1.1"),
        ),
        ("services.level@2", "services.level@3", "services.target_level@4"),
        services(
            service("a", level=4.0, model="ozg-1.1"),
            service("b", level=7.0, model="ozg-2.0"),
            service("c", level=9.0),
        ),
    ),
    Case(
        "model-not-in-force",  # ozg-1.1 ended on 30 June 2025
        services(
            service("a", level=2.0, model="ozg-2.0"),
            service("b", model="ozg-1.1"),
            service("c", level=2.0, model="ozg-1.1"),
            service("d", level=1.0, model="ozg-1.1"),
        ),
        ("services.model@4",),
        services(
            service("a", level=2.0, model="ozg-2.0"), service("b", model="ozg-1.1"), service("c", level=1.0)
        ),
    ),
    Case(
        "level-of-criteria-differs",
        of_criteria(
            service("a", level=3.0, model="ozg-1.1"),  # the lowest is 2
            service("b", level=1.0, model="ozg-1.1"),  # the lowest is 2
            service("c", level=3.0, model="ozg-1.1"),  # at most 2
            service("d", level=3.0, model="ozg-1.1"),  # 2, for the third does not apply
            a=(2, 4, 3),
            b=(2, 4, 3),
            c=(2, None, None),
            d=(2, 4, "n/a"),
        ),
        tuple(f"services.level@{row}" for row in (2, 3, 4, 5)),
        of_criteria(
            service("a", level=2.0, model="ozg-1.1"),
            service("b", level=1.0, model="ozg-1.1"),  # the missing one may be 1
            service("c", level=2.0, model="ozg-1.1"),  # nothing rated
            service("d", level=9.0, model="ozg-1.1"),  # no level at all, and said as such
            service("e", model="ozg-1.1"),
            service("f", level=3.0, model="ozg-2.0"),  # has no criteria
            a=(2, 4, 3),
            b=(2, 4, None),
            c=(None, None, None),
            d=(2, 4, 3),
            e=(2, 4, 3),
            f=(2, 4, 3),
        ),
    ),
    Case(
        "target-below-level",
        {**services(service("a", level=3.0, target_level=2.0)), **maturity(3.0, target_level=2.0)},
        ("services.target_level@2", "maturity_ratings.target_level@2"),
        {**services(service("a", level=3.0, target_level=3.0)), **maturity(None, target_level=2.0)},
    ),
    Case(
        "target-below-level",
        maturity(3.5, level_lower=3.0, level_upper=4.0, target_level=2.5, target_level_upper=2.9),
        ("maturity_ratings.target_level@2",),
        maturity(3.5, level_lower=3.0, level_upper=4.0, target_level=3.0),  # it may be 3
    ),
    Case(
        "services-without-cases",
        services(*(service(f"s{number}") for number in range(5))),
        ("services.n_cases_yearly@2",),
        services(*(service(f"s{number}") for number in range(4)), service("s5", n_cases_yearly=0)),
    ),
    Case(
        "online-without-cases",
        services(service("a", level=2.0, model="ozg-2.0", n_cases_yearly=0)),
        ("services.n_cases_yearly@2",),
        services(
            service("a", level=1.0, model="ozg-2.0", n_cases_yearly=0),
            service("b", level=2.0, model="ozg-2.0"),
        ),
    ),
    Case(
        "existing-without-service",
        assigned(outward("a", title="Online-Antrag Bewohnerparkausweis (neu)"), name="Bewohnerparkausweis"),
        ("projects.title@2",),
        {
            **assigned(
                outward("a", title="Online-Antrag Bewohnerparkausweis"),
                outward("b", title="Bewohnerparkausweisdruck"),
                project("c", title="Antrag Bewohnerparkausweis"),
                project("d", "existing", title="Bewohnerparkausweis", target_group=("internal",)),
                outward("e", title="Bewohnerparkausweis", office_id="A2"),
                to="a",
                name="Bewohnerparkausweis",
            )
        },
    ),
    Case(
        "projects-never-assigned",
        assigned(outward("a"), outward("b"), outward("c")),
        ("projects.title@2",),
        assigned(outward("a"), outward("b"), outward("c"), to="c"),
    ),
)

ANSWERS = (
    Case(
        "rated-twice",
        {
            "projects": [project("a")],
            "impact_ratings": rated("impact_ratings", "aa", [1.0, 2.0, 1.0, 3.0], ["K1", "K2"]),
            "maturity_ratings": [{"office_id": "A1", "indicator_id": "M1", "level": 1.0}] * 2,
        },
        ("impact_ratings.points@4", "impact_ratings.points@5", "maturity_ratings.level@3"),
        {
            "projects": [project("a")],
            "impact_ratings": [
                *rated("impact_ratings", "aa", [1.0, None], ["K1"]),
                *({**row, "rated_by": "unit"} for row in rated("impact_ratings", "a", [2.0], ["K1"])),
            ],
        },
    ),
    Case(
        "outside-criterion",  # K6 runs from 0 to 5, K1 from 0 to 10
        {
            "impact_ratings": [rating("a", 6.0, criterion_id="K6"), rating("a", -1.0)],
            **maturity(2.0, 4.5, target_level=5.0),  # the first is of no indicator
        },
        (
            "impact_ratings.points@2",
            "impact_ratings.points@3",
            "maturity_ratings.level@3",
            "maturity_ratings.target_level@3",
        ),
        {
            "impact_ratings": [
                rating("a", 5.0, criterion_id="K6"),
                rating("a", 10.0),
                rating("a", 99.0, criterion_id="K9"),
            ],
            **maturity(None, 4.0, target_level=None),
        },
    ),
    Case(
        "not-a-yes-no",  # R1 is fulfilled (1) or not (0)
        {"readiness_ratings": rated("readiness_ratings", "ab", [0.5, 1.0], ["R1"])},
        ("readiness_ratings.level@2",),
        {
            "readiness_ratings": rated("readiness_ratings", "ab", [0.0, 2.0], ["R1"]),  # 2: said otherwise
            **maturity(None, 2.0),
        },
    ),
    Case(
        "ratings-differ",
        {
            "impact_ratings": [
                rating("a", 9.0),
                rating("a", 6.0, "unit", reason="Mit anderen verglichen"),
                rating("b", 2.0),
                rating("b", 6.0, "group"),
                rating("b", 3.0, "unit"),  # counts before the group's
                rating("c", 5.0, "group"),
                rating("c", 2.0),
            ],
        },
        ("impact_ratings.points@2", "impact_ratings.points@8"),
        {
            "impact_ratings": [
                rating("a", 9.0),
                rating("a", 6.5, "unit"),
                rating("b", None),
                rating("b", 9.0, "unit"),
                rating("c", 9.0, "unit"),
                rating("c", 2.0, "group"),
                rating("d", 2.0),
                rating("d", 9.0),  # said otherwise
                rating("e", 1.0),
                rating("e", 9.0, "unit", criterion_id="K6"),
            ],
        },
    ),
    Case(
        "level-without-evidence",
        {**maturity(None, 3.0, 4.0, 2.5), "files": {"maturity_ratings": "xxxy"}},
        ("maturity_ratings.level@3", "maturity_ratings.level@5"),
        {
            "maturity_ratings": [
                {"office_id": "A1", "indicator_id": "M1", "level": 2.0},
                {"office_id": "A1", "indicator_id": "M2", "level": 4.0, "evidence": "Bericht"},
                {"office_id": "A1", "indicator_id": "M9", "level": 4.0},  # asked by nobody
            ]
        },
    ),
    Case(
        "projects-rated-alike",
        impact("abc", *(5.0,) * 15),
        ("impact_ratings.points@2",),
        impact("abc", *(5.0,) * 14, 6.0),
    ),
    Case(
        "projects-rated-alike",
        {  # who moderates others rates its own alike
            "projects": [project(name) for name in "abcd"],
            "impact_ratings": [
                rating("d", 7.0, "unit"),
                *rated("impact_ratings", "abc", [5.0] * 15),
            ],
        },
        ("impact_ratings.points@3",),
        impact("abc", *(5.0,) * 14, None),
    ),
    Case(
        "projects-rated-alike",
        readiness("abc", *(2.0,) * 15),
        ("readiness_ratings.level@2",),
        readiness("abc", *(0.0,) * 15),
    ),
    Case(
        "projects-rated-alike",
        impact("abcd", *(0.0,) * 15, *(None,) * 5),
        ("impact_ratings.points@2",),
        impact("ab", *(5.0,) * 10),
    ),
    Case(
        "maturity-all-alike",
        maturity(None, *(2.0,) * 8),
        ("maturity_ratings.level@3",),
        maturity(*(2.0,) * 7, None),
    ),
    Case(
        "maturity-all-alike", maturity(*(0.0,) * 8), ("maturity_ratings.level@2",), maturity(*(2.0,) * 8, 3.0)
    ),
)

COPIES = (
    Case(
        "duplicate-project",
        projects(project("a", title="E-Akte"), project("b", title="e-akte ", office_id="A2")),
        ("projects.title@3",),
        projects(project("a", title="E-Akte"), project("b", title="E-Akte 2")),
    ),
    Case(
        "copied-project",
        projects(project("a", **told("wie oben")), project("b", **told("wie oben"))),
        ("projects.title@3",),
        projects(
            project("a", **told("wie oben")),
            project("b", **told("wie oben", end_date=DAY(2027, 10, 31))),
            project("c", **told("wie oben"), office_id="A2"),
            project("d"),
            project("e"),
        ),
    ),
    Case(
        "copied-project",
        projects(project("a", **told("x", goal_ids=("G1",))), project("b", **told("x", goal_ids=("G1",)))),
        ("projects.title@3",),
        projects(
            project("a", **told("wie oben", title="Eins")),
            project("b", **told("wie oben", title="eins")),  # said otherwise
        ),
    ),
    Case(
        "copied-description",
        projects(project("a", description=LONG), project("b", description=LONG)),
        ("projects.description@3",),
        projects(
            project("a", **told(LONG)),
            project("b", **told(LONG)),  # said otherwise
            project("c", description=LONG[:99]),
            project("d", description=LONG[:99]),
        ),
    ),
    Case(
        "copied-ratings",
        impact(
            "ab", *(1.0, 2.0, 3.0, 4.0, 5.0) * 2, project_costs=[cost("a", 2027, 7.0), cost("b", 2027, 7.0)]
        ),
        ("impact_ratings.points@7",),
        impact(
            "ab", *(1.0, 2.0, 3.0, 4.0, 5.0) * 2, project_costs=[cost("a", 2027, 7.0), cost("b", 2028, 7.0)]
        ),
    ),
    Case(
        "copied-ratings",
        impact(
            "ba", *(1.0, 2.0, 3.0, 4.0, 5.0) * 2, project_costs=[cost("a", 2027, 7.0), cost("b", 2027, 7.0)]
        ),
        ("impact_ratings.points@7",),
        impact(
            "ab", *(1.0, 2.0, 3.0, 4.0, None) * 2, project_costs=[cost("a", 2027, 7.0), cost("b", 2027, 7.0)]
        ),
    ),
    Case(
        "copied-ratings",
        impact(
            "ab", *(1.0, 2.0, 3.0, 4.0, 5.0) * 2, project_costs=[cost("a", 2027, 7.0), cost("b", 2027, 7.0)]
        ),
        ("impact_ratings.points@7",),
        {  # moderated alike
            **impact("", project_costs=[cost("a", 2027, 7.0), cost("b", 2027, 7.0)]),
            "impact_ratings": [
                row | {"rated_by": "unit"}
                for row in rated("impact_ratings", "ab", (1.0, 2.0, 3.0, 4.0, 5.0) * 2)
            ],
        },
    ),
    Case(
        "row-twice",
        {
            **costs(cost("a", 2027, 7.0), cost("b", 2027, 7.0), cost("a", 2027, 7.0)),
            "project_effects": [effect("a", 2027, 5.0), effect("a", 2027, 5.0)],
            "efforts": [effort("PL", 5.0), effort("PL", 5.0)],
        },
        ("project_costs.amount_eur@4", "project_effects.amount_eur@3", "efforts.effort_days@3"),
        {
            **costs(
                cost("a", 2027, 7.0),
                cost("a", 2027, 7.0, "consumptive"),
                cost("a", 2028, 7.0),
                cost("a", 2027, 8.0),
            ),
            "project_effects": [effect("a", 2027, 5.0), effect("a", 2027, 5.0, "revenue")],
            "efforts": [effort("PL", 0.0), effort("PL", 0.0), *[effort("PL", 5.0, phase_id=None)] * 2],
        },
    ),
    Case(
        "report-date-differs",
        {"returns": [cover("A1", DAY(2026, 3, 29)), cover("A2", DAY(2026, 6, 1))]},
        ("returns.report_date@2", "returns.report_date@3"),
        {"returns": [cover("A1", DAY(2026, 3, 30)), cover("A2", DAY(2026, 5, 31)), {"office_id": "A1"}]},
    ),
    Case(
        "returned-twice",
        {
            "returns": [cover("A1", DAY(2026, 4, 30))] * 2,
            **projects(project("a"), project("b")),
            "files": {"returns": "xy", "projects": "xy"},
        },
        ("returns.reported_office@3",),
        {
            "returns": [*[cover("A1", DAY(2026, 4, 30))] * 2, cover("A2", DAY(2026, 4, 30)), {}],
            **projects(project("a"), project("b"), project("c"), project("d")),
            "services": [service("s0")],
            "files": {"returns": "xyzw", "projects": "xxzw", "services": "y"},
        },
    ),
    Case(
        "returned-twice",
        {
            "returns": [cover("A1", DAY(2026, 4, 30))] * 2,
            "impact_ratings": [rating("a", 5.0), rating("b", 5.0)],
            "files": {"returns": "xy", "impact_ratings": "xy"},
        },
        ("returns.reported_office@3",),
        {  # what it moderates comes in a file of its own
            "returns": [cover("A1", DAY(2026, 4, 30))] * 2,
            "impact_ratings": [rating("a", 5.0), rating("b", 5.0, "unit")],
            "files": {"returns": "xy", "impact_ratings": "xy"},
        },
    ),
)

CASES = (*STAFF, *SERVICES, *ANSWERS, *COPIES)
