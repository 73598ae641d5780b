"""Points wait for some calls, and never longer than until a reader collects."""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from typing import Any

import pytest
from opentelemetry.metrics import CallbackOptions
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from gossamer import errors
from gossamer.backlog import BATCH, Backlog, settle_all


class Meter:
    """Keeps the callback of the one instrument."""

    def create_observable_counter(self, name: str, *, callbacks: list[Any], description: str) -> None:
        (self.ask,) = callbacks

    def collect(self) -> None:
        assert list(self.ask(CallbackOptions())) == []


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def backlog(meter: Meter) -> Backlog:
    return Backlog(meter)


@pytest.fixture
def recorded() -> list[int]:
    return []


def test_points_wait_until_there_is_a_batch_of_them(backlog, recorded):
    for number in range(2 * BATCH):
        backlog.add(lambda number=number: recorded.append(number))
        whole_batches = (number + 1) // BATCH * BATCH
        assert recorded == list(range(whole_batches))


def test_a_reader_that_collects_finds_all_points(backlog, meter, recorded):
    backlog.add(lambda: recorded.append(1))
    meter.collect()
    assert recorded == [1]
    meter.collect()
    assert recorded == [1]


def test_a_real_reader_gets_points_in_the_very_collection_that_it_makes():
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("test")
    backlog, histogram = Backlog(meter), meter.create_histogram("seconds")
    backlog.add(lambda: histogram.record(2.5))
    (metric,) = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.data.data_points[0].sum) == ("seconds", 2.5)


def test_what_waits_anywhere_can_be_settled(backlog, recorded):
    backlog.add(lambda: recorded.append(1))
    settle_all()
    assert recorded == [1]


def test_nothing_is_lost_or_told_twice_from_many_threads_while_a_reader_collects(backlog, meter):
    threads, calls, counted = 8, 2000, []
    stop = threading.Event()

    def work(number: int) -> None:
        for call in range(calls):
            backlog.add(partial(counted.append, (number, call)))

    def watch() -> None:
        while not stop.is_set():
            meter.collect()

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in (watcher, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    watcher.join()
    meter.collect()
    assert len(counted) == threads * calls == len(set(counted))


def test_adding_never_waits_for_the_lock(backlog, meter, recorded):
    with backlog._recording:
        for number in range(3 * BATCH):
            backlog.add(lambda number=number: recorded.append(number))
        assert recorded == []
    meter.collect()
    assert recorded == list(range(3 * BATCH))


def test_a_reader_that_meets_its_own_thread_at_it_does_not_hang(backlog, meter, recorded):
    backlog.add(lambda: (meter.collect(), recorded.append(1)))
    started = time.monotonic()
    meter.collect()
    assert recorded == [1]
    assert time.monotonic() - started < 5


def test_points_that_fail_do_not_take_others_with_them(backlog, meter, recorded, monkeypatch, caplog):
    monkeypatch.setattr(errors, "_told", set())
    backlog.add(lambda: 1 / 0)
    backlog.add(lambda: recorded.append(1))
    meter.collect()
    assert recorded == [1]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_waits_at_a_fork_is_the_parents(backlog, meter, recorded):
    backlog.add(lambda: recorded.append(1))
    with backlog._recording:  # held by a thread that the child does not have
        child = os.fork()
        if child == 0:
            meter.collect()
            os._exit(7 if recorded else 0)
    assert os.waitpid(child, 0)[1] == 0
    meter.collect()
    assert recorded == [1]
