"""What holds for a block of the app's code: what is captured in it, and what the app says of its calls."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from opentelemetry import baggage, context

import gossamer
from gossamer import CaptureMode, errors, scope
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import Telemetry, capture

CHAT: dict[str, Any] = {"model": "gpt-test", "messages": [{"role": "user", "content": "hi"}]}
INPUT = "gen_ai.input.messages"
DETAILS = "gen_ai.client.inference.operation.details"


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture
def client() -> Any:
    return openai.OpenAI(api_key="sk", base_url="http://llm.test/v1", http_client=mock_client())


def ask(client: Any, **more: Any) -> None:
    client.chat.completions.create(**{**CHAT, **more})


def captured(telemetry: Telemetry) -> list[str]:
    """Where the content of each call went: to its span, to its event."""
    told = {event["span_id"] for event in telemetry.events if event["name"] == DETAILS}
    return [
        "+".join(
            [
                *(["span"] if INPUT in span["attributes"] else []),
                *(["event"] if span["span_id"] in told else []),
            ]
        )
        for span in telemetry.spans
    ]


# --- what is captured in a block


@pytest.mark.usefixtures("needs_events")
@pytest.mark.parametrize(
    ("process", "may_widen", "asked", "where"),
    [
        ("SPAN_AND_EVENT", False, "NO_CONTENT", ""),
        ("SPAN_AND_EVENT", False, "SPAN_ONLY", "span"),
        ("SPAN_AND_EVENT", False, "EVENT_ONLY", "event"),
        ("SPAN_ONLY", False, "SPAN_AND_EVENT", "span"),
        ("SPAN_ONLY", False, "EVENT_ONLY", ""),
        ("NO_CONTENT", False, "SPAN_AND_EVENT", ""),
        ("NO_CONTENT", True, "SPAN_ONLY", "span"),
        ("NO_CONTENT", True, "SPAN_AND_EVENT", "span+event"),
        ("SPAN_ONLY", True, "EVENT_ONLY", "event"),
    ],
)
def test_a_block_captures_no_more_than_the_process_may(client, process, may_widen, asked, where):
    with capture(capture=process, capture_may_widen=may_widen) as telemetry:
        with gossamer.capture(asked):
            ask(client)
        assert captured(telemetry) == [where]


@pytest.mark.usefixtures("needs_events")
def test_the_innermost_block_counts_and_what_was_before_comes_back(client):
    with capture(capture="SPAN_AND_EVENT") as telemetry:
        ask(client)
        with gossamer.capture(CaptureMode.NO_CONTENT):
            ask(client)
            with gossamer.capture("span_only"):
                ask(client)
            ask(client)
        ask(client)
        assert captured(telemetry) == ["span+event", "", "", "", "span+event"]


@pytest.mark.usefixtures("needs_events")
def test_an_inner_block_captures_no_more_than_an_outer_one_unless_it_may(client):
    for may_widen, where in ((False, ["", "span"]), (True, ["span", "span+event"])):
        with capture(capture="SPAN_AND_EVENT", capture_may_widen=may_widen) as telemetry:
            with gossamer.capture("NO_CONTENT"), gossamer.capture("SPAN_ONLY"):
                ask(client)
            with gossamer.capture("SPAN_ONLY"), gossamer.capture("SPAN_AND_EVENT"):
                ask(client)
            assert captured(telemetry) == where


def test_one_object_serves_many_tasks_threads_and_contexts(client):
    shared = gossamer.capture("NO_CONTENT")

    async def main() -> None:
        async def task() -> None:
            with shared:
                await asyncio.sleep(0.01)
                with shared:
                    await asyncio.sleep(0.01)
                assert scope.capture_mode.get() is not None

        await asyncio.gather(*(task() for _ in range(4)))
        assert scope.capture_mode.get() is None

    asyncio.run(main())
    entered = contextvars.copy_context()
    entered.run(shared.__enter__)
    shared.__exit__(None, None, None)  # in another context, where nothing was set
    assert scope.capture_mode.get() is None
    assert entered.run(scope.capture_mode.get) is not None


def test_a_function_that_returns_a_coroutine_holds_for_the_coroutine(client):
    async def acall() -> None:
        ask(client)

    @gossamer.capture("NO_CONTENT")
    def plain() -> Any:
        return acall()

    with capture(capture="SPAN_ONLY") as telemetry:
        asyncio.run(plain())
        assert captured(telemetry) == [""]


def test_what_is_no_mode_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="'everything' is no capture mode: use NO_CONTENT, SPAN_ONLY"):
        gossamer.capture("everything")


def test_a_stream_goes_by_the_block_that_it_was_started_in(client):
    with capture(capture="SPAN_ONLY") as telemetry:
        with gossamer.capture("NO_CONTENT"):
            closed = client.chat.completions.create(**CHAT, stream=True)
        opened = client.chat.completions.create(**CHAT, stream=True)
        with gossamer.capture("NO_CONTENT"):
            list(opened)
        list(closed)
        assert captured(telemetry) == ["span", ""]


def test_a_block_ends_when_its_code_raises(client):
    with capture(capture="SPAN_ONLY") as telemetry:
        with pytest.raises(KeyError), gossamer.capture("NO_CONTENT"):
            raise KeyError
        ask(client)
        assert captured(telemetry) == ["span"]


# --- what the app says of the calls in a block


def own(telemetry: Telemetry) -> list[dict[str, Any]]:
    """What the app has said of each call."""
    return [
        {
            name: value
            for name, value in span["attributes"].items()
            if name.startswith(("app.", "session.", "user.", "gen_ai.conversation", "gen_ai.prompt"))
        }
        for span in telemetry.spans
    ]


def test_short_names_are_those_of_the_conventions(client, telemetry):
    with gossamer.attributes(session="s", user="u", conversation="c", prompt_name="p", prompt_version="2"):
        ask(client)
    assert own(telemetry) == [
        {
            "session.id": "s",
            "user.id": "u",
            "gen_ai.conversation.id": "c",
            "gen_ai.prompt.name": "p",
            "gen_ai.prompt.version": "2",
        }
    ]


def test_blocks_add_up_the_inner_wins_and_none_takes_away(client, telemetry):
    with gossamer.attributes({"app.tenant": "acme", "app.tags": ["a", "b"]}, user="u"):
        with gossamer.attributes({"app.tenant": "inner"}, user=None, session=None):
            ask(client)
        ask(client)
    ask(client)
    assert own(telemetry) == [
        {"app.tenant": "inner", "app.tags": ("a", "b")},
        {"app.tenant": "acme", "app.tags": ("a", "b"), "user.id": "u"},
        {},
    ]


@pytest.mark.usefixtures("needs_events")
def test_they_are_there_for_a_sampler_and_on_the_events_and_not_on_metrics(client):
    with capture(capture="EVENT_ONLY") as telemetry:
        with gossamer.attributes({"app.tenant": "acme"}):
            ask(client)
            with pytest.raises(openai.BadRequestError):
                ask(client, model="fake-error-400")
        assert len(telemetry.events) == 3
        assert all(event["attributes"]["app.tenant"] == "acme" for event in telemetry.events)
        for points in telemetry.metrics.values():
            assert all("app.tenant" not in point["attributes"] for point in points)


def test_metrics_have_those_that_the_setting_names_as_long_as_they_are_scalars(client):
    with capture(metric_attributes=["app.tenant", "app.tags"]) as telemetry:
        with gossamer.attributes({"app.tenant": "acme", "app.tags": ["a"], "app.other": 1}):
            ask(client)
        points = [point for points in telemetry.metrics.values() for point in points]
        assert points
        for point in points:
            assert point["attributes"]["app.tenant"] == "acme"
            assert not {"app.tags", "app.other"} & set(point["attributes"])


def test_what_the_app_says_goes_before_what_the_answer_says(client, telemetry):
    with gossamer.attributes({"gen_ai.response.id": "mine"}):
        ask(client)
    assert telemetry.spans[0]["attributes"]["gen_ai.response.id"] == "mine"


def test_metric_points_have_what_the_api_said_all_the_same(client, telemetry):
    with gossamer.attributes({"gen_ai.response.model": "mine", "gen_ai.usage.input_tokens": 999}):
        ask(client)
    assert telemetry.spans[0]["attributes"]["gen_ai.usage.input_tokens"] == 999
    (point,) = telemetry.metrics["gen_ai.client.inference.operation.input_tokens"]
    assert point["sum"] < 999
    assert point["attributes"]["gen_ai.response.model"] != "mine"


def test_a_value_that_is_none_is_left_out_and_told_once(client, telemetry, caplog):
    for _ in range(2):
        with gossamer.attributes({"app.odd": object(), "app.list": [{}], "app.tenant": "acme"}):
            ask(client)
    assert own(telemetry) == 2 * [{"app.tenant": "acme"}]
    assert [record.name for record in caplog.records] == ["gossamer", "gossamer"]
    assert "gossamer.attributes(app.odd=…) was given a object, and is left out" in caplog.text


def test_the_app_may_change_its_list_afterwards(client, telemetry):
    tags = ["a"]
    with gossamer.attributes({"app.tags": tags}):
        tags.append("b")
        ask(client)
    assert own(telemetry) == [{"app.tags": ("a",)}]


# --- both, as any context variable


def both(mode: str, user: str) -> Any:
    @contextmanager
    def block() -> Iterator[None]:
        with gossamer.capture(mode), gossamer.attributes(user=user):
            yield

    return block()


def test_concurrent_tasks_do_not_see_each_others():
    async def task(client: Any, mode: str, user: str) -> None:
        with both(mode, user):
            await asyncio.sleep(0)
            await client.chat.completions.create(**CHAT)

    async def main() -> None:
        async with openai.AsyncOpenAI(
            api_key="sk", base_url="http://llm.test/v1", http_client=mock_async_client()
        ) as client:
            await asyncio.gather(
                *(task(client, "SPAN_ONLY" if n % 2 else "NO_CONTENT", f"user {n}") for n in range(8))
            )

    with capture(capture="SPAN_ONLY") as telemetry:
        asyncio.run(main())
        found = {span["attributes"]["user.id"]: INPUT in span["attributes"] for span in telemetry.spans}
    assert found == {f"user {n}": n % 2 == 1 for n in range(8)}


def test_a_thread_has_its_own_and_to_thread_takes_them_along(client):
    with capture(capture="SPAN_ONLY") as telemetry:
        with both("NO_CONTENT", "u"):
            thread = threading.Thread(target=ask, args=(client,))
            thread.start()
            thread.join()
            asyncio.run(asyncio.to_thread(ask, client))
        assert captured(telemetry) == ["span", ""]
        assert own(telemetry) == [{}, {"user.id": "u"}]


def decorated(client: Any) -> dict[str, Callable[[], Any]]:
    @gossamer.capture("NO_CONTENT")
    @gossamer.attributes(user="u")
    def plain() -> str:
        """Asks."""
        ask(client)
        return "answer"

    @gossamer.capture("NO_CONTENT")
    @gossamer.attributes(user="u")
    async def coroutine() -> str:
        """Asks."""
        await asyncio.sleep(0)
        ask(client)
        return "answer"

    return {"plain": plain, "coroutine": lambda: asyncio.run(coroutine())}


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_as_decorators_they_hold_for_each_call_of_the_function(client, kind):
    with capture(capture="SPAN_ONLY") as telemetry:
        function = decorated(client)[kind]
        assert [function(), function()] == ["answer", "answer"]
        ask(client)
        assert captured(telemetry) == ["", "", "span"]
        assert own(telemetry) == [{"user.id": "u"}, {"user.id": "u"}, {}]


def test_a_decorated_function_keeps_its_name_and_can_call_itself(client, telemetry):
    @gossamer.attributes(user="u")
    def recursive(depth: int) -> None:
        ask(client)
        if depth:
            recursive(depth - 1)
        ask(client)

    assert recursive.__name__ == "recursive"
    recursive(2)
    ask(client)
    assert own(telemetry) == [*6 * [{"user.id": "u"}], {}]


def test_a_generator_is_not_decorated_because_others_run_in_its_middle():
    def generator() -> Iterator[int]:
        yield 1

    async def agenerator() -> Any:
        yield 1

    for function in (generator, agenerator, functools.partial(generator)):
        with pytest.raises(TypeError, match="is a generator"):
            gossamer.attributes(user="u")(function)


# --- baggage


def test_baggage_is_copied_by_the_keys_that_the_setting_names(client):
    with capture(baggage_keys="tenant, absent", metric_attributes=["tenant"]) as telemetry:
        carried = baggage.set_baggage("tenant", "acme", baggage.set_baggage("secret", "x"))
        token = context.attach(carried)
        try:
            ask(client)
            with gossamer.attributes({"tenant": "said by the app"}):
                ask(client)
        finally:
            context.detach(token)
        ask(client)
        assert [span["attributes"].get("tenant") for span in telemetry.spans] == [
            "acme",
            "said by the app",
            None,
        ]
        assert all("secret" not in span["attributes"] for span in telemetry.spans)
        durations = telemetry.metrics["gen_ai.client.inference.duration"]
        assert {point["attributes"].get("tenant") for point in durations} == {
            "acme",
            "said by the app",
            None,
        }
