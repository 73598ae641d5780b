"""The app of the demo: what a service does with the SDK in a day, each scene under a span.

Nothing in here knows that it is observed: the spans are the app's own.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openai
from openai import AsyncOpenAI, OpenAI
from opentelemetry.trace import Status, StatusCode
from pydantic import BaseModel

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
    from opentelemetry.trace import Tracer

__all__ = ["App"]

_HOUSE_STYLE = "Write short sentences. Praise no hotel that you have not slept in. " * 70

_WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "day": {"type": "string", "format": "date"}},
            "required": ["city", "day"],
        },
    },
}


class Booking(BaseModel):
    """What is read out of a customer's letter."""

    name: str
    city: str
    nights: int


@dataclass(frozen=True)
class App:
    """A travel agency's assistant."""

    base_url: str
    tracer: Tracer

    def run(self) -> None:
        """Play every scene that the installed SDK knows how to play."""
        client = OpenAI(api_key="sk-fake", base_url=self.base_url)
        with client, self.tracer.start_as_current_span("travel agency"):
            self.answer_a_question(client)
            self.stream_an_answer(client)
            self.look_up_the_weather(client)
            self.read_a_letter(client)
            self.write_a_travel_guide(client)
            self.index_the_guides(client)
            self.compare_three_cities()
            self.ask_at_rush_hour(client)
            self.lose_patience(client)
            self.paste_the_whole_library(client)

    def answer_a_question(self, client: OpenAI) -> None:
        """One question, one answer."""
        with self.tracer.start_as_current_span("answer a question"):
            client.chat.completions.create(
                model="gpt-4o-mini", messages=_ask("Is Lisbon nice in May?"), temperature=0.2
            )

    def stream_an_answer(self, client: OpenAI) -> None:
        """The same, word by word, with the usage at the end."""
        with self.tracer.start_as_current_span("stream an answer"):
            stream = client.chat.completions.create(
                model="gpt-4o-mini",
                messages=_ask("And in November?"),
                stream=True,
                stream_options={"include_usage": True},
            )
            for _ in stream:
                pass

    def look_up_the_weather(self, client: OpenAI) -> None:
        """The model asks for a tool, the app runs it, the model answers."""
        with self.tracer.start_as_current_span("look up the weather"):
            messages = _ask("What will the weather be in Porto?")
            first = client.chat.completions.create(model="gpt-4o", messages=messages, tools=[_WEATHER])
            message: Any = first.choices[0].message
            messages.append(message)
            for call in message.tool_calls:
                with self.tracer.start_as_current_span("get_weather"):
                    forecast = {"sunny": True, **json.loads(call.function.arguments)}
                messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(forecast)})
            client.chat.completions.create(model="gpt-4o", messages=messages, tools=[_WEATHER])

    def read_a_letter(self, client: OpenAI) -> None:
        """Structured output: the answer is an object of the app's class."""
        parse = _find_parse(client)
        if parse is None:
            return
        with self.tracer.start_as_current_span("read a letter"):
            letter = "Two nights in Faro, please. Ada"
            parse(model="gpt-4o", messages=_ask(letter), response_format=Booking)

    def write_a_travel_guide(self, client: OpenAI) -> None:
        """The Responses API, streamed: a reasoning model, and instructions that are cached."""
        if not hasattr(client, "responses"):  # SDKs before 1.66
            return
        with self.tracer.start_as_current_span("write a travel guide"):
            events = client.responses.create(
                model="gpt-5-mini",
                instructions=_HOUSE_STYLE,
                input="A page on the Algarve.",
                stream=True,
            )
            for _ in events:
                pass

    def index_the_guides(self, client: OpenAI) -> None:
        """Embeddings of several texts."""
        with self.tracer.start_as_current_span("index the guides"):
            client.embeddings.create(
                model="text-embedding-3-small",
                input=["Lisbon", "Porto", "The Algarve"],
                dimensions=256,
            )

    def compare_three_cities(self) -> None:
        """Three calls at once, on the async client."""

        async def compare() -> None:
            async with AsyncOpenAI(api_key="sk-fake", base_url=self.base_url) as client:
                await asyncio.gather(
                    *(
                        client.chat.completions.create(
                            model="gpt-4o-mini", messages=_ask(f"What does {city} cost?")
                        )
                        for city in ("Lisbon", "Porto", "Faro")
                    )
                )

        with self.tracer.start_as_current_span("compare three cities"):
            asyncio.run(compare())

    def ask_at_rush_hour(self, client: OpenAI) -> None:
        """A rate limit: the SDK waits as long as it is told to, and tries again."""
        with self.tracer.start_as_current_span("ask at rush hour"):
            client.chat.completions.create(model="fake-rate-limit-once", messages=_ask("Any room left?"))

    def lose_patience(self, client: OpenAI) -> None:
        """A stream that is left before its end: normal life, not an error."""
        with (
            self.tracer.start_as_current_span("lose patience"),
            client.chat.completions.create(
                model="gpt-4o-mini", messages=_ask("Tell me everything."), stream=True
            ) as stream,
        ):
            for number, _ in enumerate(stream):
                if number == 4:
                    break

    def paste_the_whole_library(self, client: OpenAI) -> None:
        """A request that the API refuses."""
        with self.tracer.start_as_current_span("paste the whole library") as span:
            try:
                client.chat.completions.create(
                    model="fake-error-400", messages=_ask("Sum up these 900 books.")
                )
            except openai.BadRequestError:
                span.set_status(Status(StatusCode.ERROR, "the prompt is too long"))


def _find_parse(client: OpenAI) -> Any:
    """Find `parse`, which moved out of the beta in 1.92; SDKs before 1.40 have none."""
    for home in (client.chat, getattr(client.beta, "chat", None)):
        parse = getattr(getattr(home, "completions", None), "parse", None)
        if parse is not None:
            return parse
    return None


def _ask(question: str) -> list[ChatCompletionMessageParam]:
    return [
        {"role": "system", "content": "You work for a travel agency."},
        {"role": "user", "content": question},
    ]
