"""Forks after `instrument()`: each process ends its own calls, and nobody waits for a lock of the other's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from .conftest import Ran

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@needs_fork
def test_l6_a_call_in_flight_at_a_fork_is_the_parents(run: Callable[..., Ran]) -> None:
    """Both read their copy of the stream to its end; both go on to make calls of their own."""
    done = run("""
instrument()
stream = client.chat.completions.create(**CHAT, stream=True)
next(stream)
child = os.fork()
list(stream)
client.chat.completions.create(**CHAT)
say(points=points(), unfinished=len(finalizers.unfinished))
if not child:
    os._exit(0)
say(child=os.waitpid(child, 0)[1])
""")
    assert (done.code, done.errors, done.said("child")) == (0, "", [0])
    parents = [span["outcome"] for span in done.spans if span["pid"] == done.pid]
    childs = [span["outcome"] for span in done.spans if span["pid"] != done.pid]
    assert (parents, childs) == (["completed", None], [None])
    assert sorted(done.said("points")) == [1, 2]
    assert done.said("unfinished") == [0, 0]


@needs_fork
def test_l6_a_fork_while_other_threads_make_calls_and_record(run: Callable[..., Ran]) -> None:
    """Whatever is locked in another thread at the fork stays locked in the child: it is none of ours."""
    done = run("""
import threading
instrument()
over = threading.Event()

def chatter():
    while not over.is_set():
        client.chat.completions.create(**CHAT)

threads = [threading.Thread(target=chatter) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(20):
    child = os.fork()
    if not child:
        from gossamer.backlog import _backlogs
        free = [one._recording.acquire(blocking=False) for one in _backlogs]
        waiting = [len(one._waiting) for one in _backlogs]
        say(free=all(free), waiting=sum(waiting), pending=len(finalizers.pending))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
over.set()
for thread in threads:
    thread.join()
""")
    assert (done.code, done.errors) == (0, "")
    assert done.said("free") == [True] * 20
    assert done.said("waiting") == done.said("pending") == [0] * 20


@needs_fork
def test_l6_workers_that_a_server_forks_after_it_has_loaded_the_app(run: Callable[..., Ran]) -> None:
    """As gunicorn with --preload does, and celery: what is loaded is inherited, and each worker serves."""
    done = run("""
import socket
instrument()
client.chat.completions.create(**CHAT)  # the parent checks that it works
listener = socket.create_server(("127.0.0.1", 0))

def serve():
    for _ in range(5):
        connection, _ = listener.accept()
        with connection:
            with tracer.start_as_current_span("request"):
                answer = list(client.chat.completions.create(**CHAT, stream=True))
            connection.sendall(b"%d" % len(answer))
    say(points=points())

workers = []
for _ in range(3):
    worker = os.fork()
    if not worker:
        serve()
        os._exit(0)
    workers.append(worker)
for _ in range(15):
    with socket.create_connection(listener.getsockname()) as connection:
        assert int(connection.recv(100)) > 1
say(workers=[os.waitpid(worker, 0)[1] for worker in workers], points=points())
listener.close()
""")
    assert (done.code, done.errors, done.said("workers")) == (0, "", [[0, 0, 0]])
    assert sorted(done.said("points")) == [1, 5, 5, 5]
    chats = Counter(span["pid"] for span in done.spans if span["span"].startswith("chat"))
    assert sorted(chats.values()) == [1, 5, 5, 5]
    requests = {span["id"] for span in done.spans if span["span"] == "request"}
    assert {span["parent"] for span in done.spans if span["outcome"] == "completed"} == requests
    assert len(requests) == 15


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_l6_multiprocessing(run: Callable[..., Ran], method: str) -> None:
    """A spawned process has inherited nothing: it instruments for itself, as its app does when it loads."""
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    done = run(f"""
import multiprocessing

def work(number):
    if {method == "spawn"}:
        instrument()
    client.chat.completions.create(**CHAT)
    list(client.chat.completions.create(**CHAT, stream=True))
    say(points=points())

if __name__ == "__main__":
    instrument()
    client.chat.completions.create(**CHAT)
    processes = multiprocessing.get_context({method!r})
    workers = [processes.Process(target=work, args=(number,)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    say(codes=[worker.exitcode for worker in workers])
""")
    assert (done.code, done.errors, done.said("codes")) == (0, "", [[0, 0]])
    assert sorted(Counter(span["pid"] for span in done.spans).values()) == [1, 2, 2]
    assert done.said("points") == [2, 2]


@needs_fork
def test_l6_the_batch_processor_of_the_app_exports_in_parent_and_child(run: Callable[..., Ran]) -> None:
    """Its thread is the app's and OpenTelemetry's: it is started anew in a child."""
    done = run("""
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

class Exporter(SpanExporter):
    def export(self, spans):
        say(exported=len(spans))
        return SpanExportResult.SUCCESS

batched = TracerProvider(shutdown_on_exit=False)
batched.add_span_processor(BatchSpanProcessor(Exporter()))
OpenAIInstrumentor().instrument(tracer_provider=batched)
client.chat.completions.create(**CHAT)
batched.force_flush()
child = os.fork()
for _ in range(3):
    client.chat.completions.create(**CHAT)
batched.force_flush()
if not child:
    os._exit(0)
say(child=os.waitpid(child, 0)[1])
batched.shutdown()
""")
    assert (done.code, done.errors, done.said("child")) == (0, "", [0])
    exported: Counter[bool] = Counter()
    for line in done.lines:
        exported[line["pid"] == done.pid] += line.get("exported", 0)
    assert exported == {True: 4, False: 3}
