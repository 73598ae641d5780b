"""One attribute of content, filled until its room is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer.content.arguments import parsed
from gossamer.content.copies import PartCopier
from gossamer.content.limits import Fitted, encode, fit, fit_text, size
from gossamer.content.plain import exact, sane
from gossamer.content.redaction import redacted
from gossamer.content.schemas import valid_document, valid_part, valid_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gossamer.content.policy import Policy
    from gossamer.messages.message import Message, Part

_LONGEST_NAME: Final = 256
_SMALLEST: Final = len('{"role":"","parts":[]}')


class Section:
    """What goes into one attribute: structured values, and the JSON text of each, encoded once.

    Limits count bytes, also the one that the SDK counts in characters: those are never more.
    """

    def __init__(self, policy: Policy, room: int) -> None:
        self.values: list[Any] = []
        self.cut = False
        """Something was left out."""
        self._policy = policy
        self._copier = PartCopier(policy)
        self._jsons: list[str] = []
        limit = policy.attribute_limit
        self._room = room if limit is None or limit > room else limit
        self._left = self._room - 2  # without the brackets; each entry then takes a comma along
        self._full = False

    @property
    def size(self) -> int:
        """Of the JSON text, in bytes."""
        return self._room - self._left - 1 if self.values else 0

    def json(self) -> str:
        """The attribute's JSON text."""
        return f"[{','.join(self._jsons)}]"

    def add_instructions(self, parts: Iterable[Part]) -> None:
        """Add the parts of instructions, first to last."""
        for part in parts:
            if not self._goes_on():
                return
            self._add(self._fitted(part, self._left))

    def add_tools(self, tools: Sequence[Any], read: Callable[[Any, bool], Part | None]) -> None:
        """Add definitions of tools, first to last."""
        for position, tool in enumerate(tools):
            if not self._goes_on(position):
                return
            part = read(tool, self._policy.tool_details)
            if part is not None:
                self._add(self._fitted(part, self._left, valid_tool))

    def add_documents(self, documents: Iterable[Part]) -> None:
        """Add what a search has found, best first."""
        for document in documents:
            if not self._goes_on():
                return
            self._add(self._fitted(document, self._left, valid_document))

    def add_outputs(self, messages: Iterable[Message]) -> None:
        """Add what was answered, first to last."""
        for message in messages:
            if not self._goes_on():
                return
            self._add(self._message(message))

    def add_inputs(self, items: Sequence[Any], read: Callable[[Any], Message | None]) -> None:
        """Add the newest messages that there is room for. Older ones are not even looked at."""
        for position, item in enumerate(reversed(items)):
            if not self._goes_on(position):
                break
            message = read(item)
            if message is not None:
                self._add(self._message(message))
        self.values.reverse()
        self._jsons.reverse()

    def _goes_on(self, position: int = 0) -> bool:
        """Whether there may be room for an entry. What has nothing to show takes room too, or a long
        conversation of such would be walked to its end.
        """
        if self._full or self._left < 0 or position * _SMALLEST > self._room:
            self.cut = True
            return False
        return True

    def _add(self, found: Fitted | None) -> None:
        if found is not None:
            self.values.append(found.value)
            self._jsons.append(found.json)
            self._left -= found.size + 1

    def _message(self, message: Message) -> Fitted | None:
        role = self._label(message.get("role"))
        name = self._name(message.get("name"))
        head = f'{{"role":{encode(role)},"parts":['
        tail = f'],"name":{encode(name)}}}' if name else "]}"
        shell = size(head) + size(tail)
        left = self._left - shell
        if left < 0:
            self.cut = self._full = True
            return None
        values, jsons = [], []
        for part in message["parts"]:
            found = self._fitted(part, left)
            if found is not None:
                values.append(found.value)
                jsons.append(found.json)
                left -= found.size + 1
            if self._full:
                break
        if self._full and not values:
            return None
        made: Message = {"role": role, "parts": values}
        if name:
            made["name"] = name
        taken = self._left - left - (1 if values else 0)
        return Fitted(made, f"{head}{','.join(jsons)}{tail}", taken)

    def _name(self, value: Any) -> str:
        """Who a message is from, which may be a person: the app's hook sees it as a text."""
        name, redact = self._label(value), self._policy.redact
        if not name or redact is None:
            return name
        part = redacted(redact, {"type": "text", "content": name})
        return "" if part is None else self._label(part.get("content"))

    def _label(self, value: Any) -> str:
        text = exact(value)
        if type(text) is not str:
            return ""
        if len(text) > _LONGEST_NAME:
            self.cut = True
        return sane(text[:_LONGEST_NAME])

    def _fitted(self, part: Part, left: int, valid: Callable[[Part], Part] = valid_part) -> Fitted | None:
        """A part as it is recorded, if it is, in what is left of the room."""
        policy = self._policy
        room = min(left, policy.part_limit)
        if policy.redact is None:
            found = fit_text(part, room)
            if found is not None:
                return found
        recorded = self._recorded(part, valid)
        if recorded is None:
            return None
        found = fit(recorded, room)
        if found is None or not found.whole:
            self.cut = True
            self._full = left < policy.part_limit
        return found

    def _recorded(self, part: Part, valid: Callable[[Part], Part]) -> Part | None:
        """All that may be recorded of a part, before it is cut; None where the app's hook drops it."""
        policy = self._policy
        made = self._copy(part)
        if made.get("type") == "tool_call" and type(made.get("arguments")) is str:
            # Before the hook sees them, never after it: what is escaped in a text must not come out then.
            made["arguments"] = parsed(made["arguments"], policy.part_limit)
        made = valid(made)
        if policy.redact is None:
            return made
        response = made.get("response")
        if type(response) is list:
            made["response"] = [
                seen
                for entry in response
                if (seen := redacted(policy.redact, entry) if _is_part(entry) else entry) is not None
            ]
            made = self._copy(made)
        result = redacted(policy.redact, made)
        return None if result is None else valid(self._copy(result))

    def _copy(self, part: Part) -> Part:
        made = self._copier.copy(part)
        if not self._copier.whole:
            self.cut = True
        return made


def _is_part(value: Any) -> bool:
    return type(value) is dict and type(value.get("type")) is str
