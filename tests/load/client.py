"""One viewer of the real server, as a browser is one: a connection on which pages are asked for and answers drawn."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from streamlit.proto.Element_pb2 import Element
    from websockets.asyncio.client import ClientConnection


@dataclass(frozen=True)
class Run:
    """One run of a page: from asking to the end of the script, on the viewer's clock."""

    begun: float
    seconds: float
    messages: tuple[bytes, ...]
    is_whole: bool


class Session:
    """A viewer's connection. It keeps the widgets that were drawn, to set them as a click does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._pages: dict[str, str] = {}
        self._widgets: dict[str, Element] = {}

    async def open(self, page: str, parameters: Mapping[str, str]) -> Run:
        """Follow a link; a connection does so once.

        Args:
            page: the last part of its address; empty is the first page.
            parameters: of the URL.
        """
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.query_string = urlencode(parameters)
        return await self._run(asked)

    async def turn_to(self, page: str, parameters: Mapping[str, str]) -> Run:
        """Pick a page in the navigation.

        Args:
            page: as for `open`.
            parameters: those of the shared choices, which the browser keeps.
        """
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self._pages[page]
        asked.rerun_script.query_string = urlencode(parameters)
        return await self._run(asked)

    async def choose(self, name: str, value: str | None, parameters: Mapping[str, str]) -> Run:
        """Set the widget of a parameter, or clear it.

        Args:
            name: the parameter.
            value: as the URL says it; None clears.
            parameters: of the URL with the choice made, as the browser has it then.
        """
        element = self._widgets[name]
        kind = element.WhichOneof("type")
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self._page
        asked.rerun_script.query_string = urlencode(parameters)
        state = asked.rerun_script.widget_states.widgets.add(id=getattr(element, kind).id)
        if kind == "selectbox":
            if value is not None:
                state.string_value = value
        else:
            days = kind == "date_input"
            state.string_array_value.data.extend([] if value is None else [value.replace("-", "/") if days else value])
        return await self._run(asked)

    def offers(self, name: str) -> bool:
        """Whether the page last drawn has a widget for a parameter."""
        return name in self._widgets

    async def _run(self, asked: BackMsg) -> Run:
        self._widgets.clear()
        messages: list[bytes] = []
        begun = time.monotonic()
        await self._socket.send(asked.SerializeToString())
        while True:
            data = await self._socket.recv(decode=False)
            messages.append(data)
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
                self._page = message.navigation.page_script_hash
            elif kind == "delta":
                self._note_widget(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                is_whole = message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                return Run(begun, time.monotonic() - begun, tuple(messages), is_whole)

    def _note_widget(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind in {"selectbox", "date_input", "button_group"}:
            self._widgets[getattr(element, kind).query_param_key] = element


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Session]:
    """A viewer's connection to a server.

    Args:
        address: as a browser is given it, such as `http://127.0.0.1:8501`.
    """
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], origin=address, max_size=None) as socket:
        yield Session(socket)
