"""How the tests are shared out among the workers of pytest-xdist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

#: A folder whose files share what takes long to set up.
TOGETHER: Final = "tests/property"
#: What takes longest is begun first, so that in the end no worker is left alone with it.
FIRST: Final = (
    TOGETHER,
    "tests/load",
    "tests/dashboard/test_scope.py",
    "tests/queries/test_checks.py",
    "tests/queries/test_catalog.py",
    "tests/queries/test_scope.py",
    "tests/browser/test_track_record.py",
    "tests/browser/test_sign_in.py",
    "tests/browser/test_journeys.py",
)


#: A file of many short tests that share nothing: whichever worker is free takes the next.
APART: Final = "tests/browser/test_accessibility.py"


class ByFile(LoadScopeScheduling):
    """A file has its fixtures set up by one worker alone."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(APART):
            return nodeid
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    if nodeid.startswith(APART):
        return len(FIRST) + 1
    return next((at for at, name in enumerate(FIRST) if nodeid.startswith(name)), len(FIRST))
