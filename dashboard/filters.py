"""The choices every page shares: snapshot, as-of day, currency, owner, segment and vehicle, all kept in the URL."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt
from dashboard.parts import plain
from dashboard.session import MONTHS_EARLIER, PREVIOUS_SNAPSHOT, View, before, choices, served, snapshots
from queries.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.snapshots import Snapshot
    from queries.scope import Scope

_OPTIONAL: Final = ("owner", "segment", "vehicle")
#: What a parameter of the URL is called where its name is no noun.
_CALLED: Final = {
    "by": "breakdown by",
    "span": "span of",
    "view": "section",
    "compare": "policy",
    "against": "other policy",
    "under": "policy",
    "versus": "saved scenario",
    "journal": "journal of",
    "flag": "question",
    "program": "programme",
    "lag": "lag of",
    "ends": "number of days",
    "left": "share left of",
    "late": "share of time",
    "overdrawn": "number of days",
    "carry": "number of days",
    "since": "comparison with",
    "extra": "amount a month of",
    "extension": "later end by",
    "carry_over": "carry-over of",
    "cap": "carry-over cap of",
    "delivered": "breakdown",
}
_NOTICES: Final = "_notices"
_DAMAGED: Final = "_damaged"
#: The picker would otherwise stop ten years back.
_FIRST_DAY: Final = date(1990, 1, 1)
_DATED_ON: Final = "_dated_on"
_LATEST: Final = "_latest"


class NothingInScopeError(Exception):
    """A snapshot without a contract that may be seen; the message says what would be."""


def choose(scope: Scope) -> View:
    """Draw the shared choices; what they come to.

    Args:
        scope: what whoever asks may see.

    Raises:
        NothingInScopeError: no contract of the snapshot is in scope.
        SnapshotError: the store holds no snapshot, or a damaged one.
        FigureError: the portfolio can't be asked which currency it mostly holds.
    """
    snapshot = _served(_snapshot(), scope)
    as_of = _as_of(snapshot)
    known = choices(snapshot.folder, scope)
    whole = View(snapshot, snapshot.dated_on, {}, scope)
    wanted = {"currency": _currency(whole, known["currency"])}
    wanted.update({name: value for name in _OPTIONAL if (value := _optional(name, known[name])) is not None})
    return View(snapshot, as_of, wanted, scope, _since())


def show_notices() -> None:
    """Name what the link asked for and could not have."""
    for notice in _notices().values():
        st.warning(plain(notice))


def check(name: str, known: Sequence[str], instead: str) -> None:
    """A widget falls back silently from a value it does not know: say so."""
    wanted = st.query_params.get(name)
    if wanted is not None and wanted not in known:
        _notices()[name] = f"There is no {_CALLED.get(name, name)} “{wanted}”; showing {instead}."


def forget(key: str) -> None:
    """Drop the notice about a choice, now that it has been made anew."""
    _notices().pop(key, None)


def segments(label: str, options: Sequence[str], key: str) -> str:
    """One of a few parts to show, the first unless another is chosen; kept in the URL under its key.

    Args:
        label: what is chosen, for who can't see it.
        options: the parts.
        key: names the control and its parameter of the URL.
    """
    check(key, options, options[0])
    chosen = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        bind="query-params",
        on_change=forget,
        args=(key,),
        label_visibility="collapsed",
    )
    return chosen if chosen in options else options[0]


def _notices() -> dict[str, str]:
    notices: dict[str, str] = st.session_state.setdefault(_NOTICES, {})
    return notices


def _snapshot() -> Snapshot:
    labelled = _labelled(snapshots())
    labels = list(labelled)
    # Whoever looks at the latest goes on doing so when a newer one comes.
    if st.session_state.get("snapshot") == st.session_state.get(_LATEST) in labels:
        st.session_state["snapshot"] = labels[0]
    st.session_state[_LATEST] = labels[0]
    check("snapshot", labels, f"the latest, {labels[0]}")
    label = st.selectbox(
        "Snapshot",
        labels,
        key="snapshot",
        bind="query-params",
        on_change=forget,
        args=("snapshot",),
        help="What was known on that day. Each import publishes a new one; the latest is shown first.",
    )
    return labelled.get(label or labels[0], labelled[labels[0]])


def label_of(snapshot: Snapshot) -> str:
    """What the picker and the URL call a snapshot of the store.

    Raises:
        SnapshotError: the store can't be read.
    """
    labels = {one.snapshot_id: label for label, one in _labelled(snapshots()).items()}
    return labels.get(snapshot.snapshot_id, snapshot.dated_on.isoformat())


def _served(wanted: Snapshot, scope: Scope) -> Snapshot:
    """The snapshot chosen, or the last good one where its files are damaged, which is said."""
    snapshot, problem = served(wanted, scope)
    forget(_DAMAGED)
    if problem:
        _notices()[_DAMAGED] = f"{problem} Until then the snapshot of {fmt.full_day(snapshot.dated_on)} is shown."
    return snapshot


def _labelled(known: Sequence[Snapshot]) -> dict[str, Snapshot]:
    """Snapshots by date, which is also what the URL says; an earlier one of the same day carries its number."""
    labelled: dict[str, Snapshot] = {}
    for snapshot in reversed(known):
        dated = snapshot.dated_on.isoformat()
        labelled[dated if dated not in labelled else f"{dated} no. {snapshot.number}"] = snapshot
    return labelled


def _as_of(snapshot: Snapshot) -> date:
    latest = snapshot.dated_on
    chosen, followed = st.session_state.get("as_of"), st.session_state.get(_DATED_ON)
    if chosen is not None and latest != followed and (chosen > latest or chosen == followed):
        st.session_state["as_of"] = latest
    st.session_state[_DATED_ON] = latest
    _check_day(latest)
    day = st.date_input(
        "As of",
        value=latest,
        min_value=_FIRST_DAY,
        max_value=latest,
        format="YYYY-MM-DD",
        key="as_of",
        bind="query-params",
        on_change=forget,
        args=("as_of",),
        help="The day asked about, on what the snapshot knows. It can't be later than the snapshot.",
    )
    return min(day, latest) if isinstance(day, date) else latest


def _check_day(latest: date) -> None:
    wanted = st.query_params.get("as_of")
    if wanted is None:
        return
    try:
        is_late = date.fromisoformat(wanted) > latest
    except ValueError:
        _notices()["as_of"] = f"“{wanted}” is not a day like {latest}; showing {latest}."
        return
    if date.fromisoformat(wanted) < _FIRST_DAY:
        _notices()["as_of"] = (
            f"{wanted} is before {_FIRST_DAY}, the first day that can be asked about; showing {latest}."
        )
    if is_late:
        _notices()["as_of"] = f"{wanted} is later than the snapshot; showing {latest}."


def _currency(whole: View, known: Sequence[str]) -> str:
    if not known:
        raise NothingInScopeError(_nothing(whole))
    open_amounts = dict(whole.ask("open_balance").select("currency", "open_amount").iter_rows())
    by_size = sorted(known, key=lambda currency: (-open_amounts.get(currency, 0), currency))
    check("currency", by_size, by_size[0])
    currency = st.selectbox(
        "Currency",
        by_size,
        key="currency",
        bind="query-params",
        on_change=forget,
        args=("currency",),
        help="Amounts of two currencies are never added, so one is shown at a time.",
    )
    return currency if currency in by_size else by_size[0]


def _since() -> str:
    known = (PREVIOUS_SNAPSHOT, *MONTHS_EARLIER)
    check("since", known, f"changes since the {PREVIOUS_SNAPSHOT}")
    return st.selectbox(
        "Changes since",
        known,
        key="since",
        bind="query-params",
        on_change=forget,
        args=("since",),
        help="What headline figures are compared with: what the snapshot before said, or this one of an earlier day.",
    )


def _nothing(whole: View) -> str:
    dated_on = fmt.full_day(whole.snapshot.dated_on)
    if whole.scope == EVERYTHING:
        return f"The snapshot of {dated_on} holds no contract. Pick another snapshot."
    owners = ", ".join(sorted(whole.scope.owners or ()))
    return (
        f"No contract of the snapshot of {dated_on} belongs to {owners}. Pick another snapshot; if you should see other"
        " contracts, ask whoever runs Drawdown here."
    )


def _optional(name: str, known: Sequence[str]) -> str | None:
    every = f"all {name}s"
    check(name, known, every)
    value = st.selectbox(
        name.capitalize(),
        known,
        index=None,
        placeholder=every.capitalize(),
        key=name,
        bind="query-params",
        on_change=forget,
        args=(name,),
    )
    return value if value in known else None


def described(view: View) -> str:
    """The filters that narrow the view, as a caption says them."""
    narrowed = [f"{name} {value}" for name, value in view.filters.items() if name != "currency"]
    shown = [f"as of {fmt.day(view.as_of, view.as_of)} {view.as_of.year}", view.currency, *narrowed]
    return " · ".join(shown)


def changes_since(view: View) -> str:
    """What the changes of the headline figures are since, to go on a caption; empty where there is nothing before."""
    earlier = before(view)
    if earlier is None:
        return ""
    day = fmt.day(earlier.as_of, view.as_of)
    if view.since == PREVIOUS_SNAPSHOT:
        return f" · changes since the snapshot of {day}"
    return f" · changes since {day}, as known now"
