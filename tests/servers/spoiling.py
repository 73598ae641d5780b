"""How a server's answer goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .kinds import Kind, body_of, event_of
from .play import Piece, http

#: Whether a profile for many examples was chosen, as `make fuzz` does.
MANY = settings.default is not None and settings.default.max_examples > 500


def few(examples: int) -> Callable[[Any], Any]:
    """So many examples, the same each time, unless there are to be many."""
    if MANY:
        return lambda test: test
    quiet = list(HealthCheck)
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=quiet
    )


# --- values of other types

#: What may stand in any place of a JSON document.
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 7, 2**31, 2**63, 10**30, 10**400, -(10**400)),
    *(0.5, -0.0, 1e308, float("nan"), float("inf"), float("-inf")),
    *(
        "",
        "text",
        "1",
        "\x00",
        "\ud800",
        "a\udc00b",
        "completed",
        "failed",
        "error",
        "界" * 3000,
        "{",
        "[DONE]",
    ),
    *([], [None], [[]], [0], ["text"], [{}], {}, {"": None}, {"type": "text"}, {"\ud800": "\ud800"}),
    *({"type": "function_call"}, {"code": "x", "message": "y"}, {"error": {"message": "no"}}, {"self": {}}),
]
ODD_KEYS = [
    "",
    "type",
    "unknown",
    "\ud800",
    "model_config",
    "_request_id",
    "__dict__",
    "self",
    "error",
    "usage",
]


def _nested(depth: int) -> Any:
    value: Any = "deep"
    for level in range(depth):
        value = [value] if level % 2 else {"content": value}
    return value


odd_values = st.one_of(st.sampled_from(ODD).map(deepcopy), st.sampled_from([10, 60, 300]).map(_nested))


@st.composite
def spoiled(draw: Any, document: Any, most: int = 8) -> Any:
    """A document with some fields of another type, some gone and some that nobody knows."""
    if not isinstance(document, (dict, list)):
        return draw(odd_values)
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, most))):
        parent = document
        while True:  # down to some field
            keys: Any = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
            key = draw(st.sampled_from(keys)) if keys else None
            if not keys or not isinstance(parent[key], (dict, list)) or draw(st.integers(0, 3)) == 0:
                break
            parent = parent[key]
        do = draw(st.sampled_from(["change", "change", "change", "change", "delete", "add"]))
        if do == "change" and keys:
            parent[key] = draw(odd_values)
        elif do == "delete" and keys:
            del parent[key]
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(ODD_KEYS))] = draw(odd_values)
        else:
            parent.append(draw(odd_values))
    return document


@st.composite
def spoiled_body(draw: Any, kind: Kind) -> list[Piece]:
    """A good answer, or the events of a stream, with odd values in it."""
    if not kind.streams:
        whole = draw(st.integers(0, 19)) == 0
        return [json.dumps(draw(odd_values) if whole else draw(spoiled(kind.answer))).encode()]
    places = draw(st.sets(st.integers(0, len(kind.answer) - 1), min_size=1, max_size=4))
    body = body_of(kind)
    for place in places:
        name, data = kind.answer[place]
        body[place] = event_of(name, json.dumps(draw(spoiled(data, 2))))
    return list(body)


# --- bytes that are no JSON

NO_JSON = [
    *(
        "",
        " ",
        "null",
        "[]",
        "[1]",
        "5",
        '"text"',
        "true",
        "NaN",
        "-Infinity",
        "1e999",
        "{",
        '{"choices":',
        "{}",
    ),
    *(
        "<html>",
        "\ufeff{}",
        '{"choices": 1, "choices": []}',
        '{"a": "\\ud800"}',
        "9" * 5000,
        '{"usage": ' + "9" * 4000,
    ),
    *("[" * 100_000, '{"choices":' * 20_000, "[" * 300 + "]" * 300, '{"error": null}', '{"error": {}}'),
    '{"error": {"message": "a\\ud800", "code": "b\\ud800", "type": "c\\ud800"}}',
    *('{"error": "text"}', '{"error": {"message": null, "code": 5}}', '{"error": []}', "\x00", "{'a': 1}"),
]


@st.composite
def corrupted(draw: Any, body: list[bytes]) -> list[Piece]:
    """A body cut at a byte, with a byte flipped or put in, or with a text in some place that is no answer."""
    streams = len(body) > 1
    content = bytearray(b"".join(body))
    do = draw(st.sampled_from(["cut", "flip", "insert", "replace", "replace"]))
    if do == "replace":
        text = draw(st.sampled_from(NO_JSON))
        if not streams:
            return [text.encode(errors="surrogatepass")]
        place = draw(st.integers(0, len(body) - 1))
        name = draw(st.sampled_from([None, "error", "thread.run.completed", "response.completed", "novelty"]))
        return [*body[:place], event_of(name, text), *body[place:]]
    place = draw(st.integers(0, len(content) - 1))
    if do == "cut":
        del content[place:]
    elif do == "flip":
        content[place] ^= draw(st.integers(1, 255))
    else:
        content[place:place] = draw(st.binary(min_size=1, max_size=4))
    return list(draw(cut_up(bytes(content))))


@st.composite
def cut_up(draw: Any, content: bytes) -> list[bytes]:
    """Bytes as they may come from a socket."""
    if draw(st.integers(0, 5)) == 0:
        return [content[place : place + 1] for place in range(len(content))]
    places = sorted(draw(st.sets(st.integers(0, max(len(content), 1)), max_size=8)))
    return [content[start:end] for start, end in zip([0, *places], [*places, len(content)], strict=True)]


# --- events in other lines

NEWLINES = st.sampled_from(["\n", "\n", "\r\n", "\r"])
BESIDE = [
    ": ping",
    ":",
    "id: 7",
    "id",
    "retry: 10",
    "retry: soon",
    "event",
    "data",
    "nonsense",
    "DATA: {}",
    " data: {}",
]
DONE = b"data: [DONE]\n\n"


@st.composite
def framed(draw: Any, kind: Kind) -> list[Piece]:
    """The events of a stream in lines of every kind that there is, cut anywhere."""
    lines: list[str] = ["\ufeff"] if draw(st.integers(0, 9)) == 0 else []
    newline = draw(NEWLINES)
    for name, data in kind.answer:
        if draw(st.integers(0, 3)) == 0:
            lines += [draw(st.sampled_from(BESIDE)) + newline]
            lines += [newline] * draw(st.integers(0, 2))
        text = json.dumps(data, ensure_ascii=draw(st.booleans()))
        if draw(st.integers(0, 9)) == 0:
            newline = draw(NEWLINES)
        told = draw(st.sampled_from([name, name, name, name, None, "novelty", "error"]))
        lines += [f"event: {told}{newline}"] if told else []
        colon = draw(st.sampled_from(["data: ", "data: ", "data:"]))
        place = text.find(", ", draw(st.integers(0, len(text)))) if draw(st.integers(0, 4)) == 0 else -1
        parts = [text] if place < 0 else [text[: place + 1], text[place + 1 :]]
        lines += [f"{colon}{part}{newline}" for part in parts]
        lines += [newline]
    body = "".join(lines).encode()
    ending = draw(st.sampled_from(["once", "once", "missing", "twice", "early", "followed", "unfinished"]))
    if ending == "early":
        place = body.find(b"\n\n", draw(st.integers(0, len(body)))) + 2
        body = body[:place] + DONE + body[place:] + DONE
    elif ending == "unfinished":
        body = body.rstrip(b"\r\n")
    else:
        body += {"once": DONE, "missing": b"", "twice": DONE * 2, "followed": DONE + event_of(None, "{}")}[
            ending
        ]
    return list(draw(cut_up(body)))


# --- connections that end

DROPS: list[type[BaseException]] = [
    http.ReadError,
    http.RemoteProtocolError,
    http.ReadTimeout,
    http.ConnectError,
    http.ConnectTimeout,
    http.DecodingError,
    ConnectionResetError,
    OSError,
]


@st.composite
def dropped(draw: Any, body: list[bytes]) -> list[Piece]:
    """A body that ends with an exception somewhere."""
    pieces: list[Piece] = list(draw(cut_up(b"".join(body))))
    return [*pieces[: draw(st.integers(0, len(pieces)))], draw(st.sampled_from(DROPS))]
