"""Copies of what the readers hand out: plain values, and of data only what the settings ask for."""

from __future__ import annotations

from binascii import a2b_base64
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gossamer.content.limits import stub
from gossamer.content.plain import Plain, TooLargeError, exact, key_of
from gossamer.fields import fields
from gossamer.messages.message import Base64
from gossamer.messages.response_parts import WITHHELD

if TYPE_CHECKING:
    from gossamer.content.policy import Binary, Policy
    from gossamer.messages.message import Part

#: Bytes. More would keep an event loop waiting; so would many of these, as a long conversation has them.
_HASHED: Final = 2 * 1024 * 1024
_HASHED_TOGETHER: Final = 2 * _HASHED
#: Whose fields are the provider's: what a tool of the app takes and brings may be called as it likes.
_OF_THE_PROVIDER: Final = ("generic", "server_tool_call", "server_tool_call_response")
_SMALLEST: Final = len('{"type":""}')
_SLICE: Final = 64 * 1024  # of base64, whose groups are of four characters


class PartCopier:
    """Copies parts. The texts of a part are left whole; of anything else that is larger than a part may be
    only the type stays.
    """

    __slots__ = ("_binary", "_hashable", "_room", "_values", "whole")

    def __init__(self, policy: Policy) -> None:
        self._room = policy.part_limit
        self._binary: Binary = policy.binary
        self._hashable = _HASHED_TOGETHER
        self._values = Plain(0)
        self.whole = True
        """Everything of the last part is in its copy."""

    def copy(self, part: Part) -> Part:
        """A plain part, which shares nothing mutable with the reader's or the app's."""
        self._values = Plain(self._room)
        self.whole = True
        made = self._one(part)
        response = made.get("response")
        if type(response) is list or type(response) is tuple:
            self._put_entries(made, response)
        return made

    def _one(self, part: Part) -> Part:
        made: Part = {}
        of = part.get("type")
        self._values.without = WITHHELD if type(of) is str and of in _OF_THE_PROVIDER else frozenset()
        payload = None
        for key, value in islice(dict.items(part), max(self._room, 0) + 1):
            kind = type(value)
            if type(key) is not str or not key or not key.isascii():
                key = key_of(key)  # noqa: PLW2901
            if kind is str:
                made[key] = value
            elif kind is Base64 and key == "content":
                payload, made[key] = value, ""
            elif key == "response" and issubclass(kind, (list, tuple)):
                made[key] = value  # parts, for which the same rules hold
            elif issubclass(kind, str):
                made[key] = exact(value)
            else:
                self._put_value(made, key, value)
        if payload is not None:
            self._put_payload(made, payload)
        return made

    def _put_entries(self, made: Part, response: Any) -> None:
        """What a tool brought: parts mostly. As many as can fit, however short they are."""
        made["response"] = entries = []
        try:
            for entry in response:
                if type(entry) is dict and type(entry.get("type")) is str:
                    self._values.need(_SMALLEST)
                    part = self._one(entry)
                    if "response" in part:
                        part["response"] = self._values.copy(part["response"])
                    entries.append(part)
                else:
                    entries.append(self._values.copy(entry))
        except TooLargeError:
            self._leave_out(made)

    def _put_value(self, made: Part, key: str, value: Any) -> None:
        try:
            made[key] = self._values.copy(value)
        except TooLargeError:
            made[key] = stub({"type": exact(fields(value).get("type"))})
            self._leave_out(made)

    def _leave_out(self, made: Part) -> None:
        made["truncated"] = True
        self.whole = False

    def _put_payload(self, made: Part, payload: Base64) -> None:
        """Of data that was sent inline."""
        if self._binary == "data":
            if self._values.spend(len(payload.text) - payload.start):
                made["content"] = payload.text[payload.start :]
                return
            self._leave_out(made)
        size = made["byte_size"] = payload.byte_size
        if self._binary == "sha256" and size <= _HASHED and size <= self._hashable:
            self._hashable -= size
            digest = _digest(payload)
            if digest is not None:
                made["sha256"] = digest


def _digest(payload: Base64) -> str | None:
    """Of the decoded bytes; None for what is no clean base64."""
    digest, size = sha256(), 0
    try:
        for start in range(payload.start, len(payload.text), _SLICE):
            piece = payload.text[start : start + _SLICE]
            decoded = a2b_base64(piece + "=" * (-len(piece) % 4))
            digest.update(decoded)
            size += len(decoded)
    except ValueError:
        return None
    return digest.hexdigest() if size == payload.byte_size else None  # other characters are passed over
