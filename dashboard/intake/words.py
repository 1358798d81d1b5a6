"""What an import comes to, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import format as fmt

if TYPE_CHECKING:
    from data.import_report import ImportReport


def finding(report: ImportReport) -> str:
    """What a check found, before anything is published."""
    unread = [file.file for file in report.files if not file.rows_in]
    rows_in, used = sum(file.rows_in for file in report.files), sum(file.rows_used for file in report.files)
    rejected = sum(file.rows_rejected for file in report.files)
    if unread:
        which = unread[0] if len(unread) == 1 else f"{len(unread)} of {fmt.count(len(report.files), 'file')}"
        return f"{which} can't be read as rows: nothing would be published"
    if rejected:
        are = "is" if rejected == 1 else "are"
        return f"{rejected:,} of {fmt.count(rows_in, 'row')} {are} rejected: nothing would be published"
    are = "is" if used == 1 else "are"
    return f"{fmt.count(used, 'row')} {are} good: {_change(report)}"


def done(report: ImportReport) -> str:
    """What was published."""
    ids = list(dict.fromkeys(file.snapshot_id for file in report.files if file.snapshot_id))
    used, rejected = (sum(getattr(file, name) for file in report.files) for name in ("rows_used", "rows_rejected"))
    what = f"the snapshot {ids[0]}" if len(ids) == 1 else fmt.count(len(ids), "snapshot")
    kept = f"; {fmt.count(rejected, 'rejected row')} kept beside it" if rejected else ""
    return f"Published {what} with {fmt.count(used, 'row')}{kept}"


def next_step(report: ImportReport) -> str:
    """What to do about what a check found."""
    if not report.is_readable:
        return "The reason stands below. Mend the file or choose another mapping, and check again."
    if report.rejections:
        return "Mend the rows and upload the file again, or publish the good rows and keep the rejected beside them."
    return "Nothing is published yet. Look at what changes, then publish."


def _change(report: ImportReport) -> str:
    if report.stands_on is None and not report.differences:
        return f"{fmt.count(len(report.files), 'snapshot')} would be published, one a report"
    counts = {
        "added": sum(found.added for found in report.differences),
        "corrected": sum(found.changed for found in report.differences),
        "removed": sum(found.removed for found in report.differences),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "nothing would change"
