"""Fixtures for all rooms."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"


# A worker that takes one of these last keeps the others waiting: `make test` hands files out in this order.
LONG = ("test_notebooks", "test_recall_layout", "test_recall_rounds", "test_recall_cells", "test_lint")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: item.path.stem not in LONG)


def _missing(reason: str, required: str) -> NoReturn:
    """Skip with a reason, or fail where CI requires what is missing."""
    if os.environ.get(required):
        pytest.fail(reason)
    pytest.skip(reason)


def _program(name: str, package: str, required: str) -> str:
    found = shutil.which(name)
    if found is None:
        _missing(f"needs {name}: install {package} to run this test", required)
    return found


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; skipped where it is absent, required in CI."""
    if not (SHARED / "data").is_dir():
        reason = (
            f"real data not found at {SHARED}: put the shared folder beside the checkout to run this test"
        )
        _missing(reason, "DIGISTRAT_REQUIRE_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, to see what a spreadsheet program makes of our files; required in CI."""
    return _program("soffice", "libreoffice-calc", "DIGISTRAT_REQUIRE_SOFFICE")


@pytest.fixture(scope="session")
def java() -> str:
    """Java, to see what another program makes of our plans; required in CI."""
    return _program("java", "default-jre-headless", "DIGISTRAT_REQUIRE_JAVA")


# Every test reads for itself, also in processes that it starts; the tests of the cache name a folder.
os.environ["DIGISTRAT_CACHE"] = "off"

# No timed tests: a loaded machine must not fail an example.
settings.register_profile("digistrat", deadline=None)
settings.load_profile("digistrat")
