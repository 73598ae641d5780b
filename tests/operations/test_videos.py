"""Videos: a call starts a job, and its span ends when that is taken on."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from gossamer.operations.videos import VIDEOS

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is:DeprecationWarning")
needs_videos = pytest.mark.skipif(
    find_spec("openai.resources.videos") is None, reason="this SDK makes no videos"
)
REQUEST = {"gen_ai.operation.name": "generate_content"}
ANSWER: dict[str, Any] = {
    "id": "video_1",
    "object": "video",
    "model": "sora-2",
    "status": "queued",
    "created_at": 1,
    "progress": 0,
    "seconds": "4",
    "size": "720x1280",
}
TOLD = {"gen_ai.response.id": "video_1", "gen_ai.response.model": "sora-2"}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "sora-2"}, {"gen_ai.request.model": "sora-2"}),
    ({"model": None}, {}),
    ({"model": ["sora-2"]}, {}),
    ({"prompt": "A web in the wind", "seconds": "4", "size": "720x1280"}, {}),
]
OPERATIONS = {operation.path.replace("{id}", "video_0"): operation for operation in VIDEOS}


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_its_model(post, path, body, expected):
    assert post(path, body, {}).attributes == {**REQUEST, **expected}


@pytest.mark.parametrize("path", OPERATIONS)
def test_each_key_that_is_read_has_a_body_above(table, path):
    assert table(OPERATIONS[path]) == {key for body, expected in BODIES if expected for key in body}


@needs_videos
def test_an_answer_tells_the_job_and_its_model(trace, telemetry):
    traced = trace(lambda client: client.videos.create(prompt="A web", model="sora-2"), ANSWER)
    assert traced.attributes == {**REQUEST, "gen_ai.request.model": "sora-2", **TOLD}
    assert traced.span["name"] == "generate_content sora-2"
    assert set(telemetry.metrics) == {"gen_ai.client.inference.duration"}
    assert traced.result.status == "queued"


@needs_videos
def test_a_remix_names_no_model_in_its_request(trace):
    traced = trace(lambda client: client.videos.remix("video_0", prompt="At night"), ANSWER)
    assert traced.attributes == {**REQUEST, **TOLD}
    assert traced.span["name"] == "generate_content"


@needs_videos
def test_what_asks_how_it_goes_is_not_traced(telemetry, run, client):
    videos = client(ANSWER).videos

    async def aask() -> None:
        await videos.retrieve("video_1")

    run(aask() if run.kind == "async" else videos.retrieve("video_1"))
    assert telemetry.spans == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "moderation_blocked", "message": "secret"}, "moderation_blocked"),
        ({"code": "a sentence with a secret in it"}, "_OTHER"),
        ({"code": None}, "failed"),
        ({"code": ""}, "failed"),
        ({"code": 7}, "failed"),
        ({}, "failed"),
        ("secret", "failed"),
        (None, "failed"),
    ],
)
def test_a_job_that_failed_at_once_is_a_failed_call(post, telemetry, error, code):
    traced = post("/videos", {}, {**ANSWER, "status": "failed", "error": error})
    assert traced.attributes == {**REQUEST, **TOLD, "error.type": code}
    assert (traced.span["status"], traced.span["description"]) == ("ERROR", f"response failed (code {code})")
    assert "secret" not in repr(traced.span)
    (point,) = telemetry.metrics["gen_ai.client.inference.duration"]
    assert point["attributes"]["error.type"] == code


@pytest.mark.parametrize("status", ["queued", "in_progress", "completed", "new", None, 5, ["failed"]])
def test_no_other_status_is_a_failure(post, status):
    traced = post("/videos", {}, {**ANSWER, "status": status, "error": {"code": "old"}})
    assert traced.attributes == {**REQUEST, **TOLD}
    assert traced.span["status"] == "UNSET"


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"id": None}, "gen_ai.response.id"),
        ({"id": ""}, "gen_ai.response.id"),
        ({"id": ["video_1"]}, "gen_ai.response.id"),
        ({"model": None}, "gen_ai.response.model"),
        ({"model": {"name": "sora-2"}}, "gen_ai.response.model"),
    ],
)
def test_an_odd_answer_is_told_as_far_as_it_can_be_read(post, change, missing):
    traced = post("/videos", {}, {**ANSWER, **change})
    told = {name: value for name, value in TOLD.items() if name != missing}
    assert traced.attributes == {**REQUEST, **told}
