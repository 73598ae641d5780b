"""Searches in a vector store."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import openai
import pytest

REQUEST = {"gen_ai.operation.name": "retrieval"}
STORE = {"gen_ai.data_source.id": "vs_1"}
FOUND: dict[str, Any] = {
    "file_id": "file_1",
    "filename": "webs.md",
    "score": 0.9,
    "attributes": {},
    "content": [{"type": "text", "text": "Gossamer is light."}],
}
ANSWER: dict[str, Any] = {
    "object": "vector_store.search_results.page",
    "search_query": ["How light?"],
    "data": [FOUND, {**FOUND, "file_id": "file_2", "score": 0.5}],
    "has_more": False,
    "next_page": None,
}
needs_search = pytest.mark.skipif(
    find_spec("openai.types.vector_store_search_response") is None, reason="this SDK cannot search"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"max_num_results": 5}, {"gen_ai.retrieval.top_k": 5}),
        ({"max_num_results": "5"}, {}),
        ({"max_num_results": 5.0}, {}),
        ({"max_num_results": True}, {}),
        ({"max_num_results": None}, {}),
        ({"query": "How light?", "filters": {"type": "eq"}, "rewrite_query": True, "top_k": 3}, {}),
        ({}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_a_request_tells_the_store_and_how_much_it_asks_for(post, body, expected):
    traced = post("/vector_stores/vs_1/search", body, {})
    assert traced.attributes == {**REQUEST, **STORE, **expected}


@pytest.mark.parametrize(
    "url",
    [
        "/vector_stores/a%2Fb/search",
        "vector_stores/a%2Fb/search/",
        "/vector_stores/a%2Fb/search?beta=true",
        "http://llm.test:8080/v1/vector_stores/a%2Fb/search",
        "http://llm.test:8080/openai/deployments/gpt/vector_stores/a%2Fb/search",
    ],
)
def test_the_store_in_the_url_is_told_decoded(post, url):
    assert post(url, {}, {}).attributes == {**REQUEST, "gen_ai.data_source.id": "a/b"}


def search(client: Any, **options: Any) -> Any:
    """One search, which gives a page."""
    return client.vector_stores.search("vs_1", query="How light?", **options)


@needs_search
def test_a_search_is_named_after_its_store(trace, telemetry):
    traced = trace(lambda client: search(client, max_num_results=2), ANSWER)
    assert traced.attributes == {**REQUEST, **STORE, "gen_ai.retrieval.top_k": 2}
    assert traced.span["name"] == "retrieval vs_1"
    assert [entry.file_id for entry in traced.result.data] == ["file_1", "file_2"]
    assert set(telemetry.metrics) == {"gen_ai.client.operation.duration"}
    assert "How light?" not in repr(telemetry.spans)


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": 5}, {"data": [None, 5, "text", []]}])
def test_an_odd_answer_is_passed_on(post, answer):
    traced = post("/vector_stores/vs_1/search", {}, answer)
    assert traced.attributes == {**REQUEST, **STORE}
    assert traced.result == answer


@needs_search
def test_a_page_is_iterated_over_as_before(telemetry, run, client):
    """The async client gives a page that is awaited, or iterated over without."""
    caller = client(ANSWER)

    async def aread() -> list[str]:
        page = await search(caller)
        return [entry.file_id async for entry in page]

    async def aread_at_once() -> list[str]:
        return [entry.file_id async for entry in search(caller)]

    def read() -> list[str]:
        return [entry.file_id for entry in search(caller)]

    for reading in (aread, aread_at_once) if run.kind == "async" else (read,):
        telemetry.clear()
        assert run(reading()) == ["file_1", "file_2"]
        assert [span["name"] for span in telemetry.spans] == ["retrieval vs_1"]


def test_each_further_page_is_a_call_of_its_own(telemetry, run, client):
    """Searches have no further pages yet; the SDK's other pages show how they will be asked for."""
    pages = {"first": {"data": [{"id": "a"}, {"id": "b"}], "has_more": True}, "b": {"data": []}}

    def answer(request: Any) -> Any:
        return pages[request.url.params.get("after", "first")]

    caller = client(answer)
    kind = openai.pagination.AsyncCursorPage if run.kind == "async" else openai.pagination.SyncCursorPage

    class Found(openai.BaseModel):
        id: str

    def ask() -> Any:
        return caller.get_api_list(
            "/vector_stores/vs_1/search", page=kind[Found], model=Found, method="post", body={"query": "a"}
        )

    async def aread() -> list[str]:
        return [entry.id async for entry in ask()]

    def read() -> list[str]:
        return [entry.id for entry in ask()]

    assert run(aread() if run.kind == "async" else read()) == ["a", "b"]
    spans = telemetry.spans
    assert [span["name"] for span in spans] == ["retrieval vs_1"] * 2
    assert len({span["trace_id"] for span in spans}) == 2  # neither is a part of the other
