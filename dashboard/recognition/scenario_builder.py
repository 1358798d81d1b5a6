"""A scenario put together rule by rule; its text lives in the URL, so that a link or a reload shows the same."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import streamlit as st

from dashboard import access_log
from dashboard.parts import muted, plain
from dashboard.recognition.derived_words import percent
from dashboard.recognition.words import MODELLED, known, said
from dashboard.session import View, choices, store
from dashboard.sign_in import SAVE_SCENARIO, viewer
from data.named_texts import NameRefusedError, remove, save, saved, scenarios_file
from data.schema import RATABLE_CONVENTIONS
from queries.scenario import CAUTIOUS, RECORDED, Rule, Scenario, ScenarioError
from queries.scope import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT: Final = "scenario"
NAME: Final = "scenario_name"
_NOTICE: Final = "_scenario_notice"
_AS_BOOKED: Final = "as booked"
_RATE: Final = "a rate"
_BREAKAGE: Final = {
    RECORDED: "as recorded",
    CAUTIOUS: "what-if: the forecast's cautious share",
    _RATE: "what-if: a rate",
}
_EVERY: Final = "every lot"
_RULES_FOR: Final = ("service", "vehicle", "contract", "all")
_FIRST_RATE: Final = "0.15"


def wanted() -> tuple[str, Scenario | None]:
    """The text in the URL and the scenario it says, None where it says none: the page then shows why."""
    text = st.query_params.get(TEXT, "")
    try:
        return text, Scenario.parse(text)
    except ScenarioError as error:
        st.error(plain(f"The scenario of this link can't be read. {error}"))
        return text, None


def known_scenarios(view: View) -> dict[str, str]:
    """The saved scenarios that can be read, of those about what the viewer may see; a damaged file is named."""
    try:
        names = saved(scenarios_file(store()))
    except NameRefusedError as error:
        st.error(plain(str(error)))
        return {}
    return (
        names if view.scope == EVERYTHING else {name: text for name, text in names.items() if _is_in_scope(view, text)}
    )


def _is_in_scope(view: View, text: str) -> bool:
    """Whether all a scenario's rules are about is there for the viewer: a rule, and its name, may tell of a client."""
    try:
        rules = Scenario.parse(text).rules
    except ScenarioError:
        return False
    whole = view.unfiltered()
    return all(rule.dimension == "all" or rule.value in _values(whole, rule.dimension) for rule in rules)


def name_of(text: str, names: dict[str, str]) -> str | None:
    """The name a scenario is saved under."""
    return next((name for name, kept in names.items() if kept == text), None)


def build(view: View, scenario: Scenario, names: dict[str, str]) -> None:
    """Draw the builder."""
    with st.container(border=True):
        _rules(scenario)
        _new_rule(view, scenario)
        _breakage(scenario)
        _keep(scenario, names)
        if notice := st.session_state.pop(_NOTICE, None):
            st.warning(plain(notice))
    _warn_of_idle_rules(view, scenario)


def rule_in_words(rule: Rule) -> str:
    """A rule as people say it: `service training: ratable, month even`."""
    covered = f"{rule.dimension} {rule.value}" if rule.value else _EVERY
    convention = f", {said(rule.convention)}" if rule.convention else ""
    return f"{covered}: {said(rule.policy)}{convention}"


def in_words(scenario: Scenario) -> str:
    """A scenario as people say it."""
    parts = [rule_in_words(rule) for rule in scenario.rules]
    if scenario.breakage == CAUTIOUS:
        parts.append("the forecast's cautious share as breakage estimate (what-if)")
    elif scenario.breakage != RECORDED:
        parts.append(f"{percent(Decimal(scenario.breakage))} as breakage estimate (what-if)")
    return "; ".join(parts) or "everything as booked"


def show(scenario: Scenario) -> None:
    """Put a scenario into the URL."""
    text = str(scenario)
    if text:
        st.query_params[TEXT] = text
    else:
        st.query_params.pop(TEXT, None)


def _rules(scenario: Scenario) -> None:
    for place, rule in enumerate(scenario.rules):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(plain(rule_in_words(rule)), width="content")
            rest = (*scenario.rules[:place], *scenario.rules[place + 1 :])
            st.button(
                "Remove",
                key=f"remove_rule_{place}",
                type="tertiary",
                on_click=show,
                args=(Scenario(rest, scenario.breakage),),
                help=f"Remove the rule for {rule.dimension} {rule.value}".strip(),
            )


