"""Videos. A call starts a job, and its span ends when that is taken on; other calls ask how it goes."""

from __future__ import annotations

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_reader, text

_describe_request = body_reader({"model": text(semconv.REQUEST_MODEL)})


def measure(answer: Fields, attributes: Attributes) -> None:
    """The model."""
    model = answer.get("model")
    if type(model) is str and model:
        attributes[semconv.RESPONSE_MODEL] = model


def describe(answer: Fields, attributes: Attributes) -> None:
    """The id of the job."""
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value


def failure(answer: Fields) -> str | None:
    """The error code of a job that failed at once."""
    if answer.get("status") != "failed":
        return None
    code = fields(answer.get("error")).get("code")
    return code if type(code) is str and code else "_OTHER"


VIDEOS = tuple(
    Operation(
        name="generate_content",
        method="POST",
        path=path,
        calls=calls,
        metrics="inference",
        describe_request=_describe_request,
        measure=measure,
        describe=describe,
        failure=failure,
        content="videos",
    )
    for path, calls in (
        ("/videos", "`videos.create`"),
        ("/videos/edits", "`videos.edit`"),
        ("/videos/extensions", "`videos.extend`"),
        ("/videos/{id}/remix", "`videos.remix`"),
    )
)
