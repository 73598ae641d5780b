"""What Gossamer relies on inside the OpenAI SDK, looked up and checked once.

All of it is private to the SDK, held still from 1.26.0 to 3.54.0, and checked before anything is patched:
where a name has moved, the SDK is left alone. No HTTP library is imported: the SDK uses httpx or httpx2.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any


class SDKMovedError(Exception):
    """The SDK is not built as Gossamer knows it; the message says what is missing."""


@dataclass(frozen=True)
class SDK:
    """The parts of the SDK that are hooked, and the types that `request()` may return."""

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
    """Before 1.76 `request()` had a parameter `remaining_retries`."""


def locate() -> SDK:
    """Find and check the parts of the installed SDK.

    Raises:
        ImportError: openai is not installed.
        SDKMovedError: a part is not there, or not as expected.
    """
    import openai  # that it is missing is no move

    try:
        import openai._base_client as base
        import openai._legacy_response as legacy
        import openai._models as models
        import openai._response as response
        import openai._streaming as streaming
        from openai.lib import azure

        found = SDK(
            sync_client=base.SyncAPIClient,
            async_client=base.AsyncAPIClient,
            base_client=base.BaseClient,
            stream=streaming.Stream,
            async_stream=streaming.AsyncStream,
            raw_responses=(legacy.LegacyAPIResponse, response.BaseAPIResponse),
            providers=_providers(openai, azure),
            base_urls=(base.BaseClient.base_url, openai.OpenAI.base_url, openai.AsyncOpenAI.base_url),
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


def _providers(openai: Any, azure: Any) -> tuple[tuple[type[Any], str], ...]:
    bedrock = (getattr(openai, name, None) for name in ("BedrockOpenAI", "AsyncBedrockOpenAI"))  # since 2.44
    return (
        (azure.BaseAzureClient, "azure.ai.openai"),
        *((kind, "aws.bedrock") for kind in bedrock if isinstance(kind, type)),
    )


def _takes_retries(request: Any) -> bool:
    return "remaining_retries" in inspect.signature(request).parameters


def _check_request(request: Any) -> None:
    names = [*inspect.signature(request).parameters]
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
