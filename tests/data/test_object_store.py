"""Snapshots pushed to and pulled from a real S3 server are whole or not there."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import from_url

from data.bucket import Bucket
from data.object_store import pull, push
from data.snapshots import (
    SnapshotError,
    damaged_snapshots,
    list_snapshots,
    open_snapshot,
    publish,
    restore,
    set_aside_snapshots,
)
from data.verification import verify
from tests.data.kill_workers import started
from tests.data.test_snapshots import names, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAYS = [date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]
_numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def url(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A path in a new bucket; the process, and those it starts, are set up to reach it."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"contracts-{next(_numbers)}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/drawdown"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A store with a snapshot for each of DAYS."""
    store = tmp_path / "here"
    for number, on in enumerate(DAYS, start=1):
        publish(store, tables(number), on, {"mapping": "by hand"})
    return store


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


def quietly(_done: int, _total: int) -> None:
    """No progress is shown."""


def push_with(environment: dict[str, str], store: Path, url: str) -> None:
    """Push in a process that was forked from one without this environment."""
    os.environ.update(environment)
    push(store, url, quietly)


def objects(url: str) -> list[str]:
    return sorted(meta["path"] for page in obstore.list(from_url(url)) for meta in page)


def ids(store: Path) -> list[str]:
    return [snapshot.snapshot_id for snapshot in list_snapshots(store)]


def test_what_is_pushed_is_pulled_byte_for_byte(here: Path, there: Path, url: str) -> None:
    steps: list[tuple[int, int]] = []
    pushed = push(here, url, lambda done, total: steps.append((done, total)))

    assert pushed == ids(here)
    assert steps[-1][0] == steps[-1][1] > 0
    assert push(here, url, quietly) == []
    steps.clear()
    assert pull(there, url, lambda done, total: steps.append((done, total))) == ids(here)
    assert steps[-1][0] == steps[-1][1] > 0
    assert pull(there, url, quietly) == []
    assert names(there) == names(here)
    for mine, theirs in zip(list_snapshots(here), list_snapshots(there), strict=True):
        assert verify(theirs) == []
        for path in mine.folder.iterdir():
            assert (theirs.folder / path.name).read_bytes() == path.read_bytes()


def test_only_what_is_missing_travels(here: Path, there: Path, url: str) -> None:
    push(here, url, quietly)
    pull(there, url, quietly)
    june = publish(there, tables(4), date(2024, 6, 30), {})

    assert push(there, url, quietly) == [june.snapshot_id]
    assert pull(here, url, quietly) == [june.snapshot_id]
    assert open_snapshot(here).manifest == june.manifest


def test_what_is_set_aside_travels_both_ways(here: Path, there: Path, url: str) -> None:
    push(here, url, quietly)
    pull(there, url, quietly)
    restore(here, ids(here)[0])
    push(here, url, quietly)
    pull(there, url, quietly)

    assert len(ids(there)) == 1
    assert ids(there) == ids(here)
    last = set_aside_snapshots(there)[-1]
    restore(there, last.snapshot_id)
    push(there, url, quietly)
    pull(here, url, quietly)
    assert ids(here) == ids(there) == [known for known in names(here) if not known.startswith(".")]


def test_what_was_set_aside_is_so_in_a_new_store(here: Path, there: Path, url: str) -> None:
    restore(here, ids(here)[1])
    assert len(push(here, url, quietly)) == 3

    assert len(pull(there, url, quietly)) == 3
    assert ids(there) == ids(here)
    assert len(set_aside_snapshots(there)) == 1


def test_setting_aside_at_once_is_noticed(here: Path, url: str) -> None:
    bucket, other = Bucket(url), Bucket(url)
    for before, after in ((frozenset(), {"A"}), ({"A"}, {"B"})):
        there = other.contents()
        assert there.set_aside == before
        bucket.set_aside(bucket.contents(), frozenset(after))
        with pytest.raises(SnapshotError, match=r"set_aside\.json was changed by another push\. Pull, see which"):
            other.set_aside(there, frozenset({"C"}))
    assert other.contents().set_aside == {"B"}


