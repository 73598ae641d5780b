"""The load test: right answers, an end in time, a verdict. No clock is read here."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable

import pytest

from gossamer.cli.bench import (
    markdown,
    workers,
)
from gossamer.cli.bench.contenders import Contender
from gossamer.cli.bench.load import client as load_client
from gossamer.cli.bench.load import figures as load_figures
from gossamer.cli.bench.load import run as load_run
from gossamer.cli.bench.load import tables as load_tables
from gossamer.cli.bench.load.run import APP
from gossamer.cli.fake import FakeServer


def test_a_small_load_gets_right_answers(shown: Callable[..., str]) -> None:
    heard: list[str] = []
    result = load_run.load(
        [Contender("bare")], load_run.Shape(requests=4, at_once=2, limit=60), 2, heard.append
    )
    (figure,) = result.figures
    assert heard == ["bare", "bare"]
    assert figure.throughput.median > 0
    assert figure.ratio.median == 1
    assert 0 < figure.p50 <= figure.p95 <= figure.p99
    assert "bare SDK" in shown(load_tables.throughput(result))
    assert "| bare SDK |" in markdown.load_table(result)
    json.dumps(result.as_json())


def test_the_app_streams_the_whole_completion() -> None:
    with FakeServer() as api, workers.running([Contender("bare")], APP, api.base_url) as (app,):
        first = asyncio.run(load_client.fetch(app.hello["port"]))
        second = asyncio.run(load_client.fetch(app.hello["port"]))
        with pytest.raises(workers.WorkerError, match="dance"):
            app.ask(do="dance")
    assert first == second
    assert len(first.split()) > 50


def test_a_wrong_answer_under_load_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 500 No\r\n\r\nsorry")

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(load_client.LoadError, match="500 No"):
            asyncio.run(load_client.fetch(listener.getsockname()[1]))
        thread.join()


def test_a_burst_ends_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(load_client.LoadError, match=r"0 of 2 answers in 0\.1 seconds"),
    ):
        load_client.burst(listener.getsockname()[1], 2, 2, 0.1)


@pytest.mark.parametrize(("ours", "outcome"), [(9.9, "kept"), (9.7, "missed")])
def test_ours_keeps_its_throughput(ours: float, outcome: str) -> None:
    measured = {
        contender: load_figures.LoadSamples([rate] * 3, [1e6] * 3, [0.1] * 10)
        for contender, rate in ((Contender("bare"), 10.0), (Contender("gossamer"), ours))
    }
    verdict, of_cpu = load_figures.load_verdicts(load_figures.load_figures(measured))
    assert verdict.outcome == outcome
    assert of_cpu.outcome == "kept"