def _new_rule(view: View, scenario: Scenario) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dimension = st.selectbox(
            "Rule for", _RULES_FOR, format_func=lambda name: _EVERY if name == "all" else name, key="_rule_for"
        )
        value = "" if dimension == "all" else str(_value(view, dimension))
        policy = st.selectbox("Policy", [said(name) for name in MODELLED], key="_rule_policy")
        convention = None
        if known(policy) == "ratable":
            convention = st.selectbox("Spread", [_AS_BOOKED, *map(said, RATABLE_CONVENTIONS)], key="_rule_spread")
        spread = known(convention) if convention and convention != _AS_BOOKED else None
        rule = Rule(dimension, value, known(policy), spread)
        st.button("Add rule", on_click=_add, args=(scenario, rule), type="primary")


def _value(view: View, dimension: str) -> object:
    return st.selectbox(dimension.capitalize(), _values(view, dimension), key=f"_rule_{dimension}")


def _values(view: View, dimension: str) -> list[str]:
    """What a rule can be about in this view."""
    if dimension == "vehicle":
        return choices(view.snapshot.folder, view.scope)["vehicle"]
    column = "service" if dimension == "service" else "contract_id"
    values: list[str] = view.ask("lot_terms")[column].unique().sort().to_list()
    return values


def _add(scenario: Scenario, rule: Rule) -> None:
    """A rule takes the place of one about the same lots."""
    others = tuple(one for one in scenario.rules if (one.dimension, one.value) != (rule.dimension, rule.value))
    show(Scenario((*others, rule), scenario.breakage))


def _breakage(scenario: Scenario) -> None:
    is_rate = scenario.breakage not in _BREAKAGE
    st.session_state["_breakage"] = _RATE if is_rate else scenario.breakage
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Breakage estimate of proportional",
            list(_BREAKAGE),
            format_func=_BREAKAGE.__getitem__,
            key="_breakage",
            on_change=_estimate,
            args=(scenario,),
            width=330,
        )
        if is_rate:
            st.session_state["_rate"] = float(Decimal(scenario.breakage) * 100)
            st.number_input(
                "Rate in %",
                0.0,
                100.0,
                step=1.0,
                format="%0.1f",
                key="_rate",
                on_change=_estimate,
                args=(scenario,),
                width=140,
            )


def _estimate(scenario: Scenario) -> None:
    chosen = st.session_state["_breakage"]
    if chosen == _RATE:
        percentage = st.session_state.get("_rate")
        chosen = _FIRST_RATE if percentage is None else f"{(Decimal(str(percentage)) / 100).normalize():f}"
    show(Scenario(scenario.rules, chosen))


def _keep(scenario: Scenario, names: dict[str, str]) -> None:
    """Save under a name, load and delete."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        may_save = viewer().may(SAVE_SCENARIO)
        if may_save:
            st.text_input("Name", key=NAME, placeholder="Training ratable", width=220)
            st.button("Save", on_click=_told(_save), args=(str(scenario),), disabled=not str(scenario))
        if names:
            st.selectbox("Saved", list(names), key="_saved", width=220)
            st.button("Load", on_click=_load, args=(names,))
            if may_save:
                st.button("Delete", on_click=_told(_delete))
        if str(scenario):
            st.button("Clear", type="tertiary", on_click=show, args=(Scenario(),))


def _told(action: Callable[..., None]) -> Callable[..., None]:
    """An action whose failure is told on the page."""

    def tried(*args: object) -> None:
        try:
            action(*args)
        except (NameRefusedError, OSError) as error:
            st.session_state[_NOTICE] = f"Not done: {error}"

    return tried


def _save(text: str) -> None:
    name = st.session_state.get(NAME, "")
    if viewer().may(SAVE_SCENARIO):
        save(scenarios_file(store()), name, text)
        access_log.did("save scenario", access_log.seen(), scenario=name, text=text)


def _load(names: dict[str, str]) -> None:
    name = st.session_state["_saved"]
    st.query_params[TEXT] = names[name]
    st.session_state[NAME] = name


def _delete() -> None:
    name = st.session_state["_saved"]
    if viewer().may(SAVE_SCENARIO):
        remove(scenarios_file(store()), name)
        access_log.did("delete scenario", access_log.seen(), scenario=name)


def _warn_of_idle_rules(view: View, scenario: Scenario) -> None:
    """A rule about nothing in the view changes nothing: say so."""
    for rule in scenario.rules:
        if rule.dimension == "all":
            continue
        there = _values(view, rule.dimension)
        if rule.value not in there:
            hint = f" There are: {', '.join(there)}." if rule.dimension != "contract" else ""
            st.warning(
                plain(f"Nothing shown has the {rule.dimension} “{rule.value}”, so its rule changes nothing.{hint}")
            )


def explain() -> None:
    """What the rules mean."""
    muted(
        "Of several rules that cover a lot the most specific counts: contract, then service, vehicle, every lot. What"
        " no rule covers stays as booked. A scenario is a question, never a booking."
    )
