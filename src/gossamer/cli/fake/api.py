"""The fake API with what a server adds to the replies: it reads bodies and remembers answers."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import count

from gossamer.cli.fake.behaviour import Pace, behaviour_of
from gossamer.cli.fake.replies import RETRY_HEADER, answer
from gossamer.cli.fake.reply import Reply, error_reply
from gossamer.cli.fake.request import Request

__all__ = ["FakeAPI"]


class FakeAPI:
    """Answers requests as they come off the wire.

    A load test sends the same request again and again, and the same request has the same reply:
    each is made once and then kept.
    """

    def __init__(self, chunks: int = Pace.chunks, delay: float = Pace.delay) -> None:
        self._pace = Pace(chunks, delay)
        self._kept = lru_cache(maxsize=256)(self._compose)
        self._unnumbered = count()

    def answer(self, method: str, target: str, body: bytes, retry: str | None) -> Reply:
        """Answer one request; `retry` is the value of the header that numbers the attempts."""
        if retry is None and b"-once" in body:
            # SDKs before 1.47 do not number their attempts: take every second for a retry.
            retry = str(next(self._unnumbered) % 2)
        return self._kept(method, target, body, retry or "0")

    def _compose(self, method: str, target: str, body: bytes, retry: str) -> Reply:
        try:
            fields = json.loads(body) if body else None
        except ValueError:
            fields = []
        if isinstance(fields, dict) or fields is None:
            return answer(method, target, fields, {RETRY_HEADER: retry}, pace=self._pace)
        request = Request(target, {}, behaviour_of("", self._pace, 0))
        return error_reply(request, 400, "We could not parse the JSON body.", "invalid_json")
