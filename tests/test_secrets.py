"""Whatever is secret of a client stands in nothing that is recorded, logged or shown, with content neither.

Each secret is a word of its own, so that a failure names the place that it came from.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import openai
import pytest
from click.testing import CliRunner
from openai import _base_client

import gossamer
from gossamer import errors
from gossamer.cli.app import group
from gossamer.cli.doctor.trial import Trial
from gossamer.masking import without_secrets
from gossamer.settings import Settings
from gossamer.testing import Telemetry, capture

http: Any = getattr(_base_client, "httpx2", None) or vars(_base_client)["httpx"]

#: In every secret, and in nothing else.
MARK = "plugh"


def secret(place: str) -> str:
    """A secret that tells where it was put."""
    return f"{MARK}-{place}"


def key(place: str) -> str:
    """One as long as the keys of providers: a setting's value is quoted in the log where it is short."""
    return f"{secret(place)}-{'0' * 32}"


# --- clients that have secrets wherever one can be put


def accepted(kind: Any, **options: Any) -> dict[str, Any]:
    """Of these options those that this release of the SDK knows."""
    known = inspect.signature(kind).parameters
    return {name: value for name, value in options.items() if name in known}


def openai_client(kind: str, session: Any, **more: Any) -> Any:
    make = openai.OpenAI if kind == "sync" else openai.AsyncOpenAI
    options = {
        "api_key": secret("key"),
        "admin_api_key": secret("admin-key"),
        "webhook_secret": secret("webhook"),
        "base_url": "https://llm.test/v1",
        **more,
    }
    return make(**accepted(make, **options), **BESIDE, http_client=session)


def azure_client(kind: str, session: Any, **more: Any) -> Any:
    make = openai.AzureOpenAI if kind == "sync" else openai.AsyncAzureOpenAI
    endpoint = f"https://{secret('user')}:{secret('password')}@plugin.openai.azure.com"
    return make(api_version="2024-10-21", azure_endpoint=endpoint, http_client=session, **BESIDE, **more)


URL = f"https://{secret('user')}:{secret('password')}@llm.test/v1?k={secret('base')}"
BESIDE: dict[str, Any] = {
    "default_headers": {"X-Api-Key": secret("default-header"), "Cookie": secret("cookie")},
    "default_query": {"sig": secret("default-query")},
}
CLIENTS: dict[str, Callable[[str, Any], Any]] = {
    "key": openai_client,
    "URL": lambda kind, session: openai_client(kind, session, base_url=URL),
    "headers": lambda kind, session: openai_client(kind, session).with_options(
        default_headers={"Authorization": f"Bearer {secret('own')}", "api-key": secret("azure-header")}
    ),
    "Azure key": lambda kind, session: azure_client(kind, session, api_key=secret("azure-key")),
    "Azure token": lambda kind, session: azure_client(kind, session, azure_ad_token=secret("ad-token")),
    "Azure token provider": lambda kind, session: azure_client(
        kind, session, azure_ad_token_provider=lambda: secret("provided-token")
    ),
}

# --- what is asked, and what comes back


ANSWER = {"id": "c_1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Light."}}
]}  # fmt: skip
CHUNK = {**ANSWER, "object": "chat.completion.chunk",
         "choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": "Light."}}]}  # fmt: skip
HEADERS = {
    "x-request-id": "req_1",
    "openai-organization": "acme",
    "set-cookie": secret("set-cookie"),
    "authorization": secret("answered"),
    "x-ratelimit-limit-requests": "500",
    "retry-after-ms": "1",
}


#: How calls end, by the model that they ask for.
ENDINGS = ("good", "401", "500", "unreachable")


def answer(request: Any, instead: Any) -> Any:
    """What comes back; a failure quotes all that was sent, but for the body, as a careless proxy may."""
    body = json.loads(request.content)
    ending, quoted = body.get("model"), f"{request.url} {dict(request.headers)}"
    if instead is not None:
        return http.Response(200, headers=HEADERS, json=instead)
    if ending == "unreachable":
        raise http.ConnectError(f"no route to {quoted}")
    if ending != "good":
        error = {"message": f"Wrong key: {quoted}", "type": "auth", "code": "invalid_api_key"}
        return http.Response(int(ending), headers=HEADERS, json={"error": error})
    if body.get("stream"):
        lines = f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n"
        return http.Response(200, headers={**HEADERS, "content-type": "text/event-stream"}, text=lines)
    return http.Response(200, headers=HEADERS, json=ANSWER)


