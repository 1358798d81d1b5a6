"""`drawdown statement`: files for one client or all, whole or not at all, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastexcel import read_excel
from pypdf import PdfReader

from tests.commands.test_commands import drawdown, refused, store_of
from tests.queries import tiny

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.snapshots import Snapshot


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Three clients, two of one name, in a store of a firm."""
    book = tiny.book(
        tmp_path_factory.mktemp("store"),
        accounts=[
            tiny.account("A1", name="Northwind"),
            tiny.account("A2", name="=Twin"),
            tiny.account("A3", name="=Twin"),
        ],
        contracts=[tiny.contract(name, account_id=f"A{number}") for number, name in enumerate("PQR", start=1)],
        lots=[tiny.lot(name, 10, 1000) for name in "PQR"],
        consumption=[tiny.used("U1", "P", "2026-10-05", "2.5"), tiny.used("U2", "Q", "2026-10-06", 1)],
    )
    store = book.snapshot.folder.parents[1]
    (store / "firm.toml").write_text('name = "Harbour & Pine"\n')
    return book.snapshot


@pytest.fixture
def refuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], snapshot: Snapshot, tmp_path: Path
) -> Callable[..., str]:
    """What the command says when it writes nothing."""

    def run(*arguments: str) -> str:
        asked = ("statement", "--store", store_of(snapshot), "--out", str(tmp_path / "out"), *arguments)
        said = refused(monkeypatch, capsys, *asked)
        assert not list(tmp_path.rglob("*.*"))
        return said

    return run


def written(snapshot: Snapshot, out: Path, *arguments: str) -> tuple[str, list[str]]:
    said = drawdown("statement", "--store", store_of(snapshot), "--out", str(out), *arguments)
    return said, sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("client", ["A1", "Northwind"])
def test_one_client_by_id_or_name(snapshot: Snapshot, tmp_path: Path, client: str) -> None:
    said, names = written(snapshot, tmp_path / "new" / "folder", "--client", client, "--month", "2026-10")
    assert names == ["Northwind-A1-2026-10.pdf"]
    assert "Northwind used 2.5 of 10\u00a0hours in October 2026" in said
    text = PdfReader(tmp_path / "new" / "folder" / names[0]).pages[0].extract_text()
    assert "Harbour & Pine" in text
    assert "7.5" in text


def test_all_clients_each_in_a_file_of_its_own(snapshot: Snapshot, tmp_path: Path) -> None:
    said, names = written(snapshot, tmp_path, "--all", "--month", "2026-10", "--format", "xlsx")
    assert names == ["Northwind-A1-2026-10.xlsx", "Twin-A2-2026-10.xlsx", "Twin-A3-2026-10.xlsx"]
    assert "3 statements" in said
    assert read_excel(tmp_path / names[1]).load_sheet("Deliveries").height == 1


def test_as_of_a_day_the_month_is_to_date(snapshot: Snapshot, tmp_path: Path) -> None:
    said, names = written(snapshot, tmp_path, "--client", "A1", "--month", "2026-10", "--as-of", "2026-10-04")
    assert "used none of 10\u00a0hours in October 2026 up to the 4th" in said
    assert names == ["Northwind-A1-2026-10-to-04.pdf"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--month", "2026-10"], "Name one client with --client, or take every client with --all."),
        (["--all", "--client", "A1", "--month", "2026-10"], "Name one client with --client"),
        (["--client", "Northwynd", "--month", "2026-10"], "There is no client Northwynd. Did you mean Northwind?"),
        (["--client", "=Twin", "--month", "2026-10"], "Several clients are called =Twin: name one by its id, A2, A3."),
        (["--all", "--month", "October"], "--month “October” is not a month like 2027-01."),
        (["--all", "--month", "2027-02"], "begins after 2027-01-01"),
        (["--all", "--month", "2026-10", "--as-of", "soon"], "--as-of must be a date like 2027-01-01, not soon."),
        (["--all", "--month", "2026-10", "--as-of", "2027-02-01"], "--as-of 2027-02-01 is later than the snapshot"),
        (["--all", "--month", "2025-10"], "There is nothing to state for any client in October 2025"),
    ],
)
def test_what_can_not_be_stated_is_said(refuse: Callable[..., str], arguments: list[str], said: str) -> None:
    assert said in " ".join(refuse(*arguments).split())


def test_a_file_that_can_not_be_written_leaves_the_old_one(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--client", "A1", "--month", "2026-10")
    _, (name,) = written(snapshot, tmp_path, *asked)
    before = (tmp_path / name).read_bytes()

    def full(_: Path, __: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    said = refused(monkeypatch, capsys, "statement", "--store", store_of(snapshot), "--out", str(tmp_path), *asked)
    assert "can't be written to: No space left on device." in " ".join(said.split())
    assert (tmp_path / name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_longer_than_a_file_name_can_be_stops_nothing(tmp_path: Path) -> None:
    names = ("株" * 120, "é" * 400, "Short")
    book = tiny.book(
        tmp_path / "store",
        accounts=[tiny.account(f"A{number}", name=name) for number, name in enumerate(names)],
        contracts=[tiny.contract(f"C{number}", account_id=f"A{number}") for number, _ in enumerate(names)],
        lots=[tiny.lot(f"C{number}", 10, 1000) for number, _ in enumerate(names)],
    )
    _, files = written(book.snapshot, tmp_path / "out", "--all", "--month", "2026-10", "--format", "xlsx")
    assert len(files) == 3
    assert max(len(name.encode()) for name in files) < 255


def test_where_all_are_written_the_one_that_could_not_be_is_named_and_how_many_were(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path.replace

    def full(self: Path, target: Path) -> Path:
        if "A2" in target.name:
            raise OSError(28, "No space left on device")
        return place(self, target)

    monkeypatch.setattr(Path, "replace", full)
    asked = ("statement", "--store", store_of(snapshot), "--out", str(tmp_path), "--all", "--month", "2026-10")
    said = " ".join(refused(monkeypatch, capsys, *asked).split())
    assert "the statement of =Twin (A2), can't be written to: No space left on device." in said
    assert "1 of 3 statements were written before it." in said
    assert [path.name for path in tmp_path.iterdir()] == ["Northwind-A1-2026-10.pdf"]
