"""How many tokens did a call take, where nobody tells? An estimate, made offline.

Only what the reader of an API shows is counted: no image, no audio, no file.
"""

from __future__ import annotations

from re import compile as pattern
from typing import TYPE_CHECKING, Any, Final

from gossamer.content.limits import encode as as_json
from gossamer.content.plain import Plain, TooLargeError
from gossamer.encodings import load_encodings
from gossamer.errors import swallow
from gossamer.messages import content_fold, reader_of
from gossamer.messages.completions import COMPLETIONS
from gossamer.messages.response_parts import string

if TYPE_CHECKING:
    from gossamer.encodings import Encode, Encodings
    from gossamer.fields import Fields
    from gossamer.messages.message import Message, Part, Reader
    from gossamer.operations import Attributes, Fold, Operation

#: The most that is counted of an input, and of an output: bytes of UTF-8. For 1 KiB, tiktoken takes 0.05 to
#: 0.09 ms where it is prose, code or JSON, 0.16 ms where it is base64: both sides, if full, 2 to 5 ms.
LIMIT: Final = 16 * 1024
_EACH_TEXT: Final = 16  # bytes that take as long as the call of tiktoken for one text more
_EACH_MESSAGE: Final = 48  # the same, for the reading of one message more

#: What the format of chats adds, by OpenAI's cookbook: to a message (its role is one token more), to one with
#: a name, and for the beginning of the answer.
_FRAME: Final = 3 + 1
_NAMED: Final = 1
_PRIMING: Final = 3


#: `Operation.content` of what is all text.
_COUNTED: Final = frozenset({"chat", "completions", "responses"})


class TokenCounter:
    """Counts the tokens of calls. Made once, in `instrument()`."""

    characters = LIMIT + 1
    """Of a stream's answer to keep: one more than is counted tells that there was more."""

    def __init__(self, encodings: Encodings) -> None:
        self._encodings = encodings

    @classmethod
    def load(cls) -> TokenCounter | None:
        """A counter with the encodings that are there. None, and a warning, where it could count nothing."""
        encodings = load_encodings()
        return None if encodings is None else cls(encodings)

    def counts(self, operation: Operation) -> bool:
        """Whether what this operation says is counted: text, by a model that was made for it."""
        return operation.content in _COUNTED

    def fold(self, operation: Operation, request: Attributes) -> Fold | None:
        """Keeps of a stream what is to be counted; None where there is nothing."""
        make = content_fold(operation)
        return None if make is None else make(request, self.characters)

    def count(
        self, model: str | None, operation: Operation, body: Fields, answer: Fields, *, cut: bool = False
    ) -> tuple[int | None, int | None]:
        """Tokens of the input and of the output; None for what cannot be counted, or is too large.

        Args:
            model: that answered, or was asked.
            operation: the call's.
            body: of the request.
            answer: in the shape of an unstreamed one.
            cut: whether the answer lacks something that was seen.
        """
        try:
            encode = self._encodings.of(model)
            if encode is None:
                return None, None
            reader = reader_of(operation)
            return _input(encode, reader, body), None if cut else _output(encode, reader, answer)
        except Exception as error:
            swallow(error)
            return None, None


def _input(encode: Encode, reader: Reader, body: Fields) -> int | None:
    if reader.fetched or _has_more_elsewhere(body):
        return None
    found = _Countable()
    chat = reader is not COMPLETIONS
    try:
        instructions = reader.instructions(body)
        if instructions:
            found.add_message({"parts": instructions}, framed=chat)
        tools = reader.tools(body)
        found.check(len(tools) * _EACH_TEXT)
        for entry in tools:
            found.add_value(reader.tool(entry, True))
        items = reader.inputs(body)
        found.check(len(items) * _EACH_MESSAGE)
        for item in items:
            message = reader.message(item)
            if message is not None:
                found.add_message(message, framed=chat)
    except TooLargeError:
        return None
    return found.tokens(encode, _PRIMING if chat else 0)


def _output(encode: Encode, reader: Reader, answer: Fields) -> int | None:
    found = _Countable()
    try:
        for message in reader.outputs(answer):
            found.add_message(message, framed=False)
    except TooLargeError:
        return None
    return found.tokens(encode)


