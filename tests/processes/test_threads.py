"""Many threads on one client, and no thread of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .conftest import Ran


def test_a4_a_hundred_threads_on_one_client(run: Callable[..., Ran]) -> None:
    """Each call has one span, under the span of its own thread; every point is there."""
    done = run("""
import threading
instrument()
ready = threading.Barrier(100)

def work(number):
    with tracer.start_as_current_span(f"thread {number}"):
        ready.wait()
        client.chat.completions.create(**CHAT)
        list(client.chat.completions.create(**CHAT, stream=True))
        with client.chat.completions.create(**CHAT, stream=True) as stream:
            next(stream)
        next(client.chat.completions.create(**CHAT, stream=True))

threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
finalizers.drain()
say(points=points(), unfinished=len(finalizers.unfinished))
""")
    assert (done.code, done.errors) == (0, "")
    chats = [span for span in done.spans if span["span"].startswith("chat")]
    threads = {span["id"] for span in done.spans if span["span"].startswith("thread")}
    assert len({span["id"] for span in chats}) == len(chats) == 400
    assert Counter(span["outcome"] for span in chats) == dict.fromkeys(
        (None, "completed", "closed", "abandoned"), 100
    )
    assert Counter(span["parent"] for span in chats) == dict.fromkeys(threads, 4)
    assert (done.said("points"), done.said("unfinished")) == ([400], [0])


def test_s14_a_stream_is_read_in_another_thread_than_it_was_made_in(run: Callable[..., Ran]) -> None:
    """A new thread has a context of its own: neither the parent of the call nor that context changes."""
    done = run("""
import threading
from opentelemetry import trace
instrument()
with tracer.start_as_current_span("maker") as maker:
    stream = client.chat.completions.create(**CHAT, stream=True)
    say(current=trace.get_current_span() is maker)

def read():
    with tracer.start_as_current_span("reader") as reader:
        for chunk in stream:
            assert trace.get_current_span() is reader
    say(current=not trace.get_current_span().get_span_context().is_valid)

thread = threading.Thread(target=read)
thread.start()
thread.join()
""")
    assert (done.code, done.errors, done.said("current")) == (0, "", [True, True])
    spans = {span["span"]: span for span in done.spans}
    assert spans["chat gpt-4o"]["parent"] == spans["maker"]["id"]
    assert spans["reader"]["parent"] is None


def test_we_own_no_thread_and_no_file(run: Callable[..., Ran]) -> None:
    """Not by instrument(), by calls, at a collection of metrics or by uninstrument()."""
    done = run("""
import gc, threading
from gossamer.cli.soak.watch import descriptors

def held():
    say(threads=[thread.name for thread in threading.enumerate()], files=descriptors())

opened = []

def audit(event, values):
    if event in ("open", "socket.connect"):
        opened.append(values[0])

sys.addaudithook(audit)
list(client.chat.completions.create(**CHAT, stream=True))  # what the SDK imports when it is used first
client.chat.completions.create(**CHAT)
held()
instrument()
held()
client.chat.completions.create(**CHAT)
opened.clear()
for _ in range(40):
    client.chat.completions.create(**CHAT)
    list(client.chat.completions.create(**CHAT, stream=True))
    next(client.chat.completions.create(**CHAT, stream=True))
say(opened=opened[:])
points()
held()
OpenAIInstrumentor().uninstrument()
gc.collect()
held()
""")
    assert (done.code, done.errors) == (0, "")
    assert done.said("threads") == [["MainThread"]] * 4
    assert len(set(done.said("files"))) == 1
    assert done.said("opened") == [[]]
