"""What one call said, as far as it may be recorded: its messages, instructions and tools, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer import semconv
from gossamer.content.limits import prefix, size
from gossamer.content.plain import exact
from gossamer.content.policy import Policy
from gossamer.content.redaction import RedactionError, redacted
from gossamer.content.section import Section

if TYPE_CHECKING:
    from gossamer.fields import Fields
    from gossamer.messages.message import Reader

__all__ = ["Content", "Policy"]

_SENT: Final = (semconv.SYSTEM_INSTRUCTIONS, semconv.TOOL_DEFINITIONS, semconv.INPUT_MESSAGES)
_ANSWERED: Final = (semconv.OUTPUT_MESSAGES, semconv.RETRIEVAL_DOCUMENTS)


class Content:
    """The content of one call. It is read when the request is sent and when the answer is there.

    Nothing of the app's is kept but its texts. A failure leaves what was recorded before it.
    """

    def __init__(self, reader: Reader, policy: Policy) -> None:
        self.sections: dict[str, Any] = {}
        """Attribute → its structured value."""
        self.truncated: list[str] = []
        """The attributes of which something was cut."""
        self.dropped = False
        """Redaction failed: nothing is recorded of this call."""
        self._reader = reader
        self._policy = policy
        self._jsons: dict[str, str] = {}
        self._sent = 0

    def read_request(self, body: Fields) -> None:
        """Read what is about to be sent. It may take three quarters of the room."""
        if not self.dropped:
            try:
                self._read_sent(body, answered=False)
            except RedactionError:
                self._drop()

    def read_answer(self, answer: Fields) -> None:
        """Read what came back. It may take what is left of the room."""
        if not self.dropped:
            try:
                if self._reader.fetched:
                    self._read_sent(answer, answered=True)
                made = Section(self._policy, self._policy.limit - self._sent)
                if self._reader.documents is not None:
                    made.add_documents(self._reader.documents(answer))
                    self._keep(_ANSWERED, {semconv.RETRIEVAL_DOCUMENTS: made})
                else:
                    made.add_outputs(self._reader.outputs(answer))
                    self._keep(_ANSWERED, {semconv.OUTPUT_MESSAGES: made})
            except RedactionError:
                self._drop()

    def text(self, value: str) -> str | None:
        """A text by itself, such as that of an error, which may quote the prompt: redacted and cut."""
        if self.dropped:
            return None
        try:
            text = self._redacted(value)
        except RedactionError:
            self._drop()
            return None
        return None if text is None else prefix(text, self._longest_text())

    def cut(self, name: str) -> None:
        """Remember that this attribute lacks something."""
        if name not in self.truncated and not self.dropped:
            self.truncated.append(name)

    def as_json(self) -> dict[str, str]:
        """Attribute → its JSON text; of what is a text itself, that."""
        return self._jsons.copy()

    def _read_sent(self, found: Fields, *, answered: bool) -> None:
        """Instructions come first, then tools: without them the newest messages say little."""
        reader, policy = self._reader, self._policy
        room = policy.limit * 3 // 4
        made = {}
        parts = reader.instructions(found)
        if parts:
            section = made[semconv.SYSTEM_INSTRUCTIONS] = Section(policy, room)
            section.add_instructions(parts)
            room -= section.size
        tools = reader.tools(found)
        if tools:
            section = made[semconv.TOOL_DEFINITIONS] = Section(policy, room)
            section.add_tools(tools, reader.tool)
            room -= section.size
        items = () if answered else reader.inputs(found)
        if items:
            section = made[semconv.INPUT_MESSAGES] = Section(policy, room)
            section.add_inputs(items, reader.message)
            room -= section.size
        self._keep(_SENT, made)
        if reader.query is not None:
            room -= self._keep_query(reader.query(found), room)
        self._sent = policy.limit * 3 // 4 - room

    def _keep_query(self, given: str, room: int) -> int:
        """Keep what was searched for: a text, on the span as in an event. Returns its size in bytes."""
        text = self._redacted(given) or ""
        query = prefix(text, min(room, self._longest_text()))
        if len(query) < len(text):
            self.cut(semconv.RETRIEVAL_QUERY_TEXT)
        if query:
            self.sections[semconv.RETRIEVAL_QUERY_TEXT] = self._jsons[semconv.RETRIEVAL_QUERY_TEXT] = query
        return size(query)

    def _redacted(self, value: str) -> str | None:
        """A text as the app's hook lets it be recorded."""
        text = exact(value)
        redact = self._policy.redact
        if redact is not None and type(text) is str:
            part = redacted(redact, {"type": "text", "content": text})
            text = exact(part.get("content")) if part is not None else None
        return text if type(text) is str else None

    def _longest_text(self) -> int:
        policy = self._policy
        limit = policy.attribute_limit
        return policy.part_limit if limit is None else min(limit, policy.part_limit)

    def _keep(self, names: tuple[str, ...], made: dict[str, Section]) -> None:
        """Put these sections in the place of what there was of them."""
        for name in names:
            section = made.get(name)
            if section is not None and section.values:
                self.sections[name] = section.values
                self._jsons[name] = section.json()
            elif name in self.sections:
                del self.sections[name], self._jsons[name]
            if section is not None and section.cut:
                self.cut(name)

    def _drop(self) -> None:
        self.dropped = True
        self.sections, self.truncated, self._jsons = {}, [], {}
