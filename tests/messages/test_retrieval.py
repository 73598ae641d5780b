"""What is searched for, and what is found."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.messages.retrieval import RETRIEVAL


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("How light?", "How light?"),
        (["How light?", "How thin?"], "How light?\nHow thin?"),
        (("How light?",), "How light?"),
        (["How light?", None, 5, ""], "How light?"),
        ("", ""),
        ([], ""),
        (None, ""),
        (5, ""),
        ({"text": "How light?"}, ""),
    ],
)
def test_the_query_is_one_text(given, query):
    assert RETRIEVAL.query is not None
    assert RETRIEVAL.query({"query": given}) == query


def documents(*data: Any) -> list[Any]:
    """What is told of such an answer."""
    assert RETRIEVAL.documents is not None
    return RETRIEVAL.documents({"data": list(data)})


FOUND: dict[str, Any] = {
    "file_id": "file_1",
    "filename": "webs.md",
    "score": 0.9,
    "attributes": {"author": "Ann"},
    "content": [{"type": "text", "text": "Gossamer"}, {"type": "text", "text": "is light."}],
}
TOLD = {
    "type": "document",
    "id": "file_1",
    "name": "webs.md",
    "score": 0.9,
    "content": "Gossamer\nis light.",
}


def test_each_document_has_its_id_name_score_and_text():
    assert documents(FOUND, {**FOUND, "file_id": "file_2"}) == [TOLD, {**TOLD, "id": "file_2"}]


@pytest.mark.parametrize("key", ["file_id", "filename", "score", "content"])
def test_what_is_missing_is_left_out(key):
    (document,) = documents({**FOUND, key: None})
    name = {"file_id": "id", "filename": "name"}.get(key, key)
    assert document == {told: value for told, value in TOLD.items() if told != name}


@pytest.mark.parametrize("content", [[], "text", 5, [None, 5, {}, {"text": None}, {"text": ""}]])
def test_an_odd_text_is_left_out(content):
    (document,) = documents({**FOUND, "content": content})
    assert "content" not in document


@pytest.mark.parametrize("entry", [None, 5, "text", [], {}])
def test_an_odd_document_is_one_without_anything(entry):
    assert documents(entry) == [{"type": "document"}]


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": "text"}, {"data": []}])
def test_an_answer_without_documents_has_none(answer):
    assert RETRIEVAL.documents is not None
    assert RETRIEVAL.documents(answer) == []


def test_a_search_has_no_messages():
    body = {"query": "How light?", "instructions": "a", "tools": [{"type": "function"}]}
    assert list(RETRIEVAL.inputs(body)) == []
    assert RETRIEVAL.instructions(body) == []
    assert list(RETRIEVAL.tools(body)) == []
    assert RETRIEVAL.outputs({"data": [FOUND]}) == []