def session_of(kind: str, instead: Any = None) -> Any:
    """An HTTP client whose requests are answered so, or with this instead."""
    if kind == "sync":
        return http.Client(transport=http.MockTransport(lambda request: answer(request, instead)))

    async def answer_async(request: Any) -> Any:
        return answer(request, instead)

    return http.AsyncClient(transport=http.MockTransport(answer_async))


def asked(client: Any, ending: str, **more: Any) -> openai.APIError | None:
    """Ask for a chat and read it to its end; what came instead of an answer."""

    async def ask() -> None:
        call = client.with_options(max_retries=int(ending == "500")).chat.completions.create(
            model=ending,
            messages=[{"role": "user", "content": "How light?"}],
            extra_headers={"X-Token": secret("extra-header")},
            extra_query={"token": secret("extra-query")},
            **more,
        )
        found = await call if inspect.isawaitable(call) else call
        if isinstance(found, openai.AsyncStream):
            assert [chunk async for chunk in found]
        elif isinstance(found, openai.Stream):
            assert list(found)

    try:
        asyncio.run(ask())
    except openai.APIError as error:
        return error
    return None


# --- what is looked at


class Ear(logging.Handler):
    """All that our logger says."""

    def __init__(self) -> None:
        super().__init__(0)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{self.format(record)} {vars(record)}")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is logged, from DEBUG on."""
    ear, ours = Ear(), logging.getLogger("gossamer")
    level = ours.level
    monkeypatch.setattr(errors, "_told", set())
    ours.addHandler(ear)
    ours.setLevel(logging.DEBUG)
    try:
        yield ear.heard
    finally:
        ours.setLevel(level)
        ours.removeHandler(ear)


def leaks(*shown: Any) -> list[str]:
    """The secrets in this, each with what stands before it."""
    text = "\n".join(each if isinstance(each, str) else repr(each) for each in shown)
    return [f"…{text[max(at - 60, 0) : at + 30]}…" for at in range(len(text)) if text.startswith(MARK, at)]


def recorded(found: Telemetry) -> str:
    """Spans, events and metric points, with everything in them."""
    spans = [span.to_json() for span in found.exporter.get_finished_spans()]
    return "\n".join([*spans, repr(found.spans), repr(found.events), repr(found.metrics)])


ALL: dict[str, Any] = {
    "all_operations": True,
    "capture": "SPAN_AND_EVENT",
    "content_binary": "data",
    "propagation": "baggage",
    "response_headers": True,
    "semconv": "both",
    "tool_details": True,
}


@pytest.fixture(params=[{}, ALL], ids=["by default", "with all that can be had"])
def found(request: pytest.FixtureRequest) -> Iterator[Telemetry]:
    with capture(**request.param) as telemetry:
        yield telemetry


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_no_secret_of_a_client_is_recorded_or_logged(make, found, run, log, capfd):
    client = make(run.kind, session_of(run.kind))
    for ending in ENDINGS:
        for more in ({}, {"stream": True}):
            failure = asked(client, ending, **more)
            assert (failure is None) == (ending == "good")
            (span,) = found.spans
            assert leaks(recorded(found)) == [], (ending, more)
            assert len(span["events"]) == (1 if ending == "500" else 0)  # it was sent again
            found.clear()
    assert leaks(log, *capfd.readouterr()) == []


def test_what_a_proxy_quotes_is_recorded_but_for_the_secrets(run):
    client = openai_client(run.kind, session_of(run.kind))
    with capture(capture="SPAN_AND_EVENT") as found:
        failure = asked(client, "401")
        (span,) = found.spans
    assert secret("key") in str(failure), "the app is told all"
    assert "/chat/completions?sig=(hidden)&token=(hidden)" in span["description"]
    assert "'authorization': '(hidden)'" in span["description"]
    assert "'user-agent': " in span["description"]


def test_words_that_may_stand_anywhere_are_left():
    query = {"api-version": "2024-10-21", "model": "gpt-4o-mini", "stream": "true", "sig": "a%2Fb c+d"}
    headers = {"X-Token": "abc", "Authorization": "Bearer to-mars", "User-Agent": "telescope"}
    request = http.Request("POST", "https://llm.test/v1", params=query, headers=headers)
    text = "Bearer abc, true, gpt-4o-mini 2024-10-21 telescope"
    assert without_secrets(text, request) == text
    assert without_secrets(f"{text} to-mars a%2Fb c+d", request) == f"{text} (hidden) (hidden)"


