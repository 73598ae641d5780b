"""The fake API on the wire: the same bytes however it is reached, and a process that goes away."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

import jsonschema
import pytest
from pydantic import BaseModel

from gossamer.cli.fake import FakeServer, answer, mock_client
from gossamer.cli.fake.schema import example

MESSAGES = [{"role": "user", "content": "How light is gossamer?"}]


@pytest.fixture(scope="module")
def server():
    with FakeServer() as server:
        yield server


REQUESTS = [
    ("POST", "/chat/completions", {"model": "gpt-4o", "messages": MESSAGES}),
    ("POST", "/chat/completions", {"model": "gpt-4o", "messages": MESSAGES, "stream": True}),
    ("POST", "/responses", {"model": "gpt-5-mini", "input": "Hello", "stream": True}),
    ("GET", "/responses/resp_1?stream=true&starting_after=3", None),
    ("POST", "/completions", {"model": "davinci-002", "prompt": "One", "stream": True}),
    ("POST", "/embeddings", {"model": "text-embedding-3-large", "input": "a"}),
    ("GET", "/models", None),
    ("GET", "/chat/completions", None),
    ("POST", "/nothing", {"model": "gpt-4o"}),
    ("POST", "/responses", {"input": "no model"}),
    ("POST", "/chat/completions", {"model": "fake-error-503"}),
]


def over_the_wire(base_url, method, path, body):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base_url + path, data, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as response:
        with response:
            return response.code, dict(response.headers), response.read()


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_all_three_ways_give_the_same_bytes(server, method, path, body):
    reply = answer(method, "/v1" + path, body)
    expected = b"".join(chunk for _, chunk in reply.chunks)

    status, headers, content = over_the_wire(server.base_url, method, path, body)
    assert (status, content) == (reply.status, expected)
    assert reply.headers.items() <= headers.items()

    with mock_client() as http:
        response = http.request(method, "http://127.0.0.1/v1" + path, json=body)
    assert (response.status_code, response.content) == (reply.status, expected)
    assert reply.headers.items() <= dict(response.headers).items()


def test_identifiers_follow_the_request():
    first, again, other = (
        json.loads(answer("POST", "/responses", {"model": "gpt-4o", "input": text}).chunks[0][1])
        for text in ("one", "one", "two")
    )
    assert first["id"] == again["id"] != other["id"]


def test_azure_paths():
    body = {"model": "gpt-4o", "messages": MESSAGES}
    path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    assert answer("POST", path, body).status == 200


def test_a_body_that_is_not_json(server):
    request = urllib.request.Request(server.base_url + "/responses", b"{", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
    with caught.value as response:
        assert response.code == 400


class Leaf(BaseModel):
    size: float
    kind: str | None = None


class Branch(BaseModel):
    leaves: list[Leaf]
    twigs: list[Branch]
    parent: Branch | None = None


def test_structured_output_fits_its_schema():
    schema = Branch.model_json_schema()
    value = example(schema)
    jsonschema.validate(value, schema)
    Branch.model_validate(value)


def test_the_server_does_not_outlive_its_starter():
    script = (
        "import os; from gossamer.cli.fake import FakeServer\n"
        "server = FakeServer().__enter__(); print(server.base_url, flush=True); os._exit(0)"
    )
    started = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=30, check=True
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            over_the_wire(started.stdout.strip(), "GET", "/models", None)
        except OSError:  # refused, or cut off on the way
            return
        time.sleep(0.05)
    pytest.fail("the server is still there")


def test_a_server_that_does_not_start_in_time():
    with pytest.raises(RuntimeError, match="did not start"), FakeServer(start_timeout=0):
        pass
