"""Videos. A call starts a job, and its span ends when that is taken on; other calls ask how it goes."""

from __future__ import annotations

from gossamer import semconv
from gossamer.operations import answer
from gossamer.operations.operation import Operation
from gossamer.operations.request import body_reader, text

_describe_request = body_reader({"model": text(semconv.REQUEST_MODEL)})

VIDEOS = tuple(
    Operation(
        name="generate_content",
        method="POST",
        path=path,
        calls=calls,
        metrics="inference",
        describe_request=_describe_request,
        measure=answer.model,
        describe=answer.identity,
        failure=answer.failure_in("error"),
        content="videos",
    )
    for path, calls in (
        ("/videos", "`videos.create`"),
        ("/videos/edits", "`videos.edit`"),
        ("/videos/extensions", "`videos.extend`"),
        ("/videos/{id}/remix", "`videos.remix`"),
    )
)