@pytest.mark.parametrize("key_given", [f"{secret('key')}\n", f"{secret('first')}\n{secret('second')}"])
def test_a_key_that_is_no_header_is_not_told_in_a_stack_trace(needs_events, key_given):
    """A line end too many in a key, and the HTTP library says which header it cannot send."""
    with socket.create_server(("127.0.0.1", 0)) as server, capture(capture="EVENT_ONLY") as found:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = openai.OpenAI(api_key=key_given, base_url=url, max_retries=0)
        with pytest.raises(openai.APIConnectionError) as failure:
            client.chat.completions.create(model="m", messages=[])
        assert MARK in str(failure.value.__cause__)
        (event,) = [each for each in found.events if each["name"].endswith("exception")]
        assert "(hidden)" in event["attributes"]["exception.stacktrace"]
        assert leaks(recorded(found)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/chatkit/sessions",
        "/organization/admin_api_keys",
        "/realtime/client_secrets",
        "/realtime/sessions",
        "/webhook_endpoints",
    ],
)
def test_an_answer_that_is_a_secret_is_not_recorded(path, found):
    """Such as the key with which a browser may speak to a realtime session."""
    told = {"id": "made_1", "value": secret("value"), "client_secret": {"value": secret("nested")}}
    client = openai_client("sync", session_of("sync", told))
    body = {"model": "m", "name": "n", "token": secret("sent")}
    assert MARK in repr(client.post(f"{path}?k={secret('query')}", cast_to=object, body=body))
    assert leaks(recorded(found)) == []


# --- what is said of settings


def test_a_secret_in_the_place_of_a_setting_is_not_told(monkeypatch, log):
    for entry in fields(Settings):
        if entry.metadata["variable"] is not None:
            monkeypatch.setenv(entry.metadata["variable"], key(entry.name))
    client = openai_client("sync", session_of("sync"))
    with capture() as found:
        asked(client, "good")
    assert len(log) > 10
    assert leaks(log, recorded(found)) == []


def test_a_secret_in_the_place_of_an_argument_is_not_told(log):
    given = {entry.name: key(entry.name) for entry in fields(Settings)}
    with capture(**given, nonsense=secret("nonsense")):
        pass
    assert len(log) > 10
    assert leaks(log) == []


def test_doctor_tells_no_secret(monkeypatch):
    """Names that are accepted are shown: there a key is known by its looks."""
    for entry in fields(Settings):
        if entry.metadata["variable"] is not None:
            monkeypatch.setenv(entry.metadata["variable"], f"sk-{key(entry.name)}")
    monkeypatch.setenv("OPENAI_API_KEY", secret("key"))
    monkeypatch.setenv(
        "OPENAI_BASE_URL", f"https://{secret('user')}@llm.test/{secret('path')}?k={secret('k')}"
    )
    monkeypatch.setattr("gossamer.cli.doctor.trial.run", lambda environ, **_: Trial(spans=[], metrics=[]))
    done = CliRunner().invoke(group, ["doctor"])
    assert "GOSSAMER_SEMCONV is something too long to be shown, which is not one of" in " ".join(
        done.output.split()
    )
    assert leaks(done.output) == []


# --- what an app could print


def test_nothing_of_ours_shows_a_secret_when_it_is_printed(log):
    client = openai_client("sync", session_of("sync"))
    instrumentor = gossamer.OpenAIInstrumentor()
    hosts = f"https://{secret('host-user')}:{secret('host')}@llm.test=openai"
    with capture(**ALL, provider_hosts=hosts) as found:
        asked(client, "401")
        instrumentor.instrument_client(client)
        ours = [instrumentor, instrumentor._all, instrumentor._own, instrumentor._all.settings, found]
        ours += [instrumentor._all.current(), gossamer.capture("SPAN_ONLY"), gossamer.attributes(user="u")]
        with pytest.raises(TypeError) as refused:
            instrumentor.instrument_client(secret("client"))
        assert leaks(*map(repr, ours), *map(str, ours), str(refused.value)) == []
        instrumentor.uninstrument_client(client)
    assert leaks(log) == []
