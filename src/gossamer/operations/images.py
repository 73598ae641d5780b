"""Images: generated, edited, varied. The images themselves are never looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.operation import Attributes, Operation
from gossamer.operations.request import body_reader, choice_count, text
from gossamer.operations.usage import RESPONSES_USAGE, read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS: Final[Mapping[str, str]] = {semconv.OUTPUT_TYPE: "image"}
_describe_request = body_reader({"model": text(semconv.REQUEST_MODEL), "n": choice_count})


def measure(answer: Fields, attributes: Attributes) -> None:
    """Usage, of the models that are billed by tokens. The answer names no model."""
    read_usage(answer.get("usage"), RESPONSES_USAGE, attributes)


class ImagesFold:
    """Events of an image in the making, folded: the last one has the usage; the image in it is not kept."""

    __slots__ = ("_usage",)

    def __init__(self, _: Attributes) -> None:
        self._usage: Any = None

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`."""
        event = fields(chunk)
        if event.get("type") in COMPLETED:
            usage = event.get("usage")
            if usage is not None:
                self._usage = usage
        return True

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        return {"usage": self._usage} if self._usage is not None else {}


COMPLETED: Final = ("image_generation.completed", "image_edit.completed")
_KEPT_EVENTS: Final = frozenset({*COMPLETED, None})


def _operation(path: str, calls: str, *, streams: bool) -> Operation:
    return Operation(
        name="generate_content",
        method="POST",
        path=path,
        calls=calls,
        metrics="inference",
        describe_request=_describe_request,
        measure=measure,
        always=_ALWAYS,
        fold=ImagesFold if streams else None,
        kept_events=_KEPT_EVENTS if streams else None,
        content="images",
    )


GENERATE_IMAGE = _operation("/images/generations", "`images.generate`", streams=True)
EDIT_IMAGE = _operation("/images/edits", "`images.edit`", streams=True)
VARY_IMAGE = _operation("/images/variations", "`images.create_variation`", streams=False)
