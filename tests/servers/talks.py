"""Talks on websockets: what a server says and how it goes wrong, and what an app does."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from .protocols import ASKED, CREATE, RESPONSES, Event, Protocol
from .spoiling import NO_JSON, ODD, odd_values, spoiled
from .wire import Frame, Script

#: Fields that tell which response an event is about, and how it ends.
TELLING = (
    "id",
    "response_id",
    "stream_id",
    "delegation_id",
    "event_id",
    "sequence_number",
    "status",
    "usage",
)
TELLING_VALUES = [*ODD, "resp_1", "resp_2", "a", "b", "d1", "mine", "cancelled"]


def _holders(event: Any) -> list[Any]:
    """All dicts in an event that have something telling."""
    if not isinstance(event, dict):
        return []
    below = [holder for value in event.values() for holder in _holders(value)]
    return [event, *below]


@st.composite
def mistold(draw: Any, event: Event) -> Event:
    """An event whose ids, numbers or status are another's, odd or gone."""
    copy: Event = json.loads(json.dumps(event))
    holder = draw(st.sampled_from(_holders(copy)))
    name = draw(st.sampled_from([name for name in TELLING if name in holder] or TELLING))
    if name in holder and draw(st.integers(0, 3)) == 0:
        del holder[name]
    else:
        holder[name] = draw(st.sampled_from(TELLING_VALUES))
    return copy


@st.composite
def frames(draw: Any, protocol: Protocol) -> list[Frame]:
    """What a server says: its threads mixed, and some of it spoiled, doubled, gone or no JSON at all."""
    threads = [list(thread) for thread in draw(st.lists(st.sampled_from(protocol.threads), max_size=4))]
    made: list[Frame] = []
    while any(threads):
        thread = draw(st.sampled_from([thread for thread in threads if thread]))
        event = thread.pop(0)
        do = draw(
            st.sampled_from([*("as it is",) * 6, *("mistell", "spoil") * 2, "twice", "leave out", "odd"])
        )
        if do == "mistell":
            event = draw(mistold(event))
        elif do == "spoil":
            event = draw(spoiled(event, 2))
        text = json.dumps(event)
        if do == "odd":
            made.append(draw(odd_frames(text)))
        elif do != "leave out":
            made += [text.encode() if draw(st.integers(0, 9)) == 0 else text] * (2 if do == "twice" else 1)
    return made


FAILURES: list[type[BaseException]] = [TimeoutError, OSError, RuntimeError, MemoryError]


@st.composite
def odd_frames(draw: Any, text: str) -> Frame:
    """Something else than an event."""
    do = draw(st.sampled_from(["no JSON", "cut", "other type", "binary", "failure"]))
    if do == "failure":
        return draw(st.sampled_from(FAILURES))
    if do == "binary":
        return draw(st.binary(max_size=20))
    if do == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if do == "other type":
        kind = draw(st.sampled_from(["response.novelty", "response.novelty.delta", "", None, 5, ["error"]]))
        return json.dumps({**json.loads(text), "type": kind})
    return draw(st.sampled_from(NO_JSON)).encode(errors="replace").decode()


@st.composite
def scripts(draw: Any, protocol: Protocol) -> list[Script]:
    """Of one connection, or of some more, for an app that connects anew."""
    ends = st.sampled_from([1000, 1000, 1001, 1005, 1011, 1012, 4000, None, None])
    some = draw(st.sampled_from([1, 1, 1, 2, 3]))
    return [Script(draw(frames(protocol)), draw(ends)) for _ in range(some)]


# --- what an app does


def asks(event: Any) -> int:
    """How many responses an event asks for."""
    return int(isinstance(event, dict) and event.get("type") == CREATE)


def asks_as_text(message: Any) -> tuple[int, int]:
    """The same of a message, at least and at most: a long one is looked through only near its ends."""
    if not isinstance(message, (str, bytes, bytearray, memoryview)):
        return 0, 0
    text = message if isinstance(message, str) else bytes(message)
    try:
        asked = asks(json.loads(text))
    except (ValueError, RecursionError):
        return 0, 0
    return asked if len(text) <= 512 else 0, asked


