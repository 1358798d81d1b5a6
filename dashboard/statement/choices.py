"""Which client and which month the page Statement is about: the link's, and what to say where it can't be followed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.filters import check, forget
from dashboard.parts import plain
from dashboard.statement.month import last_whole_month, month, months

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.session import View
    from dashboard.statement.month import Month


def clients(view: View) -> dict[str, str]:
    """The name of every client with a contract in view, by account_id; the id beside a name that several have."""
    accounts = view.source("accounts", **view.filters)
    names = dict(accounts.select("account_id", "name").iter_rows())
    count = Counter(names.values())
    labels = {one: f"{name} ({one})" if count[name] > 1 else name for one, name in names.items()}
    return dict(sorted(labels.items(), key=lambda item: (item[1].casefold(), item[0])))


def choose_client(view: View, known: Mapping[str, str]) -> str:
    """The client of the link, else the first."""
    first = next(iter(known))
    wanted = st.query_params.get("client")
    hidden = None if wanted is None or wanted in known else clients(view.unfiltered()).get(wanted)
    if hidden is None:
        check("client", list(known), known[first])
    else:
        by = " and ".join(f"{name} {value}" for name, value in view.filters.items())
        st.warning(plain(f"The client “{hidden}” is hidden by {by}; showing {known[first]}."))
    return _choice("Client", "client", known, first)


def choose_month(view: View) -> Month:
    """The month of the link, else the last that has ended."""
    contracts = view.unfiltered().source("contracts")
    first = min([view.as_of, *contracts["booked_on"], *contracts["starts_on"]])
    known = {key: month(key, view.as_of) for key in months(first, view.as_of)}
    usual = last_whole_month(view.as_of)
    usual = usual if usual in known else next(iter(known))
    check("month", list(known), known[usual].name)
    labels = {key: f"{one.name}, to date" if one.is_to_date else one.name for key, one in known.items()}
    return known[_choice("Month", "month", labels, usual)]


def _choice(label: str, name: str, known: Mapping[str, str], default: str) -> str:
    """A choice kept in the URL by its key and shown by its label, which a bound widget would not allow."""
    wanted = st.query_params.get(name, default)
    key = f"_{name}"
    st.session_state[key] = wanted if wanted in known else default
    chosen: str = st.selectbox(
        label, list(known), format_func=known.__getitem__, key=key, on_change=_follow, args=(name,)
    )
    return chosen


def _follow(name: str) -> None:
    forget(name)
    st.query_params[name] = st.session_state[f"_{name}"]
