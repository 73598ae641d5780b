"""Other ways to run many calls at once than threads and asyncio's own loop: gevent, uvloop, trio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import Ran

#: What one task of an async program does with a client, in whatever loop. `run` runs a function to its end.
ASYNC = """
async def work(number):
    with tracer.start_as_current_span(f"task {number}"):
        await chats.create(**CHAT)
        async for chunk in await chats.create(**CHAT, stream=True):
            pass
        async with await chats.create(**CHAT, stream=True) as stream:
            async for chunk in stream:
                break
        stream = await chats.create(**CHAT, stream=True)
        async for chunk in stream:
            break
        del stream, chunk
"""
OUTCOMES = (None, "completed", "closed", "abandoned")


def balanced(done: Ran, tasks: int) -> None:
    """Each task has left four calls, each with its one span under the task's."""
    assert (done.code, done.errors) == (0, "")
    chats = [span for span in done.spans if span["span"].startswith("chat")]
    parents = {span["id"] for span in done.spans if span["span"].startswith("task")}
    assert len({span["id"] for span in chats}) == len(chats) == 4 * tasks
    assert Counter(span["outcome"] for span in chats) == dict.fromkeys(OUTCOMES, tasks)
    assert Counter(span["parent"] for span in chats) == dict.fromkeys(parents, 4)
    assert done.said("points") == [4 * tasks]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a4_tasks_of_an_event_loop(run: Callable[..., Ran], loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    done = run(f"""
import asyncio, {loop}
instrument()
{ASYNC}
async def main():
    global chats
    async with async_client() as opened:
        chats = opened.chat.completions
        await asyncio.gather(*[work(number) for number in range(25)])

loop = {loop}.new_event_loop()
loop.run_until_complete(main())
loop.run_until_complete(loop.shutdown_asyncgens())
loop.close()
say(points=points())
""")
    balanced(done, 25)


#: The fake's async client sleeps in asyncio: this one is answered at once, in any loop.
ANY_LOOP = """
import trio
from gossamer.cli.fake.replies import answer
from gossamer.cli.fake.transport import _sdk_http_library
http = _sdk_http_library()

class Body(http.AsyncByteStream):
    def __init__(self, chunks):
        self.chunks = chunks

    async def __aiter__(self):
        for _, chunk in self.chunks:
            await trio.sleep(0)
            yield chunk

async def respond(request):
    reply = answer(request.method, request.url.path, json.loads(request.content))
    return http.Response(reply.status, headers=reply.headers, stream=Body(reply.chunks))

def trio_client():
    transport = http.AsyncClient(transport=http.MockTransport(respond))
    return openai.AsyncOpenAI(api_key="sk-fake", base_url="http://llm.invalid/v1", http_client=transport)
"""


def test_a4_tasks_of_trio(run: Callable[..., Ran]) -> None:
    """The SDK runs there by way of anyio and its HTTP library."""
    pytest.importorskip("trio")
    done = run(f"""
{ANY_LOOP}
instrument()
{ASYNC}
async def main():
    global chats
    async with trio_client() as opened:
        chats = opened.chat.completions
        async with trio.open_nursery() as nursery:
            for number in range(25):
                nursery.start_soon(work, number)

import warnings
warnings.simplefilter("ignore", ResourceWarning)  # trio's, of each dropped generator, with or without us
trio.run(main)
say(points=points())
""")
    balanced(done, 25)


def test_s27_a_task_of_trio_that_is_cancelled(run: Callable[..., Ran]) -> None:
    """While it waits for a chunk, and while the app has one in hand."""
    pytest.importorskip("trio")
    done = run(f"""
{ANY_LOOP}
instrument()

async def reading(stream, scope):
    async for chunk in stream:
        scope.cancel()
        # the next wait, for the next chunk, is told of it

async def holding(stream, scope):
    async for chunk in stream:
        scope.cancel()
        await trio.sleep(60)

async def main():
    async with trio_client() as opened:
        for user in (reading, holding):
            with trio.CancelScope() as scope:
                await user(await opened.chat.completions.create(**CHAT, stream=True), scope)
            say(cancelled=scope.cancelled_caught)

import warnings
warnings.simplefilter("ignore", ResourceWarning)
trio.run(main)
say(points=points())
""")
    assert (done.code, done.errors, done.said("cancelled")) == (0, "", [True, True])
    outcomes = [(span["outcome"], span["error"]) for span in done.spans]
    # What is held when trio ends is closed in the order of a set: first the tap, or the generator of the SDK
    # that it reads from, which closes the response.
    assert outcomes in ([("cancelled", None), ("abandoned", None)], [("cancelled", None), ("closed", None)])
    assert done.said("points") == [2]


#: The SDK asks `platform`, which asks a process: asked before, there is no fork from a patched interpreter,
#: whose child, where warnings are errors, would run the program once more. The audit makes sure.
PATCHED = """
import os, platform, sys
platform.platform()

def audit(event, values):
    if event in ("os.fork", "subprocess.Popen"):
        os._exit(9)

sys.addaudithook(audit)
import gevent.monkey
gevent.monkey.patch_all()
import gevent
"""


def test_l6_greenlets_of_gevent(run: Callable[..., Ran]) -> None:
    """Patched first, as its workers do: locks and thread ids are greenlets' from then on."""
    pytest.importorskip("gevent")
    done = run(
        """
instrument()

def work(number):
    chats = client.chat.completions
    with tracer.start_as_current_span(f"task {number}"):
        chats.create(**CHAT)
        for chunk in chats.create(**CHAT, stream=True):
            gevent.sleep(0)
        with chats.create(**CHAT, stream=True) as stream:
            next(stream)
            gevent.sleep(0)
        next(chats.create(**CHAT, stream=True))

gevent.joinall([gevent.spawn(work, number) for number in range(25)], raise_error=True)
finalizers.drain()
say(points=points())
""",
        first=PATCHED,
        strict=False,
    )
    balanced(done, 25)
