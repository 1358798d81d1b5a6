"""Every page of the dashboard by name, with the link that opens it; a new file in dashboard/app_pages is one."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from dashboard.recognition.links import SECTIONS
from tests.browser.server import ROOT

#: The page that opens without a path.
_FIRST: Final = "portfolio"
#: What a page shows besides its first section; Scenario says nothing until there is one.
_SECTIONS: Final = {
    "recognition": SECTIONS[1:],
    "data": ("Snapshots", "Checks", "Dictionary"),
}
_SCENARIO: Final = "&scenario=all:remote"


def _pages() -> dict[str, str]:
    pages: dict[str, str] = {}
    for name in sorted(path.stem for path in (ROOT / "dashboard" / "app_pages").glob("[!_]*.py")):
        path = "" if name == _FIRST else name
        pages[name] = path
        for section in _SECTIONS.get(name, ()):
            link = f"{path}?view={quote(section)}{_SCENARIO if section == 'Scenario' else ''}"
            pages[f"{name}_{section.lower()}"] = link
    return pages


PAGES: Final = _pages()
#: The pages as they open: their other sections are made of the same pieces.
FIRST_SECTIONS: Final = {name: link for name, link in PAGES.items() if "view=" not in link}