@st.composite
def sent(draw: Any, protocol: Protocol) -> Any:
    """An event that the app sends."""
    event = draw(st.sampled_from(protocol.sends))
    do = draw(st.integers(0, 7))
    if do == 0:
        return draw(spoiled(event, 2))
    if do == 1:
        return {**event, draw(st.sampled_from([*TELLING, "response", "metadata", "item"])): draw(odd_values)}
    if do == 2:
        return {**event, "unserializable": object}
    return event


@st.composite
def written(draw: Any, protocol: Protocol) -> Any:
    """A message that the app has written itself."""
    text = json.dumps(draw(sent(protocol)), default=str)
    do = draw(st.sampled_from(["text", "text", "bytes", "bytearray", "view", "fragments", "long", "odd"]))
    if do == "odd":
        return draw(st.sampled_from([*NO_JSON, None, 5, {"type": CREATE}, b"\xff\xfe"]))
    if do == "long":
        return json.dumps({**json.loads(text), "last": "x" * 2000}) if text.startswith("{") else text
    return {"text": str, "bytes": str.encode, "bytearray": lambda text: bytearray(text.encode()),
            "view": lambda text: memoryview(text.encode()), "fragments": lambda text: [text[:5], text[5:]],
            }[do](text)  # fmt: skip


INTERRUPTS: list[type[BaseException]] = [KeyboardInterrupt, TimeoutError, ConnectionResetError]
few = st.integers(1, 8)


@st.composite
def programs(draw: Any, protocol: Protocol) -> list[tuple[Any, ...]]:
    """What the app does on one connection, in any order."""
    steps = st.one_of(
        st.tuples(st.just("send"), sent(protocol), st.sampled_from(["dict", "dict", "model", "elsewhere"])),
        st.tuples(st.just("send"), sent(protocol), st.just("dict")),
        st.tuples(st.just("send_raw"), written(protocol)),
        st.tuples(st.just("create")),
        st.tuples(st.sampled_from(["recv", "recv", "bytes", "parse", "parse twice", "elsewhere"]), few),
        st.tuples(st.sampled_from(["iterate", "iterate", "dispatch", "dispatch and fail"]), few),
        st.tuples(st.just("interrupt"), st.sampled_from(INTERRUPTS)),
        st.sampled_from([("gone",), ("impatient",), ("close",), ("drop",)]),
    )
    asks = [("send", event, "dict") for event in protocol.sends[: draw(st.integers(0, 3))]]
    program = [*asks, *draw(st.lists(steps, max_size=8))]
    return [
        *program,
        draw(st.sampled_from([("recv", 99), ("iterate", 99), ("bytes", 99), ("dispatch", 99), ("recv", 0)])),
    ]


@st.composite
def programs_on_lanes(draw: Any) -> list[tuple[Any, ...]]:
    """What the app does on lanes, in any order."""
    place = st.integers(0, 3)
    ids = st.sampled_from(["a", "b", "a", "", "no such id!", None, 5])
    steps = st.one_of(
        st.tuples(st.just("lane"), place, ids),
        st.tuples(st.just("send"), place, st.one_of(st.just(ASKED), sent(RESPONSES))),
        st.tuples(st.just("past it"), place, sent(RESPONSES)),
        st.tuples(st.just("come"), place, few),
        st.tuples(st.sampled_from(["recv", "recv", "get_final_response"]), place),
        st.tuples(st.sampled_from(["close lane", "close lane", "close", "gone"]), place),
    )
    begin = [("lane", 0, "a"), ("lane", 0, "b"), ("send", 0, ASKED), ("send", 1, ASKED), ("send", 2, ASKED)]
    return [*begin[: draw(st.integers(0, 5))], *draw(st.lists(steps, max_size=8)), ("come", 0, 99)]
