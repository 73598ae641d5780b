"""All that is openai's own: what its package is called, what it can do, and who it calls by default.

Another SDK of the same make is another file like this one, and an entry point: see docs/architecture.md.
"""

from __future__ import annotations

from typing import Final

from gossamer.instrumentor import Instrumentor
from gossamer.operations.agents import CREATE_AGENT, CREATE_SESSION, WATCH_SESSION
from gossamer.operations.assistants import CREATE_ASSISTANT, RUNS
from gossamer.operations.audio import SPEECH, TRANSCRIPTION, TRANSLATION
from gossamer.operations.chat import CHAT
from gossamer.operations.completions import COMPLETIONS
from gossamer.operations.decisions import DECISION
from gossamer.operations.embeddings import EMBEDDINGS
from gossamer.operations.images import EDIT_IMAGE, GENERATE_IMAGE, VARY_IMAGE
from gossamer.operations.moderations import MODERATION
from gossamer.operations.responses import CANCEL_RESPONSE, COMPACT, FETCH_RESPONSE, RESPONSES
from gossamer.operations.retrieval import SEARCH
from gossamer.operations.videos import VIDEOS
from gossamer.sdk import Connections, Package

OPERATIONS: Final = (
    CHAT,
    RESPONSES,
    FETCH_RESPONSE,
    COMPACT,
    CANCEL_RESPONSE,
    COMPLETIONS,
    EMBEDDINGS,
    GENERATE_IMAGE,
    EDIT_IMAGE,
    VARY_IMAGE,
    *VIDEOS,
    SPEECH,
    TRANSCRIPTION,
    TRANSLATION,
    MODERATION,
    DECISION,
    SEARCH,
    CREATE_ASSISTANT,
    *RUNS,
    CREATE_AGENT,
    CREATE_SESSION,
    WATCH_SESSION,
)

#: `realtime.translations` is not among them: a translation runs as long as its session does, and is no
#: generation with a beginning and an end.
CONNECTIONS: Final = {
    "openai.resources.realtime.realtime": Connections("Realtime", "realtime"),
    "openai.resources.beta.realtime.realtime": Connections("Realtime", "realtime"),
    "openai.resources.responses.responses": Connections("Responses", "responses"),
    "openai.resources.beta.responses.responses": Connections("Responses", "responses"),
    "openai.lib.responses_websocket._session": Connections("ResponsesWebSocket", "lanes"),
    "openai.resources.live.live": Connections("Live", "live"),
    "openai.resources.live.forks": Connections("Forks", "live"),
    "openai.resources.live.sideband": Connections("Sideband", "live"),
}

OPENAI: Final = Package(
    name="openai",
    requires="openai >= 1.26.0",
    clients=("OpenAI", "AsyncOpenAI"),
    operations=OPERATIONS,
    administration="gossamer.operations.administration",
    provider="openai",
    # Others tell it anyway, in a chunk that is the app's to see; Azure refuses the option in old versions.
    told_when_asked=frozenset({"api.openai.com"}),
    connections=CONNECTIONS,
    raw_responses=(("_legacy_response", "LegacyAPIResponse"), ("_response", "BaseAPIResponse")),
    providers=(
        ("openai.lib.azure", "BaseAzureClient", "azure.ai.openai"),
        ("openai", "BedrockOpenAI", "aws.bedrock"),  # since 2.44
        ("openai", "AsyncBedrockOpenAI", "aws.bedrock"),
    ),
    runtimes={"bedrock": "aws.bedrock", "vertex": "gcp.vertex_ai"},
)


class OpenAIInstrumentor(Instrumentor):
    """Traces and measures the calls of the OpenAI SDK.

        OpenAIInstrumentor().instrument()

    `instrument()` takes, all optional:

    - `tracer_provider`, `meter_provider`, `logger_provider`: by default the global ones, also when they are
      set later;
    - all that docs/settings.md lists; by default from the environment.

    A second `instrument()` does nothing but warn; `uninstrument()` puts the SDK's own methods back.
    """

    package = OPENAI
