"""Images: generated, edited, varied; plain and streamed."""

from __future__ import annotations

import weakref
from typing import Any

import openai
import pytest

from gossamer.operations.images import EDIT_IMAGE, GENERATE_IMAGE, VARY_IMAGE, ImagesFold

REQUEST = {"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "image"}
STREAM = {**REQUEST, "gen_ai.request.model": "gpt-image-1", "gen_ai.request.stream": True}
PNG = "iVBORw0KGgo="
USAGE = {
    "input_tokens": 50,
    "output_tokens": 272,
    "total_tokens": 322,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
    "output_tokens_details": {"image_tokens": 272, "text_tokens": 0},
}
ANSWER = {
    "created": 1,
    "output_format": "png",
    "data": [{"b64_json": PNG, "revised_prompt": "A spider's web, light as air."}],
    "usage": USAGE,
}
TOTALS = {"gen_ai.usage.input_tokens": 50, "gen_ai.usage.output_tokens": 272}
TOLD = {
    **TOTALS,
    "gen_ai.usage.text.input_tokens": 10,
    "gen_ai.usage.image.input_tokens": 40,
    "gen_ai.usage.image.output_tokens": 272,
}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"model": "gpt-image-1"}, {"gen_ai.request.model": "gpt-image-1"}),
    ({"n": 3}, {"gen_ai.request.choice.count": 3}),
    ({"n": 1}, {}),
    ({"n": None, "model": None}, {}),
    ({"n": "3", "model": ["gpt-image-1"]}, {}),
    ({"prompt": "A web", "size": "1024x1024", "user": "alice", "seed": 1, "response_format": "url"}, {}),
]
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # of variations
OPERATIONS = {operation.path: operation for operation in (GENERATE_IMAGE, EDIT_IMAGE, VARY_IMAGE)}
streams_images = pytest.mark.skipif(
    not hasattr(openai.types, "ImageGenCompletedEvent"), reason="this SDK does not stream images"
)


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_a_request_tells_what_it_asks_for(post, path, body, expected):
    assert post(path, body, {}).attributes == {**REQUEST, **expected}


@pytest.mark.parametrize("path", OPERATIONS)
def test_each_key_that_is_read_has_a_body_above(table, path):
    assert table(OPERATIONS[path]) == {key for body, expected in BODIES if expected for key in body}


CALLS = {
    "generate": {"prompt": "A web"},
    "edit": {"prompt": "A web", "image": ("web.png", b"png", "image/png")},
    "create_variation": {"image": ("web.png", b"png", "image/png")},
}


@pytest.mark.parametrize("method", CALLS)
def test_an_answer_tells_its_usage(trace, telemetry, method):
    """Image and text tokens apart, as far as they are told and not zero."""
    traced = trace(
        lambda client: getattr(client.images, method)(**CALLS[method], model="gpt-image-1", n=2), ANSWER
    )
    assert traced.attributes == {
        **REQUEST,
        "gen_ai.request.model": "gpt-image-1",
        "gen_ai.request.choice.count": 2,
        **TOLD,
    }
    assert traced.span["name"] == "generate_content gpt-image-1"
    assert traced.result.data[0].b64_json == PNG


def test_without_a_model_the_name_is_the_operation_alone(trace):
    traced = trace(lambda client: client.images.generate(prompt="A web"), ANSWER)
    assert traced.span["name"] == "generate_content"
    assert traced.attributes == {**REQUEST, **TOLD}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"usage": None}, {}),  # of models that are billed by the image
        ({"usage": {}}, {}),
        ({"usage": [50]}, {}),
        ({"usage": {"input_tokens": -50, "output_tokens": "272"}}, {}),
        ({"usage": {**USAGE, "input_tokens_details": None, "output_tokens_details": 5}}, TOTALS),
        ({"usage": {**USAGE, "input_tokens": None}},
         {"gen_ai.usage.output_tokens": 272, "gen_ai.usage.image.output_tokens": 272}),
        ({"usage": {**USAGE, "input_tokens_details": {"image_tokens": 51}}},  # a part exceeds its total
         {**TOTALS, "gen_ai.usage.image.output_tokens": 272}),
        ({"data": None}, TOLD),
        ({"data": "none", "output_format": 5}, TOLD),
    ],
)  # fmt: skip
def test_an_odd_answer_is_told_as_far_as_it_can_be_read(post, change, told):
    traced = post("/images/generations", {}, {**ANSWER, **change})
    assert traced.attributes == {**REQUEST, **told}
    assert traced.result == {**ANSWER, **change}


def test_tokens_are_counted_by_modality(trace, telemetry):
    trace(lambda client: client.images.generate(prompt="A web", model="gpt-image-1"), ANSWER)
    metrics = telemetry.metrics
    assert set(metrics) == {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.operation.input_tokens",
        "gen_ai.client.inference.operation.output_tokens",
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.usage.output_tokens",
    }
    spent = metrics["gen_ai.client.inference.usage.input_tokens"]
    assert {point["attributes"]["gen_ai.token.modality"]: point["value"] for point in spent} == {
        "text": 10,
        "image": 40,
    }


