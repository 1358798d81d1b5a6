"""The day a report speaks for, read from its file's name: the end of a fiscal quarter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from data.toml_sections import expect_keys, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

_FISCAL_YEAR: Final = re.compile(r"[12][0-9]{3}")


@dataclass(frozen=True)
class FileDate:
    """How a file's name gives its fiscal quarter."""

    pattern: re.Pattern[str]
    starts_in_month: int

    @classmethod
    def from_toml(cls, keys: Mapping[str, Any]) -> FileDate:
        """Read the section `file_date`.

        Raises:
            ValueError: it breaks a rule.
        """
        expect_keys("file_date", keys, required={"pattern", "fiscal_year_starts_in_month"})
        try:
            pattern = re.compile(str(keys["pattern"]))
        except re.error as error:
            raise ValueError(f"file_date.pattern is not a regular expression: {error}") from error
        if not {"fiscal_year", "quarter"} <= set(pattern.groupindex):
            raise ValueError("file_date.pattern must name the groups fiscal_year and quarter")
        month = keys["fiscal_year_starts_in_month"]
        return cls(pattern, whole_number("file_date.fiscal_year_starts_in_month", month, 1, 12))

    def read(self, file_name: str) -> date | None:
        """The last day of the quarter the name gives, or None when it gives none.

        A fiscal year carries the number of the calendar year it ends in.
        """
        match = self.pattern.fullmatch(file_name)
        if (
            match is None
            or match["quarter"] not in set("1234")
            or not _FISCAL_YEAR.fullmatch(str(match["fiscal_year"]))
        ):
            return None
        starts_in_year = int(match["fiscal_year"]) - (self.starts_in_month > 1)
        years, month_index = divmod(self.starts_in_month - 1 + 3 * int(match["quarter"]), 12)
        return date(starts_in_year + years, month_index + 1, 1) - timedelta(days=1)
