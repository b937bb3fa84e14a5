"""Fixtures for all rooms."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"


# A worker that takes one of these last keeps the others waiting: `make test` hands files out in this order.
LONG = ("test_notebooks", "test_recall_layout", "test_recall_rounds", "test_recall_cells", "test_lint")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first."""
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; skipped where it is absent, required in CI."""
    if not (SHARED / "data").is_dir():
        reason = (
            f"real data not found at {SHARED}: put the shared folder beside the checkout to run this test"
        )
        if os.environ.get("DIGISTRAT_REQUIRE_SHARED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, to see what a spreadsheet program makes of our files; required in CI."""
    found = shutil.which("soffice")
    if found is None:
        reason = "needs LibreOffice: install libreoffice-calc to run this test"
        if os.environ.get("DIGISTRAT_REQUIRE_SOFFICE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def java() -> str:
    """Java, to see what another program makes of our plans; required in CI."""
    found = shutil.which("java")
    if found is None:
        reason = "needs Java: install default-jre-headless to run this test"
        if os.environ.get("DIGISTRAT_REQUIRE_JAVA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Every test reads for itself, also in processes that it starts; the tests of the cache name a folder.
os.environ["DIGISTRAT_CACHE"] = "off"

# No timed tests: a loaded machine must not fail an example.
settings.register_profile("digistrat", deadline=None)
settings.load_profile("digistrat")
