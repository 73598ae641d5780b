"""Readers of a request body: each key that matters and the attribute that it becomes.

The body is walked once, by the keys that it has, which is cheaper than asking for all that it could have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from gossamer import semconv
from gossamer.fields import Fields, fields
from gossamer.operations.operation import Attributes

Put = Callable[[Any, Attributes], None]


#: Integers that OTLP has room for. One that it has none for would cost an exporter all its spans.
_LARGEST: Final = 2**63 - 1


def text(name: str) -> Put:
    """A non-empty string. Half a surrogate pair, which would cost an exporter its spans, becomes a `?`."""

    def put(value: Any, attributes: Attributes) -> None:
        if type(value) is str and value:
            attributes[name] = value if value.isascii() else value.encode(errors="replace").decode()

    return put


def whole(name: str) -> Put:
    """An integer."""

    def put(value: Any, attributes: Attributes) -> None:
        if type(value) is int and -_LARGEST <= value <= _LARGEST:
            attributes[name] = value

    return put


def number(name: str) -> Put:
    """A number, as a float."""

    def put(value: Any, attributes: Attributes) -> None:
        if type(value) is float or (type(value) is int and -_LARGEST <= value <= _LARGEST):
            attributes[name] = float(value)

    return put


def texts(name: str) -> Put:
    """One string or several."""

    def put(value: Any, attributes: Attributes) -> None:
        if type(value) is str:
            attributes[name] = (value,)
        elif type(value) is list and value and all(type(entry) is str for entry in value):
            attributes[name] = tuple(value)

    return put


def inside(key: str, put: Put) -> Put:
    """The value under a key of an object."""

    def put_inside(value: Any, attributes: Attributes) -> None:
        if isinstance(value, dict):
            put(value.get(key), attributes)

    return put_inside


def choice_count(value: Any, attributes: Attributes) -> None:
    """`n`, when it is not 1."""
    if type(value) is int and value != 1 and -_LARGEST <= value <= _LARGEST:
        attributes[semconv.REQUEST_CHOICE_COUNT] = value


def service_tier(value: Any, attributes: Attributes) -> None:
    """The tier, when one was asked for."""
    if type(value) is str and value and value != "auto":
        attributes[semconv.REQUEST_SERVICE_TIER] = value


_OUTPUT_TYPES: Final = {"text": "text", "json_object": "json", "json_schema": "json"}


def output_type(value: Any, attributes: Attributes) -> None:
    """The type of a response format: text or json."""
    found = _OUTPUT_TYPES.get(value) if type(value) is str else None
    if found is not None:
        attributes.setdefault(semconv.OUTPUT_TYPE, found)


def modalities(value: Any, attributes: Attributes) -> None:
    """Speech, when audio is among the modalities asked for."""
    if type(value) is list and "audio" in value:
        attributes[semconv.OUTPUT_TYPE] = "speech"


_conversation_id = text(semconv.CONVERSATION_ID)


def conversation(value: Any, attributes: Attributes) -> None:
    """The id of a conversation, given as such or as an object."""
    _conversation_id(value.get("id") if isinstance(value, dict) else value, attributes)


def prompt_template(value: Any, attributes: Attributes) -> None:
    """Id and version of a stored prompt; a prompt that is text is content, and not looked at."""
    if isinstance(value, dict):
        name = value.get("id")
        if type(name) is str and name:
            attributes[semconv.PROMPT_NAME] = name
            version = value.get("version")
            if type(version) is str and version:
                attributes[semconv.PROMPT_VERSION] = version


#: What the generating endpoints have in common.
SAMPLING: Final[dict[str, Put]] = {
    "model": text(semconv.REQUEST_MODEL),
    "temperature": number(semconv.REQUEST_TEMPERATURE),
    "top_p": number(semconv.REQUEST_TOP_P),
    "top_k": whole(semconv.REQUEST_TOP_K),
    "max_tokens": whole(semconv.REQUEST_MAX_TOKENS),
    "frequency_penalty": number(semconv.REQUEST_FREQUENCY_PENALTY),
    "presence_penalty": number(semconv.REQUEST_PRESENCE_PENALTY),
    "stop": texts(semconv.REQUEST_STOP_SEQUENCES),
    "seed": whole(semconv.REQUEST_SEED),
    "n": choice_count,
    "service_tier": service_tier,
}


def body_reader(table: Mapping[str, Put]) -> Callable[[Any, Attributes], None]:
    """Reads the JSON body of a request by a table."""

    def describe_request(options: Any, attributes: Attributes) -> None:
        for key, value in body_of(options).items():
            put = table.get(key)
            if put is not None:
                put(value, attributes)

    return describe_request


def id_in(options: Any, position: int) -> str:
    """A segment of the request's path, as it was before it was made part of a URL.

    Args:
        options: the SDK's request options.
        position: counted from the end, -1 for the last: the path may stand behind a host and a base.
    """
    return unquote(str(options.url).partition("?")[0].rstrip("/").split("/")[position])


#: By which the SDK's helpers mark what they ask until something is done.
_POLL: Final = "X-Stainless-Poll-Helper"


def is_poll(options: Any) -> bool:
    """Whether a helper of the SDK asks if something is done by now."""
    headers = options.headers
    return isinstance(headers, Mapping) and _POLL in headers


def body_of(options: Any) -> Fields:
    """The JSON body of a request as it goes over the wire, as long as it is an object."""
    body, extra = options.json_data, options.extra_json  # `extra_body`: laid over the body
    if isinstance(body, dict):
        return {**body, **extra} if extra and isinstance(extra, dict) else body
    return fields(extra) if body is None else _sent(body)


def _sent(body: Any) -> Fields:
    """The fields of a model that are sent: those that were set."""
    found = fields(body)
    was_set = getattr(body, "__pydantic_fields_set__", found)
    return {name: value for name, value in found.items() if name in was_set}
