"""The app's own hooks: what they see, when, and what becomes of what they raise."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from gossamer import errors
from gossamer.cli.fake import mock_async_client, mock_client
from gossamer.testing import capture

CHAT: dict[str, Any] = {"model": "gpt-test", "messages": [{"role": "user", "content": "SECRET"}]}


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(errors, "_told", set())


@pytest.fixture
def client() -> Any:
    return openai.OpenAI(
        api_key="sk", base_url="http://llm.test/v1", http_client=mock_client(), max_retries=0
    )


def test_the_request_hook_sees_the_request_in_the_span_that_is_current(client):
    seen = []

    def hook(span: Any, request: Any) -> None:
        seen.append((request.method, request.url, request.json_data["model"], span.is_recording()))
        assert trace.get_current_span() is span
        span.set_attribute("app.hooked", True)

    with capture(request_hook=hook) as telemetry:
        client.chat.completions.create(**CHAT)
        assert seen == [("post", "/chat/completions", "gpt-test", True)]
        assert telemetry.spans[0]["attributes"]["app.hooked"] is True


def test_the_response_hook_sees_the_very_object_that_the_app_gets_before_the_span_ends(client):
    seen = []

    def hook(span: Any, response: Any) -> None:
        seen.append(response)
        span.set_attribute("app.choices", len(response.choices))

    with capture(response_hook=hook) as telemetry:
        answer = client.chat.completions.create(**CHAT)
        parsed = client.chat.completions.with_raw_response.create(**CHAT).parse()
        assert seen[0] is answer
        assert seen[1] is parsed
        assert [span["attributes"]["app.choices"] for span in telemetry.spans] == [1, 1]


@pytest.mark.parametrize("content", ["NO_CONTENT", "SPAN_ONLY"])
def test_of_a_stream_it_sees_what_was_gathered(client, content):
    seen = []
    with capture(response_hook=lambda span, response: seen.append(response), capture=content):
        list(client.chat.completions.create(**CHAT, stream=True))
    (answer,) = seen
    assert answer["model"]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert ("message" in answer["choices"][0]) is (content == "SPAN_ONLY")


def test_hooks_of_async_calls():
    seen = []

    async def main() -> None:
        async with openai.AsyncOpenAI(
            api_key="sk", base_url="http://llm.test/v1", http_client=mock_async_client()
        ) as client:
            await client.chat.completions.create(**CHAT)
            async for _ in await client.chat.completions.create(**CHAT, stream=True):
                pass

    with capture(
        request_hook=lambda span, request: seen.append(request.url),
        response_hook=lambda span, response: seen.append(type(response).__name__),
    ):
        asyncio.run(main())
    assert seen == ["/chat/completions", "ChatCompletion", "/chat/completions", "dict"]


def test_a_call_that_failed_has_no_response_to_show(client):
    seen = []
    with (
        capture(response_hook=lambda span, response: seen.append(response)),
        pytest.raises(openai.BadRequestError),
    ):
        client.chat.completions.create(**{**CHAT, "model": "fake-error-400"})
    assert seen == []


def test_a_span_that_is_not_recorded_is_nothing_to_hook(client):
    seen = []

    def hook(*arguments: Any) -> None:
        seen.append(arguments)

    with capture(sampler=ALWAYS_OFF, request_hook=hook, response_hook=hook):
        client.chat.completions.create(**CHAT)
    assert seen == []


def test_a_hook_that_fails_is_told_once_without_its_message_and_the_call_goes_on(client, caplog):
    def fail(span: Any, seen: Any) -> None:
        raise ValueError(f"cannot read {seen}")

    with capture(request_hook=fail, response_hook=fail) as telemetry:
        for _ in range(3):
            assert client.chat.completions.create(**CHAT).choices
            assert len(list(client.chat.completions.create(**CHAT, stream=True))) > 3
        assert len(telemetry.spans) == 6
        assert all(span["attributes"]["gen_ai.response.model"] for span in telemetry.spans)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("The function given as instrument(request_hook=…) failed (ValueError in fail:")
    assert told[1].startswith("The function given as instrument(response_hook=…) failed (ValueError in fail:")
    assert "SECRET" not in "".join(told)


def test_what_is_no_function_is_told_and_not_called(client, caplog):
    with capture(request_hook="no.such.module:hook") as telemetry:
        client.chat.completions.create(**CHAT)
        assert len(telemetry.spans) == 1
    (record,) = caplog.records
    assert "'no.such.module:hook', which is not something to call" in record.getMessage()


@pytest.mark.parametrize("setting", ["request_hook", "response_hook", "redact"])
def test_a_hook_that_calls_the_sdk_is_not_shown_its_own_call(client, setting):
    asked = []

    def hook(*shown: Any) -> Any:
        asked.append(client.chat.completions.create(**CHAT))
        return shown[-1]

    with capture(capture="SPAN_ONLY", **{setting: hook}) as telemetry:
        client.chat.completions.create(**CHAT)
        assert len(asked) == (2 if setting == "redact" else 1)  # once for each part
        assert len(telemetry.spans) == 1


def test_a_hook_within_a_hook_leaves_the_outer_one_unseen(client):
    """The last half-read stream is dropped in a hook: its own hook runs there and then."""
    held, asked = [], 0

    def request_hook(*_: Any) -> None:
        nonlocal asked
        asked += 1
        if held:
            held.clear()
            client.chat.completions.create(**CHAT)

    with capture(request_hook=request_hook, response_hook=lambda *_: None) as telemetry:
        held.append(client.chat.completions.create(**CHAT, stream=True))
        next(held[0])
        client.chat.completions.create(**CHAT)
        assert (asked, len(telemetry.spans)) == (2, 2)


@pytest.mark.parametrize("leaving", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("setting", ["request_hook", "redact"])
def test_leaving_the_program_in_a_hook_leaves_no_span_current(client, setting, leaving):
    def hook(*shown: Any) -> Any:
        raise leaving

    with capture(capture="SPAN_ONLY", **{setting: hook}) as telemetry:
        with pytest.raises(leaving):
            client.chat.completions.create(**CHAT)
        assert not trace.get_current_span().get_span_context().is_valid
        assert len(telemetry.spans) == 1
