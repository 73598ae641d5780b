"""What Gossamer relies on inside an SDK, looked up and checked once.

All of it is private to the SDK, held still in openai from 1.26.0 to 3.54.0, and checked before anything is
patched: where a name has moved, the SDK is left alone. Other SDKs that the same generator makes have it, too.
No HTTP library is imported: the SDK uses httpx or httpx2.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.operations import Operation


class SDKMovedError(Exception):
    """The SDK is not built as Gossamer knows it; the message says what is missing."""


class Connections(NamedTuple):
    """The classes of one module for websockets; the async twin of each begins with `Async`."""

    name: str
    """`{name}Connection` sends and receives, and `connect()` returns a `{name}ConnectionManager`."""
    protocol: Literal["realtime", "responses", "live", "lanes"]
    """What is spoken there. A lane is no connection: a `{name}Lane` sends past the methods of its own."""


@dataclass(frozen=True)
class Package:
    """What differs between SDKs of this make: the generator is the same, the API is not."""

    name: str
    """Of the package that is imported."""
    requires: str
    """The releases that are known, as `pip` writes it."""
    clients: tuple[str, str]
    """The sync and the async client, in that package."""
    operations: tuple[Operation, ...]
    """What is traced."""
    administration: str | None
    """The module with the table `ADMINISTRATION` of all else that it can do."""
    provider: str
    """`gen_ai.provider.name` of a server whose host says nothing."""
    raw_responses: tuple[tuple[str, str], ...] = (("_response", "BaseAPIResponse"),)
    """(module in it, class): what `with_raw_response` and `with_streaming_response` give."""
    providers: tuple[tuple[str, str, str], ...] = ()
    """(module, class, provider): clients that say by their type who answers, whatever the host is."""
    told_when_asked: frozenset[str] = frozenset()
    """Hosts, and what ends in one after a dot, that tell the usage of a stream when asked, and not else:
    `stream_usage="auto"` asks these."""
    connections: Mapping[str, Connections] = field(default_factory=dict)
    """Module → its classes for websockets."""
    runtimes: Mapping[str, str] = field(default_factory=dict)
    """The name of a client's `_provider_runtime` → provider."""


@dataclass(frozen=True)
class SDK:
    """The parts of the SDK that are hooked, and the types that `request()` may return."""

    package: Package
    clients: tuple[type[Any], type[Any]]
    """What apps make: the sync and the async client."""
    sync_client: type[Any]
    """`SyncAPIClient`: `request()` is entered once for each logical call, retries included."""
    async_client: type[Any]
    base_client: type[Any]
    """`BaseClient`: `_calculate_retry_timeout()` is called once before each retry, sync and async."""
    stream: type[Any]
    async_stream: type[Any]
    raw_responses: tuple[type[Any], ...]
    """What `with_raw_response` and `with_streaming_response` give."""
    providers: tuple[tuple[type[Any], str], ...]
    """Clients that say by their type who answers, whatever the host is: a gateway often."""
    base_urls: tuple[Any, ...]
    """The properties by which a client of the SDK tells its own `base_url`."""
    request_takes_retries: bool
    """Before openai 1.76 `request()` had a parameter `remaining_retries`."""


def locate(package: Package) -> SDK:
    """Find and check the parts of an installed SDK.

    Raises:
        ImportError: it is not installed.
        SDKMovedError: a part is not there, or not as expected.
    """
    name = package.name
    root = import_module(name)  # that it is missing is no move
    try:
        base = import_module(f"{name}._base_client")
        models = import_module(f"{name}._models")
        streaming = import_module(f"{name}._streaming")
        sync_client, async_client = (getattr(root, client) for client in package.clients)
        found = SDK(
            package=package,
            clients=(sync_client, async_client),
            sync_client=base.SyncAPIClient,
            async_client=base.AsyncAPIClient,
            base_client=base.BaseClient,
            stream=streaming.Stream,
            async_stream=streaming.AsyncStream,
            raw_responses=tuple(
                getattr(import_module(f"{name}.{module}"), kind) for module, kind in package.raw_responses
            ),
            providers=_providers(package),
            base_urls=(base.BaseClient.base_url, sync_client.base_url, async_client.base_url),
            request_takes_retries=_takes_retries(base.SyncAPIClient.request),
        )
        _check_request(found.sync_client.request)
        _check_request(found.async_client.request)
        _check_retry(found.base_client)
        _check_stream(found.stream)
        _check_stream(found.async_stream)
        _check_options(models.FinalRequestOptions)
    except SDKMovedError:
        raise
    except Exception as missing:  # a name that is gone, a signature that has changed
        raise SDKMovedError(f"{type(missing).__name__}: {missing}") from missing
    return found


def _providers(package: Package) -> tuple[tuple[type[Any], str], ...]:
    found = (
        (getattr(import_module(module), name, None), provider) for module, name, provider in package.providers
    )
    return tuple((kind, provider) for kind, provider in found if isinstance(kind, type))


def _takes_retries(request: Any) -> bool:
    return "remaining_retries" in inspect.signature(request).parameters


def _check_request(request: Any) -> None:
    parameters = inspect.signature(request).parameters
    names, kinds = [*parameters], {parameter.kind for parameter in parameters.values()}
    if {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds:
        return  # somebody's patch, which takes whatever it is given
    if names[:3] != ["self", "cast_to", "options"] or not {"stream", "stream_cls"} <= set(names):
        raise SDKMovedError(f"request() takes {', '.join(names)}")


def _check_retry(client: Any) -> None:
    names = [*inspect.signature(client._calculate_retry_timeout).parameters]  # noqa: SLF001
    if names != ["self", "remaining_retries", "options", "response_headers"]:
        raise SDKMovedError(f"_calculate_retry_timeout() takes {', '.join(names)}")


def _check_stream(stream: Any) -> None:
    class Client:
        def _make_sse_decoder(self) -> None: ...

    built = stream(cast_to=object, response=None, client=Client())
    if not hasattr(built, "_iterator") or not hasattr(built, "__stream__"):
        raise SDKMovedError(f"{stream.__name__} has no _iterator made by __stream__()")


def _check_options(options: Any) -> None:
    known = getattr(options, "model_fields", None) or options.__fields__
    missing = {"method", "url", "json_data", "extra_json", "params", "post_parser"} - set(known)
    if missing:
        raise SDKMovedError(f"FinalRequestOptions has no {', '.join(sorted(missing))}")