class Untouchable(str):
    """An image, of which nothing may be done but hand it on."""

    def touched(self, *_: Any) -> Any:
        raise AssertionError("the image was looked at")

    __iter__ = __len__ = __getitem__ = __eq__ = __repr__ = encode = touched  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_the_images_are_never_looked_at():
    attributes: dict[str, Any] = {}
    answer = {**ANSWER, "data": [{"b64_json": Untouchable()}]}
    GENERATE_IMAGE.measure(answer, attributes)
    GENERATE_IMAGE.describe(answer, attributes)
    assert attributes == TOLD


# Streams


def events(kind: str, *completed: dict[str, Any]) -> list[Any]:
    """Two partial images, and the last event or events."""
    partial = {
        "type": f"{kind}.partial_image",
        "b64_json": PNG,
        "partial_image_index": 0,
        "created_at": 1,
        "usage": {"input_tokens": 1, "output_tokens": 1},  # the API tells none here; it would not be all
    }
    last = {"type": f"{kind}.completed", "b64_json": PNG, "output_format": "png", "created_at": 1}
    said = [partial, {**partial, "partial_image_index": 1}, *({**last, **more} for more in completed)]
    return [(event["type"], event) for event in said]


def untyped(post: Any, stream: list[Any]) -> Any:
    """Stream as every release can."""
    body = {"model": "gpt-image-1", "stream": True}
    return post("/images/generations", body, [event for _, event in stream])


@streams_images
@pytest.mark.parametrize(("method", "kind"), [("generate", "image_generation"), ("edit", "image_edit")])
def test_a_stream_tells_the_usage_of_its_last_event(trace, method, kind):
    stream = events(kind, {"usage": USAGE})
    traced = trace(
        lambda client: getattr(client.images, method)(**CALLS[method], model="gpt-image-1", stream=True),
        stream,
    )
    assert [chunk.type for chunk in traced.result] == [name for name, _ in stream]
    assert traced.attributes == {**STREAM, **TOLD, "gossamer.stream.outcome": "completed"}
    assert 0 < traced.span["attributes"]["gen_ai.response.time_to_first_chunk"] <= traced.span["seconds"]


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        (events("image_generation", {"usage": USAGE}), TOLD),
        (events("image_generation", {"usage": None}), {}),
        (events("image_generation", {}), {}),
        (events("image_generation", {"usage": 5}), {}),
        (events("image_generation"), {}),  # cut before its end
        (
            events("image_generation", {"usage": USAGE}, {}),
            TOLD,
        ),  # the second image tells no usage of its own
        (events("image_generation", {"usage": USAGE})[-1:], TOLD),  # no partial images were asked for
        ([], {}),
    ],
)
def test_a_stream_without_types_is_folded_too(post, stream, told):
    traced = untyped(post, stream)
    assert traced.result == [event for _, event in stream]
    assert traced.attributes == {**STREAM, **told, "gossamer.stream.outcome": "completed"}


@pytest.mark.parametrize("odd", [None, 5, "text", [], {}, {"type": None}, {"type": ["image_edit.completed"]}])
def test_an_event_that_is_none_is_passed_on(post, odd):
    stream = [("odd", odd), *events("image_generation", {"usage": USAGE})]
    stream.insert(2, ("odd", odd))
    traced = untyped(post, stream)
    assert traced.result == [event for _, event in stream]
    assert traced.attributes == {**STREAM, **TOLD, "gossamer.stream.outcome": "completed"}


@streams_images
def test_a_stream_that_is_left_early_tells_no_usage(trace, telemetry, leave):
    call = leave(lambda client: client.images.generate(prompt="A web", model="gpt-image-1", stream=True), 2)
    traced = trace(call, events("image_generation", {"usage": USAGE}))
    assert len(traced.result) == 2
    assert traced.attributes == {**STREAM, "gossamer.stream.outcome": "closed"}
    assert traced.span["status"] == "UNSET"
    assert set(telemetry.metrics) == {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.time_to_first_chunk",
    }


@streams_images
def test_an_error_in_a_stream_fails_the_call(telemetry, run, client):
    stream = [*events("image_generation"), ("error", {"error": {"message": "secret", "code": "blocked"}})]
    caller = client(stream)

    async def aread() -> None:
        async for _ in await caller.images.generate(prompt="A web", stream=True):
            pass

    def read() -> None:
        for _ in caller.images.generate(prompt="A web", stream=True):
            pass

    with pytest.raises(openai.APIError):
        run(aread() if run.kind == "async" else read())
    (span,) = telemetry.spans
    assert span["attributes"]["error.type"] == "openai.APIError"
    assert span["attributes"]["gossamer.stream.outcome"] == "failed"
    assert "secret" not in repr(span)


class Event(dict[str, Any]):
    """An event that can be referred to weakly."""


def test_without_content_no_image_is_kept():
    fold = ImagesFold({})
    for _ in range(3):
        event = Event(type="image_generation.completed", b64_json=PNG, usage={"input_tokens": 1})
        gone = weakref.ref(event)
        assert fold.add(event)
        del event
        assert gone() is None
    assert fold.answer() == {"usage": {"input_tokens": 1}}
