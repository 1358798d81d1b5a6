"""In whose name statements go out: firm.toml is taken as it is, or refused with the key and what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from data.firm import Firm, FirmError, firm

if TYPE_CHECKING:
    from pathlib import Path

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10"><rect width="40" height="10" fill="#0B5CAD"/></svg>'
)


def write(store: Path, text: str) -> Path:
    (store / "firm.toml").write_text(text, encoding="utf-8")
    return store


def test_without_a_file_the_firm_has_no_name(tmp_path: Path) -> None:
    assert firm(tmp_path) == Firm()
    assert firm(tmp_path).name == ""


def test_everything_a_firm_can_say(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG)
    write(
        tmp_path,
        'name = "Harbour & Pine"\ncolour = "#0B5CAD"\naddress = ["12 Quay Street", "Portland"]\n'
        'contact = "csm@example.com"\nlogo = "logo.svg"\n',
    )
    assert firm(tmp_path) == Firm(
        "Harbour & Pine", "#0B5CAD", ("12 Quay Street", "Portland"), "csm@example.com", tmp_path / "logo.svg"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('colour = "#0B5CAD"', "the file lacks name"),
        ('name = ""', "name must be a text"),
        ('name = "A"\ncolor = "#0B5CAD"', "the file has unknown key color"),
        ('name = "A"\ncolour = "blue"', "colour must be like"),
        ('name = "A"\ncolour = "#FFD700"', r"colour #FFD700 is too pale to be read on white \(1\.4 : 1"),
        ('name = "A"\naddress = "12 Quay Street"', "address must be a list of texts"),
        ('name = "A"\nlogo = "../logo.svg"', "logo must be a file beside this one"),
        ('name = "A"\nlogo = "logo.gif"', "logo must be a file beside this one"),
        ('name = "A"\nlogo = "missing.svg"', "logo 'missing.svg' is not there"),
        ('name = "A"\nlogo = "broken.png"', r"logo 'broken\.png' can't be drawn"),
        ("name = ", "it can't be read"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_with_the_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(FirmError, match=rf"firm\.toml: .*{said}"):
        firm(write(tmp_path, text))


def test_a_logo_of_any_size_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(bytes(2_000_001))
    with pytest.raises(FirmError, match="larger than 2 MB"):
        firm(write(tmp_path, 'name = "A"\nlogo = "logo.png"'))
