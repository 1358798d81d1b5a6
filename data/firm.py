"""In whose name statements go out: name, colour, address, contact and logo, in `firm.toml` in the store."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import typst

from data.toml_sections import expect_keys, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME: Final = "firm.toml"
_LOGO_TYPES: Final = (".svg", ".png", ".jpg", ".jpeg")
_LOGO_BYTES: Final = 2_000_000
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
#: WCAG 2: how much darker than white a colour must be for text to be read in it.
_CONTRAST: Final = 4.5
#: Where the curve of sRGB begins.
_LINEAR_BELOW: Final = 0.04045


class FirmError(Exception):
    """A firm file that can't be used; the message names the file, the key and what to write."""


@dataclass(frozen=True)
class Firm:
    """Who sends statements, as they present themselves.

    Attributes:
        name: the firm's name; empty where none is set.
        colour: its colour, as #RRGGBB, dark enough to be read on white.
        address: the lines under the name.
        contact: whom to ask, at the foot of every page.
        logo: an image file in the store, shown in place of the name.
    """

    name: str = ""
    colour: str = "#1F2430"
    address: tuple[str, ...] = ()
    contact: str = ""
    logo: Path | None = None


def firm(store: Path) -> Firm:
    """The firm of a store; a neutral one without a name where it has no firm file.

    Args:
        store: the store's folder.

    Raises:
        FirmError: the file can't be read, or breaks a rule.
    """
    path = store / FILE_NAME
    try:
        return _firm(store, tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Firm()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FirmError(f"{path}: it can't be read: {error}.") from error
    except ValueError as error:
        raise FirmError(f"{path}: {error}.") from error


def _firm(store: Path, keys: Mapping[str, Any]) -> Firm:
    expect_keys("the file", keys, required=("name",), optional=("colour", "address", "contact", "logo"))
    return Firm(
        name=text("name", keys["name"]),
        colour=_colour(keys.get("colour", Firm.colour)),
        address=texts("address", keys.get("address", [])),
        contact=text("contact", keys["contact"]) if "contact" in keys else "",
        logo=_logo(store, text("logo", keys["logo"])) if "logo" in keys else None,
    )


def _colour(value: Any) -> str:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ValueError(f'colour must be like "#0B5CAD", not {value!r}')
    contrast = 1.05 / (_luminance(value) + 0.05)
    if contrast < _CONTRAST:
        raise ValueError(
            f"colour {value} is too pale to be read on white ({contrast:.1f} : 1, it takes {_CONTRAST} : 1);"
            " write a darker one"
        )
    return value


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _logo(store: Path, name: str) -> Path:
    path = store / name
    if path.parent != store or path.suffix.lower() not in _LOGO_TYPES:
        raise ValueError(f"logo must be a file beside this one, {', '.join(_LOGO_TYPES)}, not {name!r}")
    if not path.is_file():
        raise ValueError(f"logo {name!r} is not there; put it beside this file")
    if path.stat().st_size > _LOGO_BYTES:
        raise ValueError(f"logo {name!r} is larger than {_LOGO_BYTES // 1_000_000} MB; write a smaller one")
    if problem := _problem(path, path.stat().st_mtime_ns):
        raise ValueError(f"logo {name!r} can't be drawn: {problem}")
    return path


@lru_cache(maxsize=8)
def _problem(logo: Path, _changed_at: int) -> str | None:
    """Why an image can't be drawn, if it can't."""
    try:
        typst.Compiler(b"#image(sys.inputs.logo)", root=logo.parent, sys_inputs={"logo": f"/{logo.name}"}).compile()
    except typst.TypstError as error:
        return error.message
    return None
