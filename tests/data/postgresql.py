"""A PostgreSQL server of the tests' own: started from the installed programs, on a free port of the loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import adbc_driver_postgresql.dbapi as postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Shown nowhere: the tests look for it in all that an import writes.
PASSWORD: Final = "correct-horse"  # noqa: S105
USER: Final = "drawdown"
_STARTS_WITHIN: Final = 30.0


@contextmanager
def server() -> Iterator[str]:
    """Start a server; the address of its database `books`, with the password in it.

    Raises:
        RuntimeError: the programs are missing, or the server does not start.
    """
    programs = _programs()
    owner = _owner()
    with tempfile.TemporaryDirectory(prefix="drawdown-postgresql-") as name:
        folder, port = Path(name), _free_port()
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="ascii")
        if owner:
            for path in (folder, secret):
                shutil.chown(path, owner)
        prepare = [programs / "initdb", "-D", folder / "data", "-U", USER, "--pwfile", secret, "-A", "scram-sha-256"]
        _run(owner, [*prepare, "-E", "UTF8", "--no-locale", "--no-sync"])
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "port": port}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        process = subprocess.Popen(
            [*map(str, [programs / "postgres", "-D", folder / "data", *options])],
            user=owner,
            group=pwd.getpwnam(owner).pw_gid if owner else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            address = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"
            _await(process, f"{address}/postgres")
            execute(f"{address}/postgres", "CREATE DATABASE books")
            yield f"{address}/books"
        finally:
            process.terminate()
            process.wait()


def execute(address: str, *statements: str) -> None:
    """Run statements, each on its own."""
    with postgresql.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _programs() -> Path:
    """The folder of the newest installed server."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if packaged:
        return packaged[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise RuntimeError("These tests need a PostgreSQL server: run .ci/postgresql")


def _owner() -> str | None:
    """Who runs the server: it refuses to be run by root."""
    return "nobody" if os.geteuid() == 0 else None


def _run(owner: str | None, command: list[str | Path]) -> None:
    done = subprocess.run(
        [*map(str, command)],
        user=owner,
        group=pwd.getpwnam(owner).pw_gid if owner else None,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            execute(address, "SELECT 1")
        except postgresql.Error as error:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The PostgreSQL server did not start.") from error
        else:
            return
