"""`POST /completions`, the API before chat."""

from __future__ import annotations

from typing import Any

from gossamer.cli.fake.prose import speak
from gossamer.cli.fake.reply import STREAM_ERROR, Event, Reply, encode, json_reply, stream_reply
from gossamer.cli.fake.request import CREATED, Request, count_tokens
from gossamer.cli.fake.usage import measure

__all__ = ["text_completion"]


def text_completion(request: Request) -> Reply:
    """Continue one prompt or several, `n` times each."""
    body = request.body
    prompt = body.get("prompt")
    several = isinstance(prompt, list) and bool(prompt) and not isinstance(prompt[0], int)
    count = int(body.get("n") or 1) * (len(prompt) if several and prompt else 1)
    speech = speak(request.behaviour, limit=body.get("max_tokens"))
    finish = "length" if speech.cut_short else "stop"
    usage = measure(request, count_tokens(prompt), speech.tokens * count).chat()
    envelope = {
        "id": "cmpl-" + request.mark("completion"),
        "object": "text_completion",
        "created": CREATED,
        "model": request.model,
        "system_fingerprint": "fp_60554a3e12",
    }

    def choice(index: int, text: str, finish_reason: str | None) -> dict[str, Any]:
        return {"index": index, "text": text, "logprobs": None, "finish_reason": finish_reason}

    if not request.streamed:
        choices = [choice(index, speech.text, finish) for index in range(count)]
        reply = {**envelope, "choices": choices, "usage": usage}
        return json_reply(request, reply, speech.tokens)

    def event(choices: list[Any], **more: object) -> bytes:
        return b"data: " + encode({**envelope, "choices": choices, **more}) + b"\n\n"

    events: list[Event] = [
        (event([choice(index, piece, None)]), index == 0) for piece in speech.pieces for index in range(count)
    ]
    events += [(event([choice(index, "", finish)]), False) for index in range(count)]
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append((event([], usage=usage), False))
    events.append((b"data: [DONE]\n\n", False))
    return stream_reply(request, events, STREAM_ERROR)
