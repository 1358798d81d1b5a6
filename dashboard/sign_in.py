"""Who asks, and what they may see and do: decided on the server at every run, from the identity and `access.toml`.

A page that lets someone do something asks `viewer().may(…)` where it is done: a button that is not drawn bars nobody.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import streamlit as st

from dashboard import access_log
from dashboard.parts import muted, plain
from dashboard.serving import WITHOUT_SIGN_IN, is_loopback, is_open_to_anyone
from dashboard.session import store
from data.access import ADMIN, CSM, FILE_NAME, Access, AccessError, access
from queries.scope import EVERYTHING, Scope

CLOSE: Final = "close"
SAVE_SCENARIO: Final = "save scenario"
IMPORT: Final = "import"
RESTORE: Final = "restore"

_MAY: Final = {
    CLOSE: ("finance", ADMIN),
    SAVE_SCENARIO: ("finance", ADMIN),
    IMPORT: (ADMIN,),
    RESTORE: (ADMIN,),
}
_ASK: Final = "Ask whoever runs Drawdown here"


class NotLetInError(Exception):
    """Someone who may see nothing; the message says why and what to do."""


class NotSignedInError(Exception):
    """Nobody has signed in yet."""


@dataclass(frozen=True)
class Viewer:
    """Who asks: their e-mail (None without sign-in), their role, and what they see."""

    name: str | None
    role: str
    scope: Scope
    #: What no other person has: their provider and what it knows them by. A name may be chosen.
    identity: str | None = None

    def may(self, action: str) -> bool:
        """Whether their role lets them do something: CLOSE, SAVE_SCENARIO, IMPORT or RESTORE."""
        return self.role in _MAY[action]


def is_configured() -> bool:
    """Whether people sign in here: the secrets have an `[auth]` section."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def viewer() -> Viewer:
    """Who asks, as their identity and the access file have it now.

    Raises:
        NotSignedInError: they have to sign in first.
        NotLetInError: they may see nothing.
    """
    if not is_configured():
        _refuse_strangers()
        return Viewer(None, ADMIN, EVERYTHING)
    claims = _claims()
    if not claims.get("is_logged_in"):
        raise NotSignedInError
    name = _name(claims)
    grant = None if _is_unverified(claims) else _access().grant(claims)
    if grant is None:
        why = "the address is not verified" if _is_unverified(claims) else "it has no role"
        raise NotLetInError(f"{name} is signed in but not let in: {why}. {_ASK} to give it one in {FILE_NAME}.")
    if grant.role == CSM and not grant.owners:
        raise NotLetInError(
            f"{name} is a csm of no owner, so there is nothing to see. {_ASK} to name the owners in {FILE_NAME}."
        )
    scope = Scope(grant.owners) if grant.role == CSM else EVERYTHING
    return Viewer(name, grant.role, scope, f"{claims.get('iss')} {claims.get('sub') or name}")


def let_in() -> Viewer:
    """Who asks; where they may see nothing, the page says so and ends here."""
    try:
        return viewer()
    except NotSignedInError:
        _ask_to_sign_in()
    except NotLetInError as error:
        _turn_away(str(error))


def still_let_in(scope: Scope) -> None:
    """What a part of a page that runs by itself begins with: rights may have changed since the page was drawn.

    Args:
        scope: what the page was drawn for.
    """
    if let_in().scope != scope:
        st.rerun()


def show(who: Viewer) -> None:
    """Say who is signed in, or that nobody has to be."""
    if who.name is not None:
        muted(f"{who.name} · {who.role}")
        st.button("Sign out", on_click=st.logout, type="tertiary")
    elif is_open_to_anyone():
        muted("No sign-in: anyone who reaches this address sees everything.")
    else:
        muted("No sign-in: this machine only.")


def _refuse_strangers() -> None:
    """Without sign-in nobody can be told apart: serve this machine alone, and nothing that is not for everyone.

    Raises:
        NotLetInError: the server can be reached from elsewhere, or an access file says who sees what.
    """
    if is_open_to_anyone():
        return
    if not is_loopback(st.get_option("server.address")):
        raise NotLetInError(
            "This server can be reached from other machines and has no sign-in, so it shows nothing. Set up sign-in"
            f" (docs/sign-in.md), serve localhost, or set {WITHOUT_SIGN_IN}=1 to show everything to anyone."
        )
    if (store() / FILE_NAME).exists():
        raise NotLetInError(
            f"This store has an {FILE_NAME}, and sign-in is not set up, so nobody can be told apart. Set it up"
            f" (docs/sign-in.md), or set {WITHOUT_SIGN_IN}=1 to show everything to anyone."
        )


def _claims() -> dict[str, Any]:
    return dict(st.user.to_dict())


def _name(claims: dict[str, Any]) -> str:
    return str(claims.get("email") or claims.get("name") or claims.get("sub"))


def _is_unverified(claims: dict[str, Any]) -> bool:
    """Whether the provider says that the e-mail is not proven to be theirs; some say it in words."""
    return str(claims.get("email_verified")).casefold() == "false"


def _access() -> Access:
    """The store's access file: without one nobody is let in.

    Raises:
        NotLetInError: it can't be used; why is for the server's log, not for whoever signs in.
    """
    try:
        return access(store()) or Access()
    except AccessError as error:
        sys.stderr.write(f"Nobody is let in. {error}\n")
        raise NotLetInError(f"Nobody can be let in now. {_ASK}: the server's log says what to mend.") from error


def _ask_to_sign_in() -> NoReturn:
    st.title("Drawdown", anchor=False)
    st.markdown("Burn-down, forecast of unused credits and revenue recognition for prepaid services.")
    st.button("Sign in", on_click=st.login, type="primary")
    st.stop()


def _turn_away(why: str) -> NoReturn:
    st.title("Drawdown", anchor=False)
    st.error(plain(why))
    if is_configured():
        access_log.refused(_name(_claims()), why)
        st.button("Sign out", on_click=st.logout)
    st.stop()
