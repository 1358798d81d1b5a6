"""The chart of accounts: defaults, one's own over them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from data.chart_of_accounts import FILE_NAME, Account, ChartOfAccountsError, accounts

if TYPE_CHECKING:
    from pathlib import Path

ROLES = {
    "receivable",
    "deferred_revenue",
    "escheat_payable",
    "revenue_ratable",
    "revenue_delivery",
    "revenue_breakage",
    "revenue_adjustment",
    "revenue_overage",
}


def with_own(store: Path, chart: str) -> dict[str, Account]:
    (store / FILE_NAME).write_text(chart, encoding="utf-8")
    return accounts(store)


def test_without_a_chart_of_its_own_a_store_has_the_default_accounts(tmp_path: Path) -> None:
    chart = accounts(tmp_path / "no such folder")
    assert set(chart) == ROLES
    assert chart["deferred_revenue"] == Account("2400", "Deferred revenue")
    assert len({account.code for account in chart.values()}) == len(ROLES)


def test_a_stores_own_account_replaces_the_default_and_leaves_the_others(tmp_path: Path) -> None:
    chart = with_own(tmp_path, '[revenue_delivery]\ncode = "4100-20"\nname = "Consulting, délivré"\n')
    assert chart["revenue_delivery"] == Account("4100-20", "Consulting, délivré")
    assert chart["revenue_ratable"] == accounts(tmp_path / "none")["revenue_ratable"]
    assert set(chart) == ROLES


def test_a_code_alone_keeps_the_default_name_and_roles_can_share_an_account(tmp_path: Path) -> None:
    chart = with_own(tmp_path, '[revenue_ratable]\ncode = "4000"\n[revenue_delivery]\ncode = "4000"\n')
    assert chart["revenue_ratable"] == Account("4000", "Service revenue, ratable")
    assert chart["revenue_delivery"] == Account("4000", "Service revenue, delivered")


def test_an_empty_chart_of_its_own_changes_nothing(tmp_path: Path) -> None:
    assert with_own(tmp_path, "# nothing yet\n") == accounts(tmp_path / "none")


@pytest.mark.parametrize(
    ("chart", "reason"),
    [
        ('[revenue]\ncode = "4000"\n', "there is no account revenue; there are receivable, deferred_revenue, "),
        ('[receivable]\nname = "Debtors"\n', r"receivable\.code is missing\."),
        ("[receivable]\ncode = 1200\n", r"receivable\.code must be text in quotes, not 1200\."),
        ('[receivable]\ncode = ""\n', r"receivable\.code must be text in quotes, not ''\."),
        ('[receivable]\ncode = "1200"\nname = " "\n', r"receivable\.name must be text in quotes, not ' '\."),
        ('[receivable]\ncode = "1200"\nnumber = "7"\n', r"receivable\.number is unknown; an account has code and name"),
        ('receivable = "1200"\n', r"receivable must be a table: \[receivable\]"),
        ('[receivable\ncode = "1200"\n', "it can't be read: "),
    ],
)
def test_a_chart_that_breaks_a_rule_is_refused_with_its_file_and_key(tmp_path: Path, chart: str, reason: str) -> None:
    with pytest.raises(ChartOfAccountsError, match=rf"accounts\.toml: {reason}"):
        with_own(tmp_path, chart)


def test_a_chart_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ChartOfAccountsError, match=r"accounts\.toml: it can't be read"):
        accounts(tmp_path)