def test_a_push_cut_short_is_not_pulled_and_is_finished_by_the_next(
    here: Path, there: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, puts = obstore.put, count(1)
    fails_at = 20  # in the second snapshot

    def failing(*arguments: Any, **options: Any) -> Any:
        if next(puts) == fails_at:
            raise obstore.exceptions.GenericError("the line was cut")
        return put(*arguments, **options)

    monkeypatch.setattr(obstore, "put", failing)
    with pytest.raises(SnapshotError, match=r"can't be used: the line was cut\. Check the address, and AWS_"):
        push(here, url, quietly)
    assert any(key.startswith(f"snapshots/{ids(here)[1]}/") for key in objects(url))

    assert pull(there, url, quietly) == ids(here)[:1]
    assert push(here, url, quietly) == ids(here)[1:]
    assert pull(there, url, quietly) == ids(here)[1:]


def test_a_killed_push_is_finished_by_the_next(here: Path, there: Path, url: str) -> None:
    for number in range(5):
        publish(here, tables(number + 1), DAYS[-1] + timedelta(days=number), {})
    pusher = started(push_with, {**os.environ}, here, url)
    while len(objects(url)) < 20:
        pusher.join(0.02)
        assert pusher.is_alive()
    pusher.kill()
    pusher.join()

    pulled = pull(there, url, quietly)
    assert 0 < len(pulled) < len(ids(here))
    assert [problem for snapshot in list_snapshots(there) for problem in verify(snapshot)] == []
    assert set(push(here, url, quietly)) >= set(ids(here)) - set(pulled)
    pull(there, url, quietly)
    assert ids(there) == ids(here)


@pytest.mark.parametrize("content", [None, b"", b"PAR1", "flipped"])
def test_a_damaged_object_is_refused_by_name_and_the_others_are_pulled(
    here: Path, there: Path, url: str, content: bytes | str | None
) -> None:
    push(here, url, quietly)
    march, april, may = list_snapshots(here)
    key, bucket = f"snapshots/{april.snapshot_id}/lots.parquet", from_url(url)
    whole = april.path("lots").read_bytes()
    if content is None:
        obstore.delete(bucket, key)
    else:
        obstore.put(bucket, key, bytes([whole[0] ^ 1]) + whole[1:] if content == "flipped" else content)

    with pytest.raises(SnapshotError) as error:
        pull(there, url, quietly)
    assert str(error.value) == (
        f"{url}/{key} is missing or damaged. Delete {url}/snapshots/{april.snapshot_id}/manifest.json,"
        " and push again from a store that has the snapshot."
    )
    assert names(there) == [march.snapshot_id, may.snapshot_id]
    obstore.delete(bucket, f"snapshots/{april.snapshot_id}/manifest.json")
    assert push(here, url, quietly) == [april.snapshot_id]
    assert pull(there, url, quietly) == [april.snapshot_id]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            (b'"lots.parquet"', b'"../../../lots.parquet"'),
            r"manifest\.json is damaged: \.\./.* push again from a store",
        ),
        ((b'"schema_version": ', b'"schema_version": 9'), r"is of schema version 9\d+; .* Update Drawdown to pull it"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(
    here: Path, there: Path, url: str, damage: tuple[bytes, bytes], message: str
) -> None:
    push(here, url, quietly)
    last = list_snapshots(here)[-1]
    content = (last.folder / "manifest.json").read_bytes().replace(*damage)
    obstore.put(from_url(url), f"snapshots/{last.snapshot_id}/manifest.json", content)

    with pytest.raises(SnapshotError, match=message):
        pull(there, url, quietly)
    assert ids(there) == ids(here)[:-1]


def test_a_damaged_snapshot_is_not_pushed_nor_pulled_over(here: Path, there: Path, url: str) -> None:
    first, *others = list_snapshots(here)
    content = first.path("lots").read_bytes()
    first.path("lots").write_bytes(b"")
    with pytest.raises(SnapshotError, match=rf"{first.snapshot_id} was not pushed: .*lots\.parquet has 0 bytes"):
        push(here, url, quietly)
    first.path("lots").write_bytes(content)
    assert push(here, url, quietly) == [first.snapshot_id]

    pull(there, url, quietly)
    manifest = there / "snapshots" / others[0].snapshot_id / "manifest.json"
    manifest.unlink()
    with pytest.raises(SnapshotError, match=rf"{others[0].snapshot_id} is damaged\. Move it away and pull again"):
        pull(there, url, quietly)
    assert [damage.name for damage in damaged_snapshots(there)] == [others[0].snapshot_id]


def test_two_pushers_at_once_agree(here: Path, there: Path, url: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for number, on in enumerate(DAYS, start=1):
        publish(other, tables(number), on, {"mapping": "another"})
    with ThreadPoolExecutor() as pool:
        pushed = [pool.submit(push, store, url, quietly) for store in (here, other)]
        pulled = [pool.submit(pull, there, url, quietly) for _ in range(4)]
        for done in (*pushed, *pulled):
            assert done.exception() is None

    pull(there, url, quietly)
    assert ids(there) == ids(here) == ids(other)
    assert [problem for snapshot in list_snapshots(there) for problem in verify(snapshot)] == []
    before = [snapshot.manifest for snapshot in list_snapshots(there)]
    assert all(manifest["source"]["mapping"] in {"by hand", "another"} for manifest in before)


def test_a_bucket_that_cannot_be_reached_says_what_to_check(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        SnapshotError, match=r"s3://nowhere/x can't be used: NoSuchBucket\. Check the address, and AWS_"
    ):
        push(here, "s3://nowhere/x", quietly)
    with pytest.raises(SnapshotError, match=r"somewhere can't be used: relative URL"):
        pull(here, "somewhere", quietly)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(SnapshotError, match=r"can't be used: .*error sending request.*Check the address"):
            pull(here, url, quietly)


def test_pulling_into_a_store_that_cannot_be_written_says_so(here: Path, tmp_path: Path, url: str) -> None:
    push(here, url, quietly)
    (tmp_path / "file").touch()

    with pytest.raises(SnapshotError, match=r"Not everything was pulled: .*file can't be written: .*choose another"):
        pull(tmp_path / "file", url, quietly)
