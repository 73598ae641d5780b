"""The calls that a soak makes, of thirty kinds.

A call that fails on purpose returns the exception that the app saw: its span must name the same.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import openai

from gossamer.cli.soak.kinds import Kind, add_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gossamer.cli.soak.apps import App
    from gossamer.cli.soak.kinds import Play

_MESSAGES: Final[Any] = [{"role": "user", "content": "What does a spider's thread weigh?"}]
_MODEL: Final = "gpt-4o-mini"
#: Seconds until the fake answers, for calls that do not wait for it, and until these lose patience.
_SLOW: Final = "fake-slow-3"
_PATIENCE: Final = 0.03

KINDS: Final[list[Kind]] = []


def _kind(
    weight: int, span: str = f"chat {_MODEL}", outcome: str | None = None, **options: Any
) -> Callable[[Play], Play]:
    """A kind of call, most often a chat. See `add_to()`."""
    return add_to(KINDS, weight, span, outcome, **options)


# --- answered


@_kind(200)
async def chat(app: App) -> None:
    await app.given(app.client.chat.completions.create(model=_MODEL, messages=_MESSAGES))


@_kind(20)
async def chat_of_a_copied_client(app: App) -> None:
    client = app.client.with_options(timeout=60)
    await app.given(client.chat.completions.create(model=_MODEL, messages=_MESSAGES))


@_kind(20)
async def raw(app: App) -> None:
    create = app.client.chat.completions.with_raw_response.create
    response = await app.given(create(model=_MODEL, messages=_MESSAGES))
    await app.given(response.parse())


@_kind(20)
async def streaming_raw(app: App) -> None:
    create = app.client.chat.completions.with_streaming_response.create
    async with app.within(create(model=_MODEL, messages=_MESSAGES)) as response:
        await app.given(response.parse())


@_kind(20, needs="lib.streaming.chat")
async def parsed(app: App) -> None:
    completions = app.client.chat.completions
    if not hasattr(completions, "parse"):
        completions = app.client.beta.chat.completions
    await app.given(completions.parse(model=_MODEL, messages=_MESSAGES))


@_kind(40, "embeddings text-embedding-3-small")
async def embeddings(app: App) -> None:
    await app.given(app.client.embeddings.create(model="text-embedding-3-small", input="a thread"))


@_kind(20, "text_completion gpt-3.5-turbo-instruct")
async def completion(app: App) -> None:
    await app.given(app.client.completions.create(model="gpt-3.5-turbo-instruct", prompt="A thread"))


@_kind(60, needs="resources.responses")
async def response(app: App) -> None:
    await app.given(app.client.responses.create(model=_MODEL, input="What does a thread weigh?"))


@_kind(5, "chat fake-rate-limit-once", retries=1, needs="retry-count")
async def chat_that_is_retried(app: App) -> None:
    await app.given(app.client.chat.completions.create(model="fake-rate-limit-once", messages=_MESSAGES))


# --- streamed


async def _started(app: App, model: str = _MODEL) -> Any:
    return await app.given(app.client.chat.completions.create(model=model, messages=_MESSAGES, stream=True))


@_kind(120, outcome="completed")
async def stream(app: App) -> None:
    await app.read(await _started(app))


@_kind(10, outcome="completed")
async def raw_stream(app: App) -> None:
    create = app.client.chat.completions.with_raw_response.create
    response = await app.given(create(model=_MODEL, messages=_MESSAGES, stream=True))
    await app.read(await app.given(response.parse()))


@_kind(40, outcome="completed", needs="resources.responses")
async def response_stream(app: App) -> None:
    await app.read(await app.given(app.client.responses.create(model=_MODEL, input="?", stream=True)))


def _helper(app: App) -> Any:
    completions = app.client.chat.completions
    if not hasattr(completions, "stream"):
        completions = app.client.beta.chat.completions
    return completions.stream(model=_MODEL, messages=_MESSAGES)


@_kind(10, outcome="completed", needs="lib.streaming.chat")
async def helper_stream(app: App) -> None:
    async with app.within(_helper(app)) as events:
        await app.read(events)


# --- left early


@_kind(20, outcome="closed")
async def stream_closed_early(app: App) -> None:
    stream = await _started(app)
    await app.read(stream, 3)
    await app.given(stream.close())


@_kind(10, outcome="closed")
async def stream_left_early(app: App) -> None:
    async with app.within(await _started(app)) as stream:
        await app.read(stream, 3)


@_kind(10, outcome="closed", needs="lib.streaming.chat")
async def helper_stream_left_early(app: App) -> None:
    async with app.within(_helper(app)) as events:
        await app.read(events, 3)


@_kind(20, outcome="abandoned")
async def stream_dropped_half_read(app: App) -> None:
    await app.read(await _started(app), 3)


@_kind(10, outcome="abandoned")
async def stream_dropped_unread(app: App) -> None:
    """Its connection would never be freed, on the bare SDK neither: the app has kept the response."""
    stream = await _started(app)
    response = stream.response
    del stream
    await app.given(response.close() if app.kind == "sync" else response.aclose())


@_kind(10, outcome="abandoned")
async def stream_left_to_the_collector(app: App) -> None:
    stream = await _started(app)
    await app.read(stream, 3)
    cycle = [stream]
    cycle.append(cycle)


@_kind(5)
async def raw_never_parsed(app: App) -> None:
    create = app.client.chat.completions.with_raw_response.create
    await app.given(create(model=_MODEL, messages=_MESSAGES))


# --- failed


async def _fails(expected: type[BaseException], asked: Awaitable[Any]) -> BaseException:
    try:
        await asked
    except expected as error:
        return error
    raise AssertionError(f"no {expected.__name__} was raised")


def _ask(app: App, model: str, **options: Any) -> Awaitable[Any]:
    client = app.client.with_options(**{"max_retries": 0, **options})

    async def asked() -> None:  # the sync client raises while it is called
        await app.given(client.chat.completions.create(model=model, messages=_MESSAGES))

    return asked()


@_kind(10, "chat fake-error-400")
async def refused(app: App) -> BaseException:
    return await _fails(openai.BadRequestError, _ask(app, "fake-error-400"))


@_kind(5, "chat fake-error-404")
async def not_found(app: App) -> BaseException:
    return await _fails(openai.NotFoundError, _ask(app, "fake-error-404"))


@_kind(5, "chat fake-error-500", retries=1)
async def server_error_twice(app: App) -> BaseException:
    return await _fails(openai.InternalServerError, _ask(app, "fake-error-500", max_retries=1))


@_kind(5, "chat fake-error-429", retries=2)
async def rate_limited(app: App) -> BaseException:
    return await _fails(openai.RateLimitError, _ask(app, "fake-error-429", max_retries=2))


@_kind(5, "chat fake-drop")
async def connection_dropped(app: App) -> BaseException:
    return await _fails(openai.APIConnectionError, _ask(app, "fake-drop"))


@_kind(5, f"chat {_SLOW}")
async def timed_out(app: App) -> BaseException:
    return await _fails(openai.APITimeoutError, _ask(app, _SLOW, timeout=_PATIENCE))


@_kind(5, "chat fake-drop", "failed")
async def stream_dropped_by_the_server(app: App) -> BaseException:
    return await _fails(Exception, app.read(await _started(app, "fake-drop")))


@_kind(5, "chat fake-stream-error", "failed")
async def stream_with_an_error(app: App) -> BaseException:
    return await _fails(openai.APIError, app.read(await _started(app, "fake-stream-error")))


class _AppError(Exception):
    """What the app's own code raises in the middle of a stream."""


