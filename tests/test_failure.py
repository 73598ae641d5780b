"""What of a failure is told."""

from __future__ import annotations

import asyncio

import openai
import pytest
from openai import _base_client

from gossamer.failure import of_answer, of_exception

http = getattr(_base_client, "httpx2", None) or _base_client.httpx
REQUEST = http.Request("POST", "https://llm.test/v1/chat/completions")
SECRET = "You said: my prompt"


def status_error(
    kind: type[openai.APIStatusError], status: int, body: object = None
) -> openai.APIStatusError:
    """An error as the SDK makes one of an answer."""
    response = http.Response(status, headers={"x-request-id": "req_1"}, request=REQUEST)
    return kind(SECRET, response=response, body=body)


class AppError(Exception):
    """With attributes that mean something else."""

    code = object()
    status_code = "429"
    request_id = 7


@pytest.mark.parametrize(
    ("error", "error_type", "description", "attributes"),
    [
        (
            status_error(openai.RateLimitError, 429, {"code": "rate_limit_exceeded", "message": SECRET}),
            "openai.RateLimitError",
            "RateLimitError (code rate_limit_exceeded, status 429)",
            {"http.response.status_code": 429, "gossamer.request.id": "req_1"},
        ),
        (
            status_error(openai.BadRequestError, 400, {"code": None, "message": SECRET}),
            "openai.BadRequestError",
            "BadRequestError (status 400)",
            {"http.response.status_code": 400, "gossamer.request.id": "req_1"},
        ),
        (
            status_error(openai.InternalServerError, 500, SECRET),
            "openai.InternalServerError",
            "InternalServerError (status 500)",
            {"http.response.status_code": 500, "gossamer.request.id": "req_1"},
        ),
        (openai.APITimeoutError(request=REQUEST), "openai.APITimeoutError", "APITimeoutError", {}),
        (openai.APIConnectionError(request=REQUEST), "openai.APIConnectionError", "APIConnectionError", {}),
        (
            openai.APIError(SECRET, REQUEST, body={"code": "server_error", "message": SECRET}),
            "openai.APIError",
            "APIError (code server_error)",
            {},
        ),
        (
            openai.APIError(SECRET, REQUEST, body={"code": SECRET}),
            "openai.APIError",
            "APIError",
            {},
        ),
        (openai.APIError(SECRET, REQUEST, body={"code": 17}), "openai.APIError", "APIError (code 17)", {}),
        (ValueError(SECRET), "ValueError", "ValueError", {}),
        (KeyboardInterrupt(), "KeyboardInterrupt", "KeyboardInterrupt", {}),
        (AppError(SECRET), f"{__name__}.AppError", "AppError", {}),
        (http.ReadTimeout(SECRET), f"{http.ReadTimeout.__module__}.ReadTimeout", "ReadTimeout", {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_exception_tells_class_code_and_status(error, error_type, description, attributes):
    told = of_exception(error)
    assert (told.error_type, told.description, told.attributes) == (error_type, description, attributes)
    assert SECRET not in repr(told)


def test_a_cancellation_has_the_name_that_python_gives_it():
    told = of_exception(asyncio.CancelledError(SECRET))
    assert told.error_type == "asyncio.exceptions.CancelledError"


def test_an_error_in_a_body_gets_the_request_id_of_its_response():
    headers = http.Response(200, headers={"x-request-id": "req_2"}).headers
    assert of_exception(ValueError(), headers).attributes == {"gossamer.request.id": "req_2"}
    assert of_exception(ValueError(), http.Response(200).headers).attributes == {}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("server_error", "server_error"),
        ("rate-limit.exceeded", "rate-limit.exceeded"),
        ("a sentence, perhaps a prompt", "_OTHER"),
        ("x" * 65, "_OTHER"),
        ("429", "429"),
        ("我的提示词", "_OTHER"),  # no sentence needs spaces
        ("", "_OTHER"),
    ],
)
def test_an_answer_that_failed_tells_its_code(code, told):
    failure = of_answer(code, {"_request_id": "req_3"})
    assert failure.error_type == told
    assert failure.description == f"response failed (code {told})"
    assert failure.attributes == {"gossamer.request.id": "req_3"}
    assert of_answer(code, {}).attributes == {}


def test_an_exception_may_have_any_request_or_none():
    class OddError(Exception):
        request = "GET /"

    for error in (OddError("odd"), http.ReadError("dropped")):
        told = of_exception(error, message=True, stacktrace=True)
        assert told.message == str(error)
        assert (told.stacktrace or "").endswith(f": {error}\n")
