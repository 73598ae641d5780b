"""Answers with odd fields, corrupted ones, refusals: the app gets what it gets without us."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import _base_client

from .kinds import KINDS, STREAMS, Kind, body_of
from .play import Answer, Mode, agree, modes
from .spoiling import DROPS, NO_JSON, corrupted, cut_up, dropped, few, framed, spoiled_body

pytestmark = pytest.mark.filterwarnings("ignore:(deprecated|The Assistants API):DeprecationWarning")
ways = st.sampled_from([(), (), (("way", "with_raw_response"),), (("way", "with_streaming_response"),)])
by_name = {"ids": str}


@pytest.mark.parametrize("kind", [*KINDS, *STREAMS], ids=str)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_good_answer(kind: Kind, asynchronous: bool) -> None:
    """What the others spoil is good to begin with."""
    span = agree([Answer(list(body_of(kind)), streams=kind.streams)], kind, Mode(asynchronous))
    assert span["attributes"].get("error.type") == ("c" if kind.name == "video" else None)


@pytest.mark.parametrize("kind", [*KINDS, *STREAMS], ids=str)
def test_other_types_in_any_field(kind: Kind) -> None:
    @few(12)
    @given(st.data(), modes, ways)
    def check(data: Any, mode: Mode, way: Any) -> None:
        body = data.draw(spoiled_body(kind))
        agree([Answer(body, streams=kind.streams)], kind, mode, way)

    check()


@few(50)
@given(st.data(), st.sampled_from([*KINDS, *STREAMS]), modes, ways)
def test_what_is_no_json(data: Any, kind: Kind, mode: Mode, way: Any) -> None:
    body = data.draw(corrupted(body_of(kind)))
    agree([Answer(body, streams=kind.streams)], kind, mode, way)


@few(40)
@given(st.data(), st.sampled_from(STREAMS), modes)
def test_lines_of_every_kind_cut_anywhere(data: Any, kind: Kind, mode: Mode) -> None:
    agree([Answer(data.draw(framed(kind)))], kind, mode)


HEADERS: list[dict[str, str]] = [
    {},
    *({"retry-after": value} for value in ("0", "-1", "nan", "soon", "", "1e999", "0.001")),
    {"retry-after-ms": "1"},
    {"retry-after-ms": "x", "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    {"x-should-retry": "true"},
    {"x-should-retry": "false"},
    {"x-should-retry": "maybe"},
    {"x-request-id": ""},
    {
        "x-ratelimit-remaining-tokens": "many",
        "openai-processing-ms": "-5",
        "x-ratelimit-limit-requests": "9" * 30,
    },
    {"content-type": "text/plain"},
    {"content-type": "application/json; charset=klingon"},
    {"content-encoding": "gzip"},
    {"openai-version": "\xff", "openai-organization": ""},
]
STATUSES = [200, 200, 201, 204, 304, 400, 401, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 529, 599]


@st.composite
def answers(draw: Any, kind: Kind) -> Answer:
    """Of any status, with any body and odd headers, or none at all."""
    if draw(st.integers(0, 5)) == 0:
        return Answer([], dead=draw(st.sampled_from(DROPS)))
    good = body_of(kind)
    texts = st.sampled_from(NO_JSON).map(lambda text: [text.encode(errors="surrogatepass")])
    body = draw(st.one_of(st.just(good), cut_up(b"".join(good)), dropped(good), texts))
    return Answer(
        list(body),
        status=draw(st.sampled_from(STATUSES)),
        headers=draw(st.sampled_from(HEADERS)),
        streams=kind.streams and draw(st.integers(0, 5)) > 0,
    )


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry need not be waited for."""
    for name in ("INITIAL_RETRY_DELAY", "MAX_RETRY_DELAY"):
        monkeypatch.setattr(_base_client, name, 0.0)


@few(60)
@given(st.data(), st.sampled_from([*KINDS[:6], *STREAMS]), modes, ways)
def test_refusals_retries_and_dropped_connections(
    at_once: None, data: Any, kind: Kind, mode: Mode, way: Any
) -> None:
    script = data.draw(st.lists(answers(kind), min_size=1, max_size=4))
    agree(script, kind, mode, way)


most = st.integers(1, 6)
steps = st.one_of(
    st.tuples(st.just("next"), most),
    st.tuples(st.just("loop"), most),
    st.tuples(st.just("elsewhere"), most),
    st.tuples(st.just("with"), most),
    st.sampled_from([("close",), ("close",), ("close response",), ("drop",)]),
)


@few(60)
@given(st.data(), st.sampled_from(STREAMS), modes, st.lists(steps, max_size=4))
def test_an_app_that_reads_as_it_likes(data: Any, kind: Kind, mode: Mode, program: list[Any]) -> None:
    good = body_of(kind)
    body = data.draw(st.one_of(st.just(good), dropped(good), corrupted(good), framed(kind)))
    agree([Answer(list(body))], kind, mode, tuple(program))