@_kind(5, outcome="abandoned")
async def app_that_fails_in_a_stream(app: App) -> None:
    async def used() -> None:
        await app.read(await _started(app), 3)
        raise _AppError

    await _fails(_AppError, used())


# --- cancelled


@_kind(5, f"chat {_SLOW}", only="async")
async def cancelled_while_it_waits(app: App) -> BaseException:
    """The caller of a plain call got nothing for it: an error."""
    asked = app.given(app.client.chat.completions.create(model=_SLOW, messages=_MESSAGES))
    await _fails(asyncio.TimeoutError, asyncio.wait_for(asked, _PATIENCE))
    return asyncio.CancelledError()


@_kind(5, f"chat {_SLOW}", "cancelled", only="async")
async def stream_cancelled_while_it_waits(app: App) -> None:
    async def used() -> None:
        await app.read(await _started(app, _SLOW))

    await _fails(asyncio.TimeoutError, asyncio.wait_for(used(), _PATIENCE))


@_kind(5, outcome="abandoned", only="async")
async def cancelled_in_user_code(app: App) -> None:
    """The task is cancelled between two chunks: its stream goes with it."""
    reached = asyncio.Event()

    async def used() -> None:
        try:
            await app.read(await _started(app), 3)
        finally:
            reached.set()
        await asyncio.sleep(60)

    task = asyncio.ensure_future(used())
    await reached.wait()
    task.cancel()
    await _fails(asyncio.CancelledError, task)
