"""How a process may end with calls in flight: by itself, at once, or by a signal."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable

import pytest

from .conftest import Ran

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

#: The main thread reads a stream whose next chunk does not come before the signal does.
READING = """
import signal, time
from gossamer.cli.fake.transport import _sdk_http_library
instrument()
http = _sdk_http_library()
choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": [choice]}
first = b"data: %s\\n\\n" % json.dumps(chunk).encode()

class Body(http.SyncByteStream):
    def __iter__(self):
        yield first
        say(ready=True)
        while True:
            time.sleep(0.01)

    def close(self):
        say(closed=True)

def answer(request):
    return http.Response(200, headers={"content-type": "text/event-stream"}, stream=Body())

transport = http.MockTransport(answer)
hanging = openai.OpenAI(
    api_key="sk-fake", base_url="http://llm.invalid/v1", http_client=http.Client(transport=transport)
)
stream = hanging.chat.completions.create(**CHAT, stream=True)
"""


@on_posix
@pytest.mark.parametrize("held", ["held", "dropped"])
def test_ctrl_c_in_the_middle_of_a_stream(run: Callable[..., Ran], held: str) -> None:
    """The exception arrives as it is, the span ends once, and the app goes on."""
    done = run(
        READING
        + f"""
try:
    if {held == "held"}:
        for chunk in stream:
            pass
    else:
        given, stream = [stream], None
        for chunk in given.pop():
            pass
except KeyboardInterrupt as error:
    say(arrived=type(error).__name__)
client.chat.completions.create(**CHAT)
say(unfinished=len(finalizers.unfinished), points=points())
""",
        send=signal.SIGINT,
    )
    assert (done.code, done.errors, done.said("arrived")) == (0, "", ["KeyboardInterrupt"])
    assert [(span["outcome"], span["error"]) for span in done.spans] == [("cancelled", None), (None, None)]
    assert (done.said("unfinished"), done.said("points")) == ([0], [2])


@on_posix
def test_ctrl_c_while_an_answer_is_awaited(run: Callable[..., Ran]) -> None:
    """Of a plain call: whoever made it got nothing for it, which is an error."""
    done = run(
        """
import time
from gossamer.cli.fake.transport import _sdk_http_library
instrument()
http = _sdk_http_library()

def answer(request):
    say(ready=True)
    time.sleep(60)

transport = http.MockTransport(answer)
slow = openai.OpenAI(
    api_key="sk-fake", base_url="http://llm.invalid/v1", http_client=http.Client(transport=transport)
)
try:
    slow.chat.completions.create(**CHAT)
except KeyboardInterrupt:
    say(arrived=True)
""",
        send=signal.SIGINT,
    )
    assert (done.code, done.errors, done.said("arrived")) == (0, "", [True])
    assert [(span["outcome"], span["error"]) for span in done.spans] == [(None, "KeyboardInterrupt")]


@on_posix
def test_sigterm_whose_handler_leaves_the_program(run: Callable[..., Ran]) -> None:
    """As servers do: `sys.exit()` in the handler, in whatever line the program is."""
    done = run(
        READING
        + """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
for chunk in stream:
    pass
""",
        send=signal.SIGTERM,
    )
    assert (done.code, done.errors) == (7, "")
    assert [(span["outcome"], span["error"]) for span in done.spans] == [("cancelled", None)]


@on_posix
def test_sigterm_whose_handler_makes_a_call_and_returns(run: Callable[..., Ran]) -> None:
    """In the middle of the read of another one, which goes on until it is closed."""
    done = run(
        READING
        + """
class Over(Exception):
    pass

def handler(*_):
    client.chat.completions.create(**CHAT)
    say(points=points())
    raise Over

signal.signal(signal.SIGTERM, handler)
try:
    for chunk in stream:
        pass
except Over:
    say(arrived=True)
""",
        send=signal.SIGTERM,
    )
    assert (done.code, done.errors, done.said("arrived")) == (0, "", [True])
    assert [span["outcome"] for span in done.spans] == [None, "failed"]
    assert done.said("points") == [1]


@on_posix
def test_sigterm_without_a_handler_and_os_exit_end_at_once(run: Callable[..., Ran]) -> None:
    """The process is gone, with the spans in flight: nothing of ours holds it up."""
    done = run(READING + "for chunk in stream:\n    pass\n", send=signal.SIGTERM)
    assert (done.code, done.errors, done.spans) == (-signal.SIGTERM, "", [])


def test_os_exit_ends_at_once(run: Callable[..., Ran]) -> None:
    done = run("""
instrument()
client.chat.completions.create(**CHAT)
stream = client.chat.completions.create(**CHAT, stream=True)
next(stream)
os._exit(3)
""")
    assert (done.code, done.errors) == (3, "")
    assert [span["outcome"] for span in done.spans] == [None]


def raised(errors: str) -> set[str]:
    """The last lines of all tracebacks: what was raised, and not the way that it took."""
    return set(re.findall(r"^\w+: .*", errors, re.MULTILINE))


@pytest.mark.parametrize("leave", ["pass", "sys.exit(0)", "raise SystemExit", "raise KeyError('the app')"])
def test_l7_an_exit_with_open_streams(run: Callable[..., Ran], leave: str) -> None:
    """However the main module is left: the streams are ended, once each, before the interpreter goes.

    Python 3.13.0 crashes with a half-read stream of the SDK, also without us: it ends as it would have ended.
    On 3.14 the HTTP library wants to import something while it closes one, which is too late by then.
    """
    program = f"""
half_read = client.chat.completions.create(**CHAT, stream=True)
next(half_read)
unread = client.chat.completions.create(**CHAT, stream=True)

def leave():
    local = client.chat.completions.create(**CHAT, stream=True)
    next(local)
    {leave}

leave()
"""
    bare, done = run(program), run(f"instrument()\n{program}")
    assert done.code == bare.code
    assert done.code in (("KeyError" in leave), -signal.SIGSEGV)
    assert ("KeyError: 'the app'" in done.errors) == ("KeyError" in leave)
    assert raised(done.errors) <= raised(bare.errors)
    assert [span["outcome"] for span in done.spans] == ["abandoned"] * 3


def test_l7_an_exit_while_daemon_threads_are_in_a_call(run: Callable[..., Ran]) -> None:
    done = run("""
import threading
instrument()
started = threading.Barrier(4)

def chatter():
    stream = client.chat.completions.create(**CHAT, stream=True)
    next(stream)
    started.wait()
    while True:
        client.chat.completions.create(**CHAT)

for _ in range(3):
    threading.Thread(target=chatter, daemon=True).start()
started.wait()
say(leaving=True)
""")
    assert (done.code, done.errors) == (0, "")
    assert [span["outcome"] for span in done.spans].count("abandoned") == 3
