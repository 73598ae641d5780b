"""Answers that are a list of choices: Chat Completions and the legacy Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.usage import CHOICES_USAGE, read_usage

if TYPE_CHECKING:
    from gossamer.operations.operation import Attributes


def measure(answer: Fields, attributes: Attributes) -> None:
    """Model, service tier, fingerprint and usage."""
    for key, name in _TEXTS:
        value = answer.get(key)
        if type(value) is str and value:
            attributes[name] = value
    read_usage(answer.get("usage"), CHOICES_USAGE, attributes)


_TEXTS = (
    ("model", semconv.RESPONSE_MODEL),
    ("service_tier", semconv.RESPONSE_SERVICE_TIER),
    ("system_fingerprint", semconv.RESPONSE_SYSTEM_FINGERPRINT),
)


def describe(answer: Fields, attributes: Attributes) -> None:
    """Id, and the finish reason of each choice; `error` where a choice has none."""
    value = answer.get("id")
    if type(value) is str and value:
        attributes[semconv.RESPONSE_ID] = value
    choices = answer.get("choices")
    if type(choices) is list and choices:
        attributes[semconv.RESPONSE_FINISH_REASONS] = tuple(map(_finish_reason, choices))


def _finish_reason(choice: Any) -> str:
    reason = fields(choice).get("finish_reason")
    return reason if type(reason) is str and reason else "error"


#: The API's own limit for `n`; a larger one is refused, and must not cost anything here.
_MOST_CHOICES = 128


class ChoicesFold:
    """Chunks of choices, folded. Only those that carry a name, a finish reason or usage come here."""

    __slots__ = ("_answer", "_expected", "_reasons")

    def __init__(self, request: Attributes) -> None:
        self._answer: dict[str, Any] = {}
        self._reasons: dict[int, str] = {}
        self._expected = min(request.get(semconv.REQUEST_CHOICE_COUNT, 1), _MOST_CHOICES)

    def add(self, chunk: Any) -> bool:
        """See `Fold.add`. Azure's first chunk has neither id nor choices: the next one is looked at too."""
        found, answer = fields(chunk), self._answer
        for key in ("id", "model", "service_tier", "system_fingerprint"):
            value = found.get(key)
            if value:
                answer[key] = value
        usage = found.get("usage")
        if usage is None and "x_groq" in found:
            usage = fields(found["x_groq"]).get("usage")
        if usage is not None:
            answer["usage"] = usage  # cumulative where it comes more than once: the last one counts
        choices = found.get("choices")
        if type(choices) is not list or not choices:
            return False
        for position, choice in enumerate(choices):
            of_choice = fields(choice)
            reason, index = of_choice.get("finish_reason"), of_choice.get("index")
            if type(reason) is str and reason:
                self._reasons[index if type(index) is int else position] = reason
                if usage is None and of_choice.get("usage") is not None:
                    answer["usage"] = of_choice["usage"]  # Moonshot's place for it
        return True

    def answer(self) -> Fields:
        """See `Fold.answer`."""
        if self._answer or self._reasons:
            choices = self._answer["choices"] = []
            for index in sorted({*range(self._expected), *self._reasons}):
                choices.append({"finish_reason": self._reasons.get(index)})  # noqa: PERF401  (see responses.py)
        return self._answer
