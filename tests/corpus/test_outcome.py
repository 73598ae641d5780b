"""The app cannot tell: what it gets and what is sent are those of the bare SDK, recording by recording."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from .conftest import TRACED


def seen(value: Any) -> Any:
    """A value as an app sees it: types and fields, without the objects of one particular client."""
    if isinstance(value, BaseModel):
        own = {name: seen(field) for name, field in value.__dict__.items()}
        return type(value), own, seen(value.__pydantic_extra__), sorted(value.__pydantic_fields_set__)
    if isinstance(value, dict):
        return {key: seen(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [seen(inner) for inner in value]
    return type(value), value


def raised(error: BaseException | None) -> Any:
    """An exception as an app sees it, with the types of what stands behind it."""
    if error is None:
        return None
    told = [
        getattr(error, name, None) for name in ("message", "body", "code", "param", "type", "status_code")
    ]
    behind = type(error.__cause__), type(error.__context__), error.__suppress_context__
    return type(error), str(error), told, getattr(error, "request_id", None), behind


def sent(request: Any) -> Any:
    """A request as the server sees it; the SDK invents a boundary for each multipart body."""
    headers = dict(request.headers)
    content = request.content
    boundary = re.search(r"boundary=(.+)", headers.get("content-type", ""))
    if boundary is not None:
        headers["content-type"] = headers["content-type"].replace(boundary[1], "boundary")
        content = content.replace(boundary[1].encode(), b"boundary")
    headers.pop("idempotency-key", None)
    return request.method, str(request.url), headers, content


def of_an_outcome(outcome: Any, warnings: Any) -> dict[str, Any]:
    """All of it, by name, so that a failing test names the part that differs."""
    return {
        "value": seen(outcome.value),
        "error": raised(outcome.error),
        "stream": outcome.handed,
        "requests": [sent(request) for request in outcome.requests],
        "warnings": warnings,
    }


def test_the_outcome_is_that_of_the_bare_sdk(either):
    assert len(either.runs) > 200
    for run in either.runs:
        bare = of_an_outcome(run.bare, run.bare_warnings)
        assert of_an_outcome(run.traced, run.traced_warnings) == bare, str(run)


def test_each_call_of_a_traced_operation_has_one_span_and_no_other_call_has_any(either):
    for run in either.runs:
        told = [span.attributes for span in run.spans]
        names = [of.get("gen_ai.operation.name") or of["gossamer.method"] for of in told]
        assert names == ([run.operation] if run.operation else []), str(run)


def test_every_traced_operation_is_recorded(corpus):
    found = {run.operation for run in corpus.traced}
    expected = set(TRACED.values())
    if len(corpus.runs) < 1600:  # an SDK that lacks a part of the recorded operations
        expected = {"chat", "text_completion", "embeddings", "generate_content", "invoke_agent"}
    assert found >= expected
