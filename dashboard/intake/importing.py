"""Import: upload files, see what they would change and what is wrong with them, and publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import access_log
from dashboard import format as fmt
from dashboard.intake import words
from dashboard.intake.acting import acting
from dashboard.intake.advice import NO_ADVICE, Advice, advise, show_advice
from dashboard.intake.mappings import ask_formats, choose_mapping, open_columns, remember_open, settled
from dashboard.intake.opening import offer_to_open
from dashboard.intake.outcome import caution, issue_rows, show
from dashboard.intake.uploads import UploadError, kept
from dashboard.parts import headline, muted, plain
from dashboard.session import store
from dashboard.sign_in import IMPORT, viewer
from data.importer import import_files, prepared
from data.mapping import MappingError
from data.snapshots import SnapshotError, StaleStoreError, damaged_snapshots, list_snapshots, open_snapshot
from data.verification import verify

if TYPE_CHECKING:
    from datetime import date

    import polars as pl
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from data.import_report import ImportReport
    from data.mapping import SourceMapping

_CHECKED: Final = "_import_checked"
#: Which set of uploads the page is at: a new one has an empty uploader.
_ROUND: Final = "_import_round"
_TYPES: Final = ("csv", "xlsx", "parquet")
_STALE: Final = "The store changed since the difference was shown, so nothing was published. This is the new one."


@dataclass(frozen=True)
class _Request:
    """What is to be imported, and how: with another one, what was checked is void."""

    uploads: tuple[UploadedFile, ...]
    mapping: SourceMapping
    dated_on: date | None

    @property
    def key(self) -> tuple[object, ...]:
        """What says whether two are the same."""
        return (tuple(upload.file_id for upload in self.uploads), repr(self.mapping), self.dated_on)


@dataclass(frozen=True)
class _Checked:
    """What a check, or what was published, came to."""

    key: tuple[object, ...]
    report: ImportReport
    issues: pl.DataFrame
    advice: Advice = NO_ADVICE
    notice: str | None = None


def render() -> None:
    """Draw the section."""
    head = st.container()
    request = _request()
    checked = _still_valid(request)
    with st.container(horizontal=True):
        is_asked = st.button("Check", type="secondary" if checked else "primary", disabled=request is None)
        is_agreed = checked is not None and request is not None and _publish_button(checked.report)
    with head:
        if request and is_asked:
            _attempt(request)
        elif request and checked and is_agreed:
            _publish(checked, request)
        _headline(checked)
    if checked:
        _result(checked)


def _request() -> _Request | None:
    """Draw the choices; None while something is missing."""
    mapping = choose_mapping()
    place = st.session_state.setdefault(_ROUND, 0)
    uploads: list[UploadedFile] = st.file_uploader(
        "Files, CSV, XLSX or Parquet", _TYPES, accept_multiple_files=True, key=f"import_files_{place}"
    )
    if mapping is None:
        return None
    formats = ask_formats(mapping)
    dated_on: date | None = None
    if mapping.file_date is None:
        dated_on = st.date_input(
            "Day the snapshot speaks for",
            value=None,
            format="YYYY-MM-DD",
            key="import_dated_on",
            width=260,
            help="Left empty, it is the last day the rows or the current snapshot tell of.",
        )
    else:
        muted("The day is read in each file's name; each report becomes a snapshot of its own.")
    return _Request(tuple(uploads), settled(mapping, formats), dated_on) if uploads else None


def _still_valid(request: _Request | None) -> _Checked | None:
    checked: _Checked | None = st.session_state.get(_CHECKED)
    if checked is None:
        return None
    # What was published stays on the page until the next files come.
    is_void = checked.key != request.key if request else not checked.report.is_published
    if is_void:
        st.session_state.pop(_CHECKED)
        return None
    return checked


def _attempt(request: _Request, notice: str | None = None) -> None:
    """Check; what stands against it is said on the page."""
    if not viewer().may(IMPORT):
        return
    try:
        _check_base()
        checked = _check(request, notice)
    except (SnapshotError, MappingError, UploadError) as error:
        st.error(plain(_for_the_page(str(error))))
        return
    st.session_state[_CHECKED] = checked
    remember_open(open_columns(checked.report, request.mapping))
    st.rerun()


def _check_base() -> None:
    """Nothing can be built on a damaged snapshot.

    Raises:
        SnapshotError: the current one is damaged.
    """
    known = list_snapshots(store())
    faults = verify(known[-1]) if known else []
    if faults:
        raise SnapshotError(
            f"Nothing can be imported on top of the current snapshot, which is damaged: {faults[0]}. Restore an older"
            " one under Snapshots, or move its folder away; then check again."
        )


def _check(request: _Request, notice: str | None) -> _Checked:
    count = len(request.uploads)
    place = st.empty()
    bar = place.progress(0.0, f"Checking {fmt.count(count, 'file')} …")
    done = 0

    def on_file(_step: str, name: str) -> None:
        nonlocal done
        done += 1
        bar.progress(min(done / count, 1.0), plain(f"{name} is checked, {done} of {fmt.count(count, 'file')}"))

    with (
        st.spinner("Every row passes the gate …", show_time=True),
        kept(request.uploads) as paths,
    ):
        with prepared(paths, request.mapping, store(), dated_on=request.dated_on, on_file=on_file) as waiting:
            report = waiting.report
        # Where only a format is open, the mapping is the right one.
        advice = NO_ADVICE if open_columns(report, request.mapping) else advise(paths, report)
    place.empty()
    return _Checked(request.key, report, issue_rows(report), advice, notice)


# --- what is shown of it ----------------------------------------------------------------------------------------


def _headline(checked: _Checked | None) -> None:
    if checked is None:
        known = list_snapshots(store())
        if known:
            day = fmt.full_day(known[-1].dated_on)
            said = f"The store holds {fmt.count(len(known), 'snapshot')}, the current one of {day}"
        else:
            said = (
                "No snapshot can be shown: import anew, or mend what is damaged"
                if damaged_snapshots(store())
                else "The store is empty: import the first files"
            )
        headline(said, "Upload files and check them: nothing is published before you have seen what it changes.")
    elif checked.report.is_published:
        headline(words.done(checked.report), f"What was imported is in {store()}. Earlier snapshots are unchanged.")
        _links(checked.report)
    else:
        if checked.notice:
            st.warning(plain(checked.notice))
        headline(words.finding(checked.report), words.next_step(checked.report))


def _links(report: ImportReport) -> None:
    """Ways to what was published, the last of several."""
    snapshot_id = next(file.snapshot_id for file in reversed(report.files) if file.snapshot_id)
    snapshot = open_snapshot(store(), snapshot_id)
    offer_to_open(snapshot)
    later = [known for known in list_snapshots(store()) if known.dated_on > snapshot.dated_on]
    if later:
        st.warning(
            f"{fmt.count(len(later), 'later snapshot')} of the store, up to {fmt.full_day(later[-1].dated_on)}, do not"
            " rest on this import: import their files again."
        )


def _result(checked: _Checked) -> None:
    caution(checked.report)
    show_advice(checked.advice)
    show(checked.report, checked.issues)


def _publish_button(report: ImportReport) -> bool:
    """Draw the button, which says what is published, where anything can be; whether it was clicked."""
    is_possible = report.may_be_published(accept_good=True) and any(file.rows_used for file in report.files)
    if report.is_published or not is_possible:
        return False
    rejected = sum(file.rows_rejected for file in report.files)
    if rejected:
        said, kept_out = "Publish the good rows", fmt.count(rejected, "rejected row")
        label = f"{said}, keep the {kept_out} out"
        meaning = "The rejected rows stay in the store beside the snapshot, with their reasons; no figure counts them."
    else:
        label, meaning = "Publish", "The rows become a snapshot of their own; earlier snapshots stay as they are."
    return st.button(label, type="primary", key="import_publish", help=meaning)


def _publish(checked: _Checked, request: _Request) -> None:
    """Publish what was checked, without the rejected rows, which the button named.

    Where the store changed in the meantime, the new difference is shown instead.
    """
    if not viewer().may(IMPORT):
        return
    seen = acting()
    try:
        with st.spinner("Publishing …", show_time=True), kept(request.uploads) as paths:
            # Nothing is drawn before it is done: a click elsewhere would stop it in the middle.
            report = import_files(
                paths,
                request.mapping,
                store(),
                accept_good=bool(checked.report.rejections),
                dated_on=request.dated_on,
                expected=checked.report.stands_on,
                on_file=lambda *_: None,
            )
            if report.is_published:
                _note(report, request, seen)
            st.session_state[_CHECKED] = _Checked(checked.key, report, issue_rows(report))
            st.session_state[_ROUND] += report.is_published
    except StaleStoreError:
        _attempt(request, _STALE)
        return
    except (SnapshotError, UploadError) as error:
        st.error(plain(_for_the_page(str(error))))
        return
    st.rerun()


def _note(report: ImportReport, request: _Request, seen: dict[str, object]) -> None:
    access_log.did(
        "import",
        seen,
        files=", ".join(file.file for file in report.files),
        mapping=request.mapping.name,
        published=", ".join(dict.fromkeys(file.snapshot_id for file in report.files if file.snapshot_id)),
    )


def _for_the_page(message: str) -> str:
    """A message of the importer, its option named as this page names it."""
    return message.replace("with --dated-on", "under “Day the snapshot speaks for”").replace(
        "leave out --dated-on", "leave the day empty"
    )
