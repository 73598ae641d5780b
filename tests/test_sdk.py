"""The SDK's internals: found and checked, or left alone with one warning."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import openai
import pytest
from openai import _base_client, _models, _streaming

from gossamer import OpenAIInstrumentor
from gossamer.cli.fake import mock_client
from gossamer.openai_sdk import OPENAI
from gossamer.sdk import SDKMovedError, locate


def test_the_parts_of_this_release_are_found():
    sdk = locate(OPENAI)
    assert sdk.sync_client in openai.OpenAI.__mro__
    assert sdk.async_client in openai.AsyncOpenAI.__mro__
    assert sdk.base_client in sdk.sync_client.__mro__
    assert (sdk.stream, sdk.async_stream) == (openai.Stream, openai.AsyncStream)
    (azure, provider), *_ = sdk.providers
    assert issubclass(openai.AzureOpenAI, azure)
    assert issubclass(openai.AsyncAzureOpenAI, azure)
    assert provider == "azure.ai.openai"


def rename(owner: Any, name: str) -> Any:
    """Move a name away, as a new release might."""

    def move(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(owner, name)

    return move


def replace(owner: Any, name: str, value: Any) -> Any:
    """Give a name another value."""

    def move(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(owner, name, value)

    return move


class StreamWithoutIterator:
    """A Stream of some future release."""

    def __init__(self, **_: Any) -> None:
        """Keeps nothing."""


class OptionsWithoutParser:
    """Request options of some future release."""

    model_fields = ("method", "url", "json_data", "extra_json", "params")


MOVES = {
    "request is gone": rename(_base_client.SyncAPIClient, "request"),
    "async request is gone": rename(_base_client.AsyncAPIClient, "request"),
    "request takes other arguments": replace(_base_client.SyncAPIClient, "request", lambda self, call: None),
    "async request has lost one": replace(
        _base_client.AsyncAPIClient, "request", lambda self, cast_to, options, *, stream=False: None
    ),
    "the client is gone": rename(_base_client, "AsyncAPIClient"),
    "its import is not over": rename(openai, "AsyncOpenAI"),
    "the retry timeout is gone": rename(_base_client.BaseClient, "_calculate_retry_timeout"),
    "the retry timeout takes other arguments": replace(
        _base_client.BaseClient, "_calculate_retry_timeout", lambda self, retries: 0.0
    ),
    "streams have no iterator": replace(_streaming, "Stream", StreamWithoutIterator),
    "async streams are made without __stream__": rename(_streaming.AsyncStream, "__stream__"),
    "streams are made from something more": replace(
        _streaming.Stream, "__init__", lambda self, *, cast_to, response, client, decoder: None
    ),
    "async streams are made from something less": replace(
        _streaming.AsyncStream, "__init__", lambda self, *, cast_to, response: None
    ),
    "options have no parser": replace(_models, "FinalRequestOptions", OptionsWithoutParser),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_moved_internal_leaves_the_sdk_alone_and_warns_once(monkeypatch, caplog, name):
    MOVES[name](monkeypatch)
    with pytest.raises(SDKMovedError):
        locate(OPENAI)
    before = [vars(owner).get("request") for owner in (_base_client.SyncAPIClient, _base_client.BaseClient)]
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument()
    try:
        now = [vars(owner).get("request") for owner in (_base_client.SyncAPIClient, _base_client.BaseClient)]
        assert now == before
    finally:
        instrumentor.uninstrument()
    told = [record for record in caplog.records if record.name == "gossamer"]
    assert [record.levelno for record in told] == [logging.WARNING]
    assert "This release of openai is not built as Gossamer knows it (" in told[0].getMessage()
    assert "its calls are not traced" in told[0].getMessage()


def test_a_module_that_moved_is_told_as_a_move_and_not_as_a_missing_sdk(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "openai._legacy_response", None)
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument()
    instrumentor.uninstrument()
    (record,) = [record for record in caplog.records if record.name == "gossamer"]
    assert "not built as Gossamer knows it" in record.getMessage()


def test_without_the_sdk_there_is_one_warning(monkeypatch, caplog):
    for name in [name for name in sys.modules if name == "openai" or name.startswith("openai.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    instrumentor = OpenAIInstrumentor()
    monkeypatch.setattr(instrumentor, "_check_dependency_conflicts", lambda: None)
    instrumentor.instrument()
    instrumentor.uninstrument()
    (record,) = [record for record in caplog.records if record.name == "gossamer"]
    assert record.getMessage() == "openai is not installed: there is nothing to instrument."


BROKEN = {
    "a dependency is missing": (
        "import no_such_module",
        "ModuleNotFoundError: No module named 'no_such_module'",
    ),
    "a name is missing": ("from os import no_such_name", "ImportError: cannot import name 'no_such_name'"),
    "it is cut off": ("def", "SyntaxError: "),
    "it raises": ("raise LookupError('half installed')", "LookupError: half installed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_sdk_that_cannot_be_imported_is_told_in_one_line_and_raises_in_the_app_alone(
    monkeypatch, caplog, tmp_path, name
):
    code, reason = BROKEN[name]
    (tmp_path / "openai.py").write_text(code)
    for module in [module for module in sys.modules if module == "openai" or module.startswith("openai.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.syspath_prepend(tmp_path)
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument()
    instrumentor.uninstrument()
    (record,) = [record for record in caplog.records if record.name == "gossamer"]
    assert record.getMessage().startswith(f"openai cannot be imported ({reason}")
    assert record.levelno == logging.WARNING
    with pytest.raises((ImportError, SyntaxError, LookupError)):
        importlib.import_module("openai")


def test_the_app_runs_on_after_a_move(monkeypatch):
    monkeypatch.setattr(_models, "FinalRequestOptions", OptionsWithoutParser)
    instrumentor = OpenAIInstrumentor()
    instrumentor.instrument()
    try:
        client = openai.OpenAI(api_key="sk-fake", base_url="https://llm.test/v1", http_client=mock_client())
        assert client.embeddings.create(model="m", input="x", dimensions=2).data
    finally:
        instrumentor.uninstrument()
