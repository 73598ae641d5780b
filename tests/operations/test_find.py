"""Which requests are traced: by method and path, however the path is written."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from gossamer.openai_sdk import OPERATIONS
from gossamer.operations import Operation, Table

CHAT = "chat_completions"
find = Table(OPERATIONS).find


def name(method: str, url: str) -> str | None:
    """What is found, by a name that tells the operations apart."""
    operation = find(method, url)
    if operation is None:
        return None
    return CHAT if operation.path == "/chat/completions" else f"{operation.method} {operation.path}"


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)
def test_each_operation_is_found_in_every_spelling(operation):
    path = operation.path.replace("{id}", "x_1")
    for method in (operation.method, operation.method.lower()):
        for url in (
            path,
            f"{path}/",
            path.lstrip("/"),
            f"{path}?beta=true",
            f"{path}?a=1&b=/responses/x",
            f"https://api.openai.com/v1{path}",
            f"https://llm.test:8080{path}",
            f"https://r.openai.azure.com/openai/deployments/gpt/{path.lstrip('/')}?api-version=1",
            f"http://[::1]:8080/v1{path}",
            f"/v1{path}",  # of a client whose base URL is a host alone
            f"v1{path}",
            f"/openai/deployments/gpt{path}?api-version=1",
            f"/openai/v1{path}",
            f"/openai{path}",
            f"/deployments/gpt{path}",
        ):
            assert find(method, url) is operation, (method, url)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("get", "/chat/completions"),  # lists stored completions
        ("get", "/chat/completions/chatcmpl-1"),
        ("post", "/chat/completions/chatcmpl-1"),
        ("delete", "/chat/completions/chatcmpl-1"),
        ("get", "/chat/completions/chatcmpl-1/messages"),
        ("get", "/responses"),
        ("get", "/responses/"),
        ("get", "/responses?after=resp_1"),
        ("post", "/responses/input_tokens"),
        ("delete", "/responses/resp_1"),
        ("get", "/responses/resp_1/input_items"),
        ("get", "/completions"),
        ("get", "/embeddings"),
        ("put", "/embeddings"),
        ("post", "/embeddings/extra"),
        ("post", "/models"),
        ("get", "/models/gpt-4o"),
        ("post", "/files"),
        ("post", "/my/responses/are/mine"),
        ("get", "/agents/sessions"),
        ("get", "/threads/thread_1/runs"),
        ("get", "/threads/thread_1/runs/run_1"),  # the polling helpers ask every second
        ("post", "/threads/thread_1/runs/run_1/cancel"),
        ("post", "/vector_stores/vs_1"),
        ("post", "/vector_stores//search"),
        ("get", "/videos/video_1"),
        ("get", "/videos/video_1/content"),
        ("get", "/videos"),
        ("delete", "/videos/video_1"),
        ("post", "/videos/video_1"),
        ("post", "/videos/characters"),
        ("get", "/images/generations"),
        ("post", "/images"),
        ("post", "/audio"),
        ("post", "/audio/voices"),
        ("get", "/moderations"),
        ("get", "/vector_stores/vs_1/search"),
        ("post", "/vector_stores/vs_1/files"),
        ("get", "/assistants"),
        ("post", "/assistants/asst_1"),  # changes it
        ("post", "/threads"),
        ("post", "/threads/thread_1"),
        ("post", "/threads/thread_1/messages"),
        ("post", "/threads/thread_1/runs/run_1"),
        ("get", "/threads/runs"),
        ("get", "/threads/thread_1/runs/run_1/steps"),
        ("post", "/agents/agent_1"),
        ("post", "/agents/sessions/sess_1"),
        ("get", "/agents/sessions/sess_1"),
        ("post", "/agents/sessions/sess_1/events"),  # who sends there watches elsewhere
        ("get", "/agents/sessions/sess_1/turns"),
        ("get", "/responses/resp_1/cancel"),
        ("post", "/responses/resp_1/compact"),
        ("post", ""),
        ("post", "/"),
        ("post", "?"),
        ("post", "//"),
        ("get", "https://api.openai.com"),
        ("get", "https://api.openai.com/"),
        ("post", "https://"),
        ("get", "https://api.openai.com/v1/responses/resp_1/input_items"),
        ("get", "/v1/chat/completions"),
        ("get", "/v1/responses/resp_1/input_items"),
        ("post", "/v1"),
        ("post", "/v1/"),
        ("post", "/v2/of/mine/embeddings"),
        ("post", "/v1/search/embeddings"),
        ("post", "/v1/projects/p1/responses"),
        ("get", "/v1/conversations/responses/x"),
        ("post", "/openai/v1/v1/responses"),
        ("post", "/openai"),
        ("post", "/deployments/gpt"),
        # absolute, and the last segment alone does not tell
        ("post", "https://llm.test/v1/images/completions"),
        ("post", "https://llm.test/search/embeddings"),
        ("post", "https://llm.test/v1/threads/embeddings/responses"),
        ("post", "https://llm.test/v1/vector_stores/search"),
        ("get", "https://llm.test/v1/threads/resp_1"),
    ],
)
def test_whatever_else_passes_untouched(method, url):
    assert find(method, url) is None


def test_ids_are_single_segments():
    assert name("get", "/responses/resp_1") == "GET /responses/{id}"
    assert name("get", "/responses/a%2Fb") == "GET /responses/{id}"
    assert name("get", "/responses/resp_1?include=x&stream=true") == "GET /responses/{id}"
    assert name("get", "/responses/a/b") is None


def test_completions_of_chats_are_no_legacy_completions():
    assert name("post", "https://llm.test/v1/chat/completions") == CHAT
    assert name("post", "https://llm.test/v1/completions") == "POST /completions"


@pytest.mark.parametrize(
    "url",
    [
        "/chat/completions",
        "chat/completions",
        "/chat/completions?x=1",
        "http://other.test/v2/chat/completions",
    ],
)
def test_a_request_by_hand_is_traced_by_its_url(post, url):
    traced = post(url, {"model": "m"}, {"id": "1", "choices": []})
    assert traced.result == {"id": "1", "choices": []}
    assert traced.span["name"] == "chat m"
    host = "other.test" if "other" in url else "llm.test"
    assert traced.span["attributes"]["server.address"] == host
    assert traced.span["attributes"]["server.port"] == (80 if "other" in url else 8080)


ANSWER = {"id": "1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": []}
MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]


def ask(client: Any) -> Any:
    """One chat."""
    return client.chat.completions.create(model="m", messages=MESSAGES)


def test_copies_of_a_client_are_traced(trace):
    traced = trace(lambda client: ask(client.with_options(timeout=5)), ANSWER)
    assert traced.span["name"] == "chat m"
    traced = trace(lambda client: ask(client.copy(base_url="https://copy.test/v1")), ANSWER)
    assert traced.span["attributes"]["server.address"] == "copy.test"


def test_subclasses_of_a_client_are_traced(trace, monkeypatch):
    for kind in ("OpenAI", "AsyncOpenAI"):
        monkeypatch.setattr(openai, kind, type("Mine", (getattr(openai, kind),), {"__slots__": ()}))
    assert trace(ask, ANSWER).span["attributes"]["gen_ai.response.model"] == "m-1"


def test_azure_is_traced_by_deployment_and_by_model(trace):
    azure = {"kind": "AzureOpenAI", "api_version": "2024-10-21"}
    endpoint = "https://mine.openai.azure.com"
    for options in (
        {"azure_endpoint": endpoint},
        {"azure_endpoint": endpoint, "azure_deployment": "gpt"},
        {"base_url": f"{endpoint}/openai/v1/"},
    ):
        traced = trace(
            ask, {**ANSWER, "service_tier": "default", "system_fingerprint": "fp"}, **azure, **options
        )
        assert traced.span["attributes"] == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "m",
            "gen_ai.response.id": "1",
            "gen_ai.response.model": "m-1",
            "server.address": "mine.openai.azure.com",
            "server.port": 443,
            **({"gossamer.azure.deployment": "gpt"} if "azure_deployment" in options else {}),
        }


def test_the_module_itself_is_a_client(telemetry, client, run, monkeypatch):
    if run.kind == "async":
        pytest.skip("the module-level client is sync")
    own = client(ANSWER)
    openai._reset_client()
    try:
        for setting in ("api_key", "base_url"):
            monkeypatch.setattr(openai, setting, str(getattr(own, setting)))
        monkeypatch.setattr(openai, "http_client", own._client)
        ask(openai)
    finally:
        openai._reset_client()
    (span,) = telemetry.spans
    assert span["name"] == "chat m"
    assert span["attributes"]["server.address"] == "llm.test"


def test_what_is_written_out_counts_before_an_id():
    assert name("post", "/responses/compact") == "POST /responses/compact"
    assert name("post", "/responses/compact/cancel") == "POST /responses/{id}/cancel"
    assert name("post", "/threads/runs") == "POST /threads/runs"
    assert name("post", "/threads/runs/runs") == "POST /threads/{id}/runs"
    assert name("post", "/videos/edits") == "POST /videos/edits"
    assert name("post", "/videos/edits/remix") == "POST /videos/{id}/remix"
    assert name("get", "/agents/sessions/events/events") == "GET /agents/sessions/{id}/events"


def test_what_no_table_knows_is_named_as_that_where_all_is_wanted():
    other = Operation(name="_OTHER", method="", path="", calls="", metrics="plain")
    table = Table(OPERATIONS, other=other)
    assert table.find("post", "/chat/completions") is find("post", "/chat/completions")
    assert table.find("patch", "/chat/completions") is table.find("get", "/of/tomorrow?x=1") is other
