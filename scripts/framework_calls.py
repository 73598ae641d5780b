"""Model calls that frameworks make on top of the SDK (`make frameworks`).

Run by `frameworks.py`: `framework_calls.py URL NAME bare|traced`. Prints one line of JSON: what the framework
gave, how many requests it made by the SDK, and the spans of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib import import_module, metadata
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

QUESTION = "How light is gossamer?"
MODEL = "gpt-4o-mini"


def langchain(url: str) -> list[Any]:
    """LangChain: plain, streamed, async."""
    kind = import_module("langchain_openai").ChatOpenAI
    model = kind(model=MODEL, base_url=url, api_key="none", max_retries=0)

    async def later() -> list[Any]:
        answer = await model.ainvoke(QUESTION)
        return [answer.content, "".join([chunk.content async for chunk in model.astream(QUESTION)])]

    streamed = "".join(chunk.content for chunk in model.stream(QUESTION))
    return [model.invoke(QUESTION).content, streamed, *asyncio.run(later())]


def openai_agents(url: str) -> list[Any]:
    """OpenAI's Agents SDK: Responses and Chat Completions."""
    agents = import_module("agents")
    agents.set_tracing_disabled(disabled=True)
    results = []
    for kind in ("OpenAIResponsesModel", "OpenAIChatCompletionsModel"):
        client = import_module("openai").AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        model = getattr(agents, kind)(model=MODEL, openai_client=client)
        agent = agents.Agent(name="Weigher", instructions="Be short.", model=model)
        results.append(asyncio.run(agents.Runner.run(agent, QUESTION)).final_output)
    return results


def instructor(url: str) -> list[Any]:
    """Instructor: an answer in the form of a model."""
    openai, pydantic = import_module("openai"), import_module("pydantic")
    package = import_module("instructor")
    weight = pydantic.create_model("Weight", grams=(int | None, None))
    client = package.from_openai(
        openai.OpenAI(base_url=url, api_key="none", max_retries=0), mode=package.Mode.JSON_SCHEMA
    )
    messages = [{"role": "user", "content": QUESTION}]
    asked = {"model": MODEL, "messages": messages, "response_model": weight, "max_retries": 0}
    return [str(client.chat.completions.create(**asked))]


def pydantic_ai(url: str) -> list[Any]:
    """Pydantic AI: plain and streamed."""
    chat = import_module("pydantic_ai.models.openai").OpenAIChatModel
    provider = import_module("pydantic_ai.providers.openai").OpenAIProvider(base_url=url, api_key="none")
    agent = import_module("pydantic_ai").Agent(chat(MODEL, provider=provider))

    async def streamed() -> str:
        async with agent.run_stream(QUESTION) as result:
            return str(await result.get_output())

    return [agent.run_sync(QUESTION).output, asyncio.run(streamed())]


def llama_index(url: str) -> list[Any]:
    """LlamaIndex: plain and streamed."""
    kind = import_module("llama_index.llms.openai").OpenAI
    llm = kind(model=MODEL, api_base=url, api_key="none", max_retries=0)
    return [llm.complete(QUESTION).text, [chunk.delta for chunk in llm.stream_complete(QUESTION)]]


def litellm(url: str) -> list[Any]:
    """LiteLLM: plain, streamed, async."""
    package = import_module("litellm")
    asked = {
        "model": f"openai/{MODEL}",
        "api_base": url,
        "api_key": "none",
        "messages": [{"role": "user", "content": QUESTION}],
        "num_retries": 0,
    }
    streamed = [chunk.choices[0].delta.content for chunk in package.completion(**asked, stream=True)]
    later = asyncio.run(package.acompletion(**asked))
    return [
        package.completion(**asked).choices[0].message.content,
        streamed,
        later.choices[0].message.content,
    ]


def dspy(url: str) -> list[Any]:
    """DSPy, which calls LiteLLM."""
    package = import_module("dspy")
    model = package.LM(f"openai/{MODEL}", api_base=url, api_key="none", cache=False, num_retries=0)
    return [model(QUESTION)]


def main() -> None:
    """Make the calls of one framework."""
    url, name, mode = sys.argv[1:]
    os.environ["OPENAI_API_KEY"] = "none"
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    requests: list[str] = []
    _count_requests(requests)
    if mode == "traced":
        from gossamer import OpenAIInstrumentor  # noqa: PLC0415

        OpenAIInstrumentor().instrument(tracer_provider=provider)
    given = globals()[name](url)
    spans = exporter.get_finished_spans()
    print(
        json.dumps(
            {
                "given": given,
                "requests": len(requests),
                "spans": [span.name for span in spans],
                "openai": metadata.version("openai"),
            }
        )
    )


def _count_requests(requests: list[str]) -> None:
    """Count what goes through the SDK, below whoever else looks."""
    base: Any = import_module("openai._base_client")
    original, aoriginal = base.SyncAPIClient.request, base.AsyncAPIClient.request

    def request(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        requests.append(options.url)
        return original(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    async def arequest(
        self: Any, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        requests.append(options.url)
        return await aoriginal(self, cast_to, options, stream=stream, stream_cls=stream_cls)

    base.SyncAPIClient.request, base.AsyncAPIClient.request = request, arequest


if __name__ == "__main__":
    main()
