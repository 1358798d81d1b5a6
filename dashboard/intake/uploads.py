"""Uploaded files on disk, only for as long as they are read."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streamlit.runtime.uploaded_file_manager import UploadedFile

#: File systems take no longer names.
_NAME_BYTES: Final = 200


class UploadError(Exception):
    """Uploaded files that can't be kept; the message says why and what to do."""


@contextmanager
def kept(uploads: Sequence[UploadedFile]) -> Iterator[list[str]]:
    """The paths of uploaded files; two of the same name lie in folders of their own.

    Raises:
        UploadError: they can't be written.
    """
    with ExitStack() as stack:
        try:
            parent = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drawdown-")))
            paths = [_put(upload, parent / str(place)) for place, upload in enumerate(uploads)]
        except OSError as error:
            raise UploadError(
                f"The uploaded files can't be kept: {error.strerror}. Free some space, or run `drawdown import`."
            ) from error
        yield [str(path) for path in paths]


def _put(upload: UploadedFile, folder: Path) -> Path:
    """Write an uploaded file into a folder under its own name."""
    folder.mkdir(exist_ok=True)
    path = folder / own_name(upload.name)
    path.write_bytes(upload.getbuffer())
    return path


def own_name(name: str) -> str:
    """The last part of a name that a browser sent, which leads nowhere else."""
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    suffix = PurePosixPath(last).suffix
    if len(last.encode()) > _NAME_BYTES:
        last = last.encode()[: _NAME_BYTES - len(suffix.encode())].decode(errors="ignore") + suffix
    return last if last not in {"", ".", ".."} else "upload"
