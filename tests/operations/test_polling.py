"""Helpers that start something and ask until it is done: one span, of the call that starts it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.testing import capture

pytestmark = pytest.mark.filterwarnings("ignore:The (Assistants|Sora) API:DeprecationWarning")
ROLE = {"role": "user", "content": "How light?"}
RUN: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "assistant_id": "asst_1",
    "thread_id": "thread_1",
    "status": "queued",
}
TOOL_OUTPUTS = [{"tool_call_id": "call_1", "output": "0.1 g"}]


class Job:
    """A server on which something is started, asked for twice, and done then."""

    def __init__(self, started: dict[str, Any]) -> None:
        self.asked: list[str] = []
        self._started = started

    def __call__(self, request: Any) -> Any:
        self.asked.append(request.method)
        done = self.asked.count("GET") >= 2
        counts = {"in_progress": 0 if done else 1, "completed": 1 if done else 0}  # of a batch
        status = "completed" if done else self._started["status"]
        return {**self._started, "status": status, "file_counts": counts}


def polled(run: Any, telemetry: Any, client: Any, job: Job, call: Any) -> Any:
    """Start a job on this server, and wait until it is done."""
    caller = client(job)

    async def await_it() -> Any:
        return await call(caller)

    result = run(await_it() if run.kind == "async" else call(caller))
    assert result.status == "completed"
    assert job.asked == ["POST", "GET", "GET"]
    return telemetry.spans


RUNS = {
    "runs.create_and_poll": lambda threads: threads.runs.create_and_poll(
        thread_id="thread_1", assistant_id="asst_1", poll_interval_ms=1
    ),
    "create_and_run_poll": lambda threads: threads.create_and_run_poll(
        assistant_id="asst_1", thread={"messages": [ROLE]}, poll_interval_ms=1
    ),
    "runs.submit_tool_outputs_and_poll": lambda threads: threads.runs.submit_tool_outputs_and_poll(
        thread_id="thread_1", run_id="run_1", tool_outputs=TOOL_OUTPUTS, poll_interval_ms=1
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_polled_is_one_call(run, telemetry, client, name):
    """What it tells is what was known when it was taken on."""
    (span,) = polled(run, telemetry, client, Job(RUN), lambda caller: RUNS[name](caller.beta.threads))
    assert span["name"] == "invoke_agent"
    assert span["attributes"]["gossamer.run.id"] == "run_1"
    assert span["attributes"]["gen_ai.conversation.id"] == "thread_1"
    assert "gen_ai.response.finish_reasons" not in span["attributes"]
    (point,) = telemetry.metrics["gen_ai.client.operation.duration"]
    assert point["count"] == 1


@pytest.mark.skipif(find_spec("openai.resources.videos") is None, reason="this SDK makes no videos")
def test_a_video_that_is_polled_is_one_call(run, telemetry, client):
    video = {"id": "video_1", "object": "video", "model": "sora-2", "status": "queued"}
    (span,) = polled(
        run,
        telemetry,
        client,
        Job(video),
        lambda caller: caller.videos.create_and_poll(prompt="A web", model="sora-2", poll_interval_ms=1),
    )
    assert span["name"] == "generate_content sora-2"
    assert span["attributes"]["gen_ai.response.id"] == "video_1"


def store_file(caller: Any, collection: str) -> Any:
    """Put a file into a vector store, and wait until it is in there."""
    stores = getattr(caller, "vector_stores", None) or caller.beta.vector_stores
    which = {"file_id": "file_1"} if collection == "files" else {"file_ids": ["file_1"]}
    return getattr(stores, collection).create_and_poll(vector_store_id="vs_1", poll_interval_ms=1, **which)


STORED = {"id": "file_1", "status": "in_progress"}


@pytest.mark.parametrize("collection", ["files", "file_batches"])
def test_what_no_model_works_for_has_no_span_at_all(run, telemetry, client, collection):
    """Putting files into a store is administration."""
    spans = polled(run, telemetry, client, Job(STORED), lambda caller: store_file(caller, collection))
    assert spans == []
    assert telemetry.metrics == {}


@pytest.mark.parametrize("collection", ["files", "file_batches"])
def test_polls_have_no_spans_even_where_all_calls_have(run, client, collection):
    with capture(all_operations=True) as telemetry:
        (span,) = polled(run, telemetry, client, Job(STORED), lambda caller: store_file(caller, collection))
        (point,) = telemetry.metrics["gossamer.client.method.duration"]
    assert span["name"].endswith(f"vector_stores.{collection}.create")
    assert point["count"] == 1


def test_asking_for_the_same_by_oneself_is_a_call(run, client):
    with capture(all_operations=True) as telemetry:
        run(client(STORED).get("/vector_stores/vs_1/files/file_1", cast_to=object))
        (span,) = telemetry.spans
    assert span["name"] == "vector_stores.files.retrieve"