def _has_more_elsewhere(body: Fields) -> bool:
    """Whether the provider adds to the input what it has stored."""
    return (
        body.get("previous_response_id") is not None
        or body.get("conversation") is not None
        or isinstance(body.get("prompt"), dict)  # a template; of the legacy Completions, a text or a list
    )


class _Countable:
    """One side of a call: its texts, by reference, as long as they are within the limit."""

    __slots__ = ("_left", "_others", "_runs", "_says_something", "_texts")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._others = 0
        self._says_something = False
        self._left = LIMIT
        self._runs = 0

    def tokens(self, encode: Encode, more: int = 0) -> int | None:
        """Of all that was added, and so many more; None when there was nothing to count."""
        if not self._says_something:
            return None
        return sum(len(encode(text)) for text in self._texts) + self._others + more

    def check(self, size: int) -> None:
        """Raise `TooLargeError` if so much would be too much."""
        if size > self._left:
            raise TooLargeError

    def add_message(self, message: Message, *, framed: bool) -> None:
        """A message with all its parts."""
        self._spend(_EACH_MESSAGE)
        if framed:
            self._others += _FRAME
            name = message.get("name")
            if name:
                self._others += _NAMED
                self._add(name)
        for part in message["parts"]:
            self._add_part(part)

    def add_value(self, value: Any) -> None:
        """A text, or the JSON of anything else."""
        if value is None:
            return
        text = string(value)
        if text is None:
            text = as_json(Plain(self._left).copy(value))
        if text:
            self._says_something = True
            self._add(text)

    def _add_part(self, part: Part) -> None:
        kind = part.get("type")
        if kind in ("text", "reasoning"):
            self.add_value(part.get("content"))
        elif kind == "tool_call":
            self.add_value(part.get("name"))
            self.add_value(part.get("arguments"))
        elif kind == "tool_call_response":
            self._add_result(part.get("response"))
        elif kind == "generic":
            if part.get("generic_type") == "refusal":
                self.add_value(part.get("content"))
            elif part.get("generic_type") == "tokens":
                self._says_something = True
                self._others += part["count"]

    def _add_result(self, response: Any) -> None:
        if isinstance(response, list):
            for part in response:
                self._spend(_EACH_TEXT)
                self._add_part(part)
        else:
            self.add_value(response)

    def _add(self, text: str) -> None:
        self._spend(len(text) + _EACH_TEXT)
        if not text.isascii():
            self._spend(len(text.encode(errors="surrogatepass")) - len(text))
        self._runs += _weight(text)
        if self._runs > _MOST_RUNS:
            raise TooLargeError
        self._texts.append(text)

    def _spend(self, size: int) -> None:
        self.check(size)
        self._left -= size


# Runs: tiktoken cuts a text into words, spaces and punctuation. Before 0.13, the time that one of these took
# went by the square of its bytes: 16,000 letters with no space between them took 85 ms, as many emoji 1.3 s.

_BLOCK: Final = 64
#: Blocks in a row count by their square: a run of some 600 characters, or 64 of up to 190.
_MOST_RUNS: Final = 64
#: A block that may be in one piece: of no space, digit or punctuation, so of letters and what is set on them;
#: of no space, letter or digit; or of spaces. All that `\p{L}` and `\p{M}` match in tiktoken's patterns is in
#: the first, and all that `[^\s\p{L}\p{N}]` matches in the second.
_ONE_PIECE: Final = pattern(
    r"[^\s\d\x00-@\[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u2000-\u206f"
    r"\u3001-\u3004\u3008-\u3020\uff01-\uff20\uff3b-\uff40\uff5b-\uff65]{64}"
    r"|(?:[^\w\s]|[_\x1c-\x1f]){64}|\s{64}"
)


def _weight(text: str) -> int:
    """How much of a text is in long runs. One of 127 characters or more has a block that is all within it."""
    weight = blocks = 0
    for start in range(0, len(text) - _BLOCK + 1, _BLOCK):
        if _ONE_PIECE.match(text, start):
            weight += 2 * blocks + 1
            blocks += 1
            if weight > _MOST_RUNS:
                break
        else:
            blocks = 0
    return weight
