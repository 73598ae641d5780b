"""What the spans and metrics say equals what the recorded bodies say.

The bodies are read here by a reader of its own, from JSON and from the lines of the event streams.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from .recorded import documents

#: Span attribute → the ways to it in `usage`, of the chat-like APIs and of Responses.
TOTALS = {
    "gen_ai.usage.input_tokens": ("prompt_tokens", "input_tokens"),
    "gen_ai.usage.output_tokens": ("completion_tokens", "output_tokens"),
}
PARTS = {
    "gen_ai.usage.cache_read.input_tokens": ("input", "cached_tokens"),
    "gen_ai.usage.cache_write.input_tokens": ("input", "cache_write_tokens"),
    "gen_ai.usage.reasoning.output_tokens": ("output", "reasoning_tokens"),
    **{
        f"gen_ai.usage.{modality}.{side}_tokens": (side, f"{modality}_tokens")
        for modality in ("text", "image", "audio")
        for side in ("input", "output")
    },
}
METRICS = {
    **dict.fromkeys(("chat", "text_completion", "generate_content"), "inference"),
    "embeddings": "embeddings",
    **dict.fromkeys(("fetch_response", "retrieval", "create_agent", "invoke_agent"), "other"),
    **dict.fromkeys(("moderations.create", "responses.cancel"), "plain"),
}
INFERENCES = [name for name, kind in METRICS.items() if kind == "inference"]
FROM_THE_ANSWER = {
    *TOTALS,
    *PARTS,
    "gen_ai.response.id",
    "gen_ai.response.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.status",
    "openai.response.service_tier",
    "openai.response.system_fingerprint",
}


def tokens(usage: Any) -> dict[str, int]:
    """Totals, and those parts of them that are reported, are not zero, and can be parts of their total."""
    usage = usage or {}
    found = {}
    for name, keys in TOTALS.items():
        counts = [usage[key] for key in keys if type(usage.get(key)) is int]
        if counts:
            found[name] = counts[0]
    for name, (side, part) in PARTS.items():
        total = f"gen_ai.usage.{side}_tokens"
        details = next((usage[f"{key}_details"] for key in TOTALS[total] if usage.get(f"{key}_details")), {})
        count = details.get(part)
        if count and count <= found[total]:
            found[name] = count
    return found


def of_choices(docs: list[dict[str, Any]], choice_count: int) -> dict[str, Any]:
    """A chat or a completion, whole or in chunks."""
    found: dict[str, Any] = {}
    reasons: dict[int, Any] = {}
    usage = None
    for doc in docs:
        if doc.get("id"):
            found["gen_ai.response.id"] = doc["id"]
        if doc.get("model"):
            found["gen_ai.response.model"] = doc["model"]
        for key in ("service_tier", "system_fingerprint"):
            if doc.get(key):
                found[f"openai.response.{key}"] = doc[key]
        usage = doc.get("usage") or (doc.get("x_groq") or {}).get("usage") or usage
        for choice in doc.get("choices") or []:
            usage = doc.get("usage") or choice.get("usage") or usage
            reason = choice.get("finish_reason") or reasons.get(choice["index"])
            reasons[choice["index"]] = reason
    for index in range(choice_count):
        reasons.setdefault(index, None)
    found["gen_ai.response.finish_reasons"] = tuple(reasons[i] or "error" for i in sorted(reasons))
    return {**found, **tokens(usage)}


def of_response(response: dict[str, Any], *, fetched: bool) -> dict[str, Any]:
    """A response, as created or as fetched; a fetch repeats tokens that were counted before."""
    found = {"gen_ai.response.id": response["id"], "gen_ai.response.model": response["model"]}
    if response.get("service_tier"):
        found["openai.response.service_tier"] = response["service_tier"]
    if response["status"] == "completed":
        kinds = {item["type"] for item in response["output"]}
        called = kinds & {"function_call", "custom_tool_call"}
        found["gen_ai.response.finish_reasons"] = ("tool_calls" if called else "stop",)
    elif response["status"] == "incomplete":
        reason = response["incomplete_details"]["reason"]
        found["gen_ai.response.finish_reasons"] = ({"max_output_tokens": "length"}.get(reason, reason),)
    elif response["status"] in ("failed", "cancelled"):
        found["gen_ai.response.finish_reasons"] = ("error",)
    if fetched:
        return {**found, "gen_ai.response.status": response["status"]}
    return {**found, **tokens(response.get("usage"))}


def expected(run: Any) -> dict[str, Any]:
    """What the span of a run has to say of its answer; `openai.*` belongs to the provider `openai` alone."""
    told = of_recording(run.exchange)
    if run.spans[0].attributes["gen_ai.provider.name"] != "openai":
        told = {name: value for name, value in told.items() if not name.startswith("openai.")}
    return told


def of_recording(exchange: dict[str, Any]) -> dict[str, Any]:
    """What a recorded answer says."""
    docs = documents(exchange)
    if exchange["api"] == "embeddings":
        (doc,) = docs
        return {
            "gen_ai.response.model": doc["model"],
            "gen_ai.usage.input_tokens": doc["usage"]["prompt_tokens"],
        }
    if exchange["api"] == "responses":
        last = [doc.get("response", doc) for doc in docs if "response" in doc or "id" in doc][-1]
        return of_response(last, fetched=exchange["operation"] == "retrieve")
    asked = (exchange["request"]["body"] or {}).get("n") or 1
    return of_choices(docs, asked)


def failed(run: Any) -> bool:
    """Whether the app got an exception."""
    return run.bare.error is not None


def test_answers_are_read_as_they_were_recorded(corpus):
    checked = Counter()
    for run in corpus.of_text:
        if not failed(run):
            (span,) = run.spans
            said = {name: value for name, value in span.attributes.items() if name in FROM_THE_ANSWER}
            assert said == expected(run), str(run)
            assert span.status.status_code.name == "UNSET", str(run)
            checked[run.operation] += 1
    assert checked["chat"] > 300, "not much was recorded"
    assert checked["embeddings"] > 10


def test_failures_are_told_by_class_status_and_request_id(corpus):
    checked = 0
    for run in corpus.of_text:
        if failed(run):
            (span,) = run.spans
            error, response = run.bare.error, run.exchange["response"]
            told = span.attributes
            assert span.status.status_code.name == "ERROR", str(run)
            assert told["error.type"] == f"openai.{type(error).__name__}", str(run)
            assert told.get("http.response.status_code") == getattr(error, "status_code", None), str(run)
            if response["status"] >= 400:
                assert told.get("gossamer.request.id") == response["headers"].get("x-request-id"), str(run)
                given = {"gen_ai.response.id"} if run.operation == "fetch_response" else set()
                assert FROM_THE_ANSWER & set(told) == given, str(run)
            assert str(error) not in str(span.status.description), "the message may quote a prompt"
            checked += 1
    assert checked > 20


def requested(run: Any) -> dict[str, Any]:
    """The request attributes that the bytes on the wire call for."""
    request = run.traced.requests[-1]
    body = json.loads(request.content) if request.content else {}
    found: dict[str, Any] = {}
    for key, name in SENT.items():
        value = body.get(key)
        if value is not None:
            found[f"gen_ai.request.{name}"] = tuple(value) if isinstance(value, list) else value
    if found.get("gen_ai.request.choice.count") == 1:
        del found["gen_ai.request.choice.count"]
    if isinstance(found.get("gen_ai.request.stop_sequences"), str):
        found["gen_ai.request.stop_sequences"] = (found["gen_ai.request.stop_sequences"],)
    if "encoding_format" in body:
        found["gen_ai.request.encoding_formats"] = (body["encoding_format"],)
    effort = (body.get("reasoning") or {}).get("effort")
    if effort:
        found["gen_ai.request.reasoning.level"] = effort
    if run.exchange["stream"] and run.operation != "fetch_response":
        found["gen_ai.request.stream"] = True
    if "starting_after" in request.url.params:
        found["gen_ai.request.stream_cursor"] = request.url.params["starting_after"]
    return found


SENT = {
    "model": "model",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "seed": "seed",
    "n": "choice.count",
    "stop": "stop_sequences",
    "reasoning_effort": "reasoning.level",
    "previous_response_id": "previous_response.id",
}


def test_requests_are_read_as_they_were_sent(corpus):
    for run in corpus.of_text:
        (span,) = run.spans
        said = {name: value for name, value in span.attributes.items() if name.startswith("gen_ai.request.")}
        assert said == requested(run), str(run)


def points(corpus: Any, metric: str) -> list[Any]:
    """The points of one metric."""
    return [
        point
        for resource in corpus.metrics.resource_metrics
        for scope in resource.scope_metrics
        for found in scope.metrics
        if found.name == metric
        for point in found.data.data_points
    ]


@pytest.mark.parametrize(
    "name", [*TOTALS, *(name for name in PARTS if "cache" in name or "reasoning" in name)]
)
def test_the_counters_add_up_to_what_was_recorded(corpus, name):
    of_text = corpus.of_text
    recorded = sum(
        expected(run).get(name, 0) if run in of_text else run.span.attributes.get(name, 0)
        for run in corpus.traced
        if run.operation in INFERENCES and not failed(run)
    )
    metric = name.replace("gen_ai.usage.", "gen_ai.client.inference.usage.")
    assert sum(point.value for point in points(corpus, metric)) == recorded > 0


def test_the_histograms_hold_each_call_once(corpus):
    calls = Counter(METRICS.get(run.operation, run.operation) for run in corpus.traced)
    durations = {
        "gen_ai.client.inference.duration": calls["inference"],
        "gen_ai.client.embeddings.duration": calls["embeddings"],
        "gen_ai.client.operation.duration": calls["other"],
        "gossamer.client.method.duration": calls["plain"],
    }
    assert sum(calls.values()) == sum(durations.values())
    for metric, count in durations.items():
        assert sum(point.count for point in points(corpus, metric)) == count
    for side in ("input", "output"):
        told = [
            run.spans[0].attributes[f"gen_ai.usage.{side}_tokens"]
            for run in corpus.traced
            if METRICS[run.operation] == "inference"
            and f"gen_ai.usage.{side}_tokens" in run.spans[0].attributes
        ]
        found = points(corpus, f"gen_ai.client.inference.operation.{side}_tokens")
        assert (sum(p.count for p in found), sum(p.sum for p in found)) == (len(told), sum(told))
