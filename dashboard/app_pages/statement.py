"""Statement: what a client receives for a month, to look at and to send."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import format as fmt
from dashboard.downloads import XLSX, download
from dashboard.explain import Behind
from dashboard.filters import changes_since
from dashboard.fragments import fragment
from dashboard.parts import Stat, assumptions, figure_row, headline, muted, plain
from dashboard.session import MONTHS_EARLIER, PREVIOUS_SNAPSHOT, View, before, current, store
from dashboard.statement import words
from dashboard.statement.choices import choose_client, choose_month, clients
from dashboard.statement.files import archive, named
from dashboard.statement.month import month as month_named
from dashboard.statement.pdf import pdf
from dashboard.statement.preview import of_total, preview
from dashboard.statement.statement import statements
from dashboard.statement.workbook import workbook
from data.firm import Firm, FirmError, firm
from queries.calendar import months_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.delta_generator import DeltaGenerator

    from dashboard.statement.month import Month
    from dashboard.statement.statement import Holding, Statement

_ARCHIVE: Final = "_statements_archive"
#: Figures of a client with more units than this are told in the tables.
_MOST_UNITS: Final = 2
#: What is told beside the figures only where there is any.
_RARE: Final = {"Bought": "bought", "Brought back": "restored", "Lapsed": "lapsed"}


def render(view: View) -> None:
    """Draw the page; a statement has each of a client's currencies, so the one chosen beside does not narrow it."""
    everyone = view.without("currency")
    known = clients(everyone)
    answer = st.container()
    if not known:
        _nobody(everyone)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=280):
            client = choose_client(everyone, known)
        with st.container(width=200):
            month = choose_month(view)
        files = [st.container(width="content") for _ in range(3)]
    own = replace(everyone, filters={**everyone.filters, "account": client})
    statement = _stated(own, month).get(client)
    house = _firm()
    if house and statement:
        _downloads(files, statement, house)
    if house:
        with files[2]:
            _everyone(everyone, month, house)
    if statement is None:
        _nothing(answer, own, known[client], month)
        return
    earlier = _before(own, month)
    with answer:
        since = _since(view, earlier) if earlier else ""
        headline(words.sentence(statement), f"{_context(statement)}{since}")
    if statement.totals:
        figure_row(_stats(own, statement, earlier), statement.totals[0].currency)
    preview(own, statement)
    assumptions(" ".join(words.terms(statement)))


def _stated(view: View, month: Month) -> dict[str, Statement]:
    """The statements of a month; each says where the view narrows it, since the client would miss the rest."""
    return statements(view.ask, view.snapshot, month, only=words.only(view.filters, view.scope))


def _context(statement: Statement) -> str:
    """The days, what is known of them, and that contracts are hidden."""
    said = [words.period(statement), f"as known on {words.full_day(statement.known_on)}", statement.only.rstrip(".")]
    return " · ".join(part for part in said if part)


def _before(own: View, month: Month) -> Statement | None:
    """An earlier month as known now; or this one as the snapshot before stated it, where it had ended by then."""
    if own.since != PREVIOUS_SNAPSHOT:
        until = months_after(month.last_day, -MONTHS_EARLIER[own.since])
        return next(iter(_stated(own, month_named(f"{until:%Y-%m}", until)).values()), None)
    earlier = before(own)
    if earlier is None or earlier.as_of < month.last_day:
        return None
    return next(iter(_stated(earlier, month_named(month.key, earlier.as_of)).values()), None)


def _since(view: View, earlier: Statement) -> str:
    """What the changes are since, as the caption says it."""
    if view.since == PREVIOUS_SNAPSHOT:
        return changes_since(view)
    return f" · changes from {words.period(earlier)}, as known now"


