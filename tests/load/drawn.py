"""What a run drew, as a viewer reads it: the same for everyone who asks the same, however they came there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streamlit.proto.Element_pb2 import Element

#: The first number of an element's place on the page; the other is the sidebar, where the choices are.
MAIN = 0


class Drawn:
    """The elements of a run, in the order of the page."""

    def __init__(self, messages: Sequence[bytes]) -> None:
        """Take the messages of one run, from its beginning to its end.

        Args:
            messages: ForwardMsg, serialized.
        """
        at: dict[tuple[int, ...], Element | None] = {}
        for message in map(ForwardMsg.FromString, messages):
            if message.WhichOneof("type") == "delta":
                is_element = message.delta.WhichOneof("type") == "new_element"
                at[tuple(message.metadata.delta_path)] = message.delta.new_element if is_element else None
        self._elements = [(path, element) for path, element in sorted(at.items()) if element is not None]

    def errors(self) -> list[str]:
        """Tracebacks and error boxes, wherever they are."""
        found = []
        for _, element in self._elements:
            if element.WhichOneof("type") == "exception":
                found.append(f"{element.exception.type}: {element.exception.message}")
            if element.WhichOneof("type") == "alert" and element.alert.format == element.alert.ERROR:
                found.append(element.alert.body)
        return found

    def said(self) -> list[Any]:
        """What the page shows, without what is each session's own, as ids, and without the choices beside it."""
        return [
            [kind, _SAID[kind](getattr(element, kind))]
            for path, element in self._elements
            if path[0] == MAIN and (kind := element.WhichOneof("type")) in _SAID
        ]

    def text(self) -> str:
        """All of it as text, to look for words in it."""
        return json.dumps(self.said(), ensure_ascii=False)

    def digest(self) -> str:
        """The same for two runs that show the same."""
        return hashlib.sha256(json.dumps(self.said(), sort_keys=True).encode()).hexdigest()


def _fields(*names: str) -> Callable[[Any], list[str]]:
    return lambda proto: [str(getattr(proto, name)) for name in names]


def _rows(data: bytes) -> list[str]:
    """Columns and values of a table, its types included; the same rows may be written as different bytes."""
    table = pa.ipc.open_stream(data).read_all().combine_chunks()
    return [repr(table.schema.remove_metadata()), *(repr(column.to_pylist()) for column in table.columns)]


def _dataframe(proto: Any) -> list[str]:
    return [proto.alt, proto.columns, *proto.column_order, *_rows(proto.arrow_data.data)]


#: What a viewer reads of each kind of element; the rest is layout, progress or each session's own.
_SAID: dict[str | None, Callable[[Any], Any]] = {
    "markdown": _fields("body"),
    "heading": _fields("tag", "body"),
    "alert": _fields("format", "body"),
    "code": _fields("code_text"),
    "exception": _fields("type", "message"),
    "metric": _fields("label", "body", "delta", "direction", "color", "help"),
    "dataframe": _dataframe,
    "table": lambda proto: [proto.alt, *_rows(proto.arrow_data.data)],
    "plotly_chart": lambda proto: [proto.alt, json.loads(proto.spec)],
    "selectbox": lambda proto: [proto.label, *proto.options],
    "button_group": lambda proto: [proto.label, *(option.content for option in proto.options)],
    "download_button": _fields("label", "help"),
    "button": _fields("label"),
    "link_button": _fields("label", "url"),
    "page_link": _fields("label"),
    "file_uploader": _fields("label", "type"),
}