def _stats(own: View, statement: Statement, earlier: Statement | None) -> list[Stat]:
    """What was there, used and left; of several units the last two, or the last alone."""
    totals = statement.totals
    then = {(total.unit, total.currency): total.units for total in earlier.totals} if earlier else {}

    def stat(label: str, name: str, total: Holding) -> Stat:
        value, units = getattr(total.units, name), then.get((total.unit, total.currency))
        change = None if units is None else fmt.quantity_change(value - getattr(units, name), total.unit)
        column = f"{name}_quantity"
        behind = Behind(own, "statement_balances", column, lambda: of_total(own, statement, total), column)
        unit = f", {fmt.unit_in_words(total.unit)}" if len(totals) > 1 else ""
        return Stat(f"{label}{unit}", words.quantity(value, total.unit), change, behind=behind)

    if len(totals) > _MOST_UNITS:
        return [stat("Left", "closing", total) for total in totals]
    if len(totals) == 1:
        rare = [(label, name) for label, name in _RARE.items() if getattr(totals[0].units, name)]
        shown = [("Opening", "opening"), *rare, ("Used", "used"), ("Left", "closing")]
        return [stat(label, name, totals[0]) for label, name in shown]
    return [stat(label, name, total) for total in totals for label, name in (("Used", "used"), ("Left", "closing"))]


def _firm() -> Firm | None:
    """In whose name statements go out; where that can't be read, the page says so and offers none."""
    try:
        return firm(store())
    except FirmError as error:
        st.error(plain(str(error)))
        return None


def _downloads(files: Sequence[DeltaGenerator], statement: Statement, house: Firm) -> None:
    """The statement as it goes to the client, and as numbers."""
    name, _ = next(named([statement]))
    meaning = f"The statement of {statement.client} as it goes to the client."
    with files[0]:
        sent = f"{name}.pdf"
        download("PDF", sent, "application/pdf", lambda: pdf(statement, house), key="statement_pdf", meaning=meaning)
    meaning = "The same figures as numbers, every delivery, and what they rest on."
    with files[1]:
        numbers = f"{name}.xlsx"
        download("XLSX", numbers, XLSX, lambda: workbook(statement, house), key="statement_xlsx", meaning=meaning)


@fragment
def _everyone(view: View, month: Month, house: Firm) -> None:
    """All clients in view as one archive, made when it is asked for."""
    asked = (view.snapshot.folder, view.as_of, tuple(view.filters.items()), view.scope, month, house)
    place = st.empty()
    said = f"Make the statements of all clients in view for {month.name}, as one ZIP."
    key, made = st.session_state.get(_ARCHIVE, (None, b""))
    if key != asked and place.button("All clients", help=said):
        with place:
            made = _archived(view, month, house)
        key = asked
        st.session_state[_ARCHIVE] = (key, made)
    if key == asked:
        meaning = f"The statements of all clients in view for {month.name}, each as PDF and XLSX."
        name = f"statements-{month.file_key}.zip"
        with place:
            download("Take the ZIP", name, "application/zip", lambda: made, key="statements_zip", meaning=meaning)


def _archived(view: View, month: Month, house: Firm) -> bytes:
    stated = _stated(view, month)
    said = f"Writing {fmt.count(len(stated), 'statement')} …"
    bar = st.progress(0.0, said)

    def show(made: int) -> None:
        bar.progress(made / len(stated), said)

    return archive(stated.values(), house, show)


def _nobody(view: View) -> None:
    headline("No client has a contract in view", fmt.full_day(view.as_of))
    names = " or ".join(f"{name} “{value}”" for name, value in view.filters.items())
    st.info(plain(f"Relax {names} to see some." if names else "Pick another snapshot."))


def _nothing(answer: DeltaGenerator, own: View, client: str, month: Month) -> None:
    """The client held and was delivered nothing: say since when there is something to state."""
    with answer:
        known_on = words.full_day(own.snapshot.dated_on)
        headline(f"{client} had nothing to use in {month.name}", f"as known on {known_on}")
    starts = min(own.ask("lot_terms")["valid_from"].to_list(), default=None)
    if starts is None:
        st.info("Nothing has been bought under its contracts yet.")
    elif starts > month.last_day:
        st.info(f"What it bought can be used from {words.full_day(starts)}: pick {starts:%B %Y} or a later month.")
    else:
        st.info("All it had bought was used or had lapsed. Pick an earlier month, or one after it bought again.")
    muted("There is no statement to send.")


render(current())
