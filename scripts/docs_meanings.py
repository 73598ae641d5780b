"""What every name means, in a sentence. `make docs` fails where one is missing or is of no use."""

from __future__ import annotations

from typing import Final

from gossamer import semconv
from gossamer.envelope import HEADERS

#: Section → attribute → meaning.
ATTRIBUTES: Final[dict[str, dict[str, str]]] = {
    "The call": {
        semconv.OPERATION_NAME: "What kind of call it is.",
        semconv.METHOD: "The method of the SDK, where the conventions have no kind for it.",
        semconv.PROVIDER_NAME: "Who answers, by the type of the client and the host: "
        "see [operations.md](operations.md#providers).",
        semconv.SERVER_ADDRESS: "Host that the call goes to.",
        semconv.SERVER_PORT: "Its port, also where the URL leaves it out.",
        semconv.AZURE_NAMESPACE: "`Microsoft.CognitiveServices`, for the provider `azure.ai.inference`.",
        semconv.AZURE_DEPLOYMENT: "Deployment that the client's URL names, on Azure. Else it is the "
        "model that was asked for.",
        semconv.API_TYPE: "`chat_completions` or `responses`; for the provider `openai`.",
    },
    "The request": {
        semconv.REQUEST_MODEL: "Model that was asked for.",
        semconv.REQUEST_STREAM: "`true` for a stream; absent otherwise.",
        semconv.REQUEST_MAX_TOKENS: "Limit of output tokens, by whichever of its three names it was given.",
        semconv.REQUEST_TEMPERATURE: "Sampling temperature.",
        semconv.REQUEST_TOP_P: "Nucleus sampling.",
        semconv.REQUEST_TOP_K: "Sampling from the k likeliest tokens; for compatible servers.",
        semconv.REQUEST_FREQUENCY_PENALTY: "Frequency penalty.",
        semconv.REQUEST_PRESENCE_PENALTY: "Presence penalty.",
        semconv.REQUEST_STOP_SEQUENCES: "Sequences at which the model stops.",
        semconv.REQUEST_SEED: "Seed.",
        semconv.REQUEST_CHOICE_COUNT: "`n`, where it is not 1.",
        semconv.REQUEST_REASONING_LEVEL: "Reasoning effort, as it was asked for.",
        semconv.REQUEST_SERVICE_TIER: "Service tier that was asked for, where it is not `auto`; "
        "for the provider `openai`.",
        semconv.OUTPUT_TYPE: "`text`, `json`, `image` or `speech`, where the request names a format, or "
        "can have but one.",
        semconv.SESSION_ID: "The session of a [websocket connection](websockets.md), as the server calls it.",
        semconv.CONVERSATION_ID: "Conversation that the call belongs to, by the request or the answer.",
        semconv.REQUEST_PREVIOUS_RESPONSE_ID: "Response that this one goes on from.",
        semconv.PROMPT_NAME: "Id of the stored prompt, and not its text.",
        semconv.PROMPT_VERSION: "Version of the stored prompt.",
        semconv.REQUEST_STREAM_CURSOR: "`starting_after` of a stream that is taken up again.",
        semconv.REQUEST_ENCODING_FORMATS: "Format that the vectors come in: the SDK asks for `base64` "
        "unless told otherwise.",
        semconv.EMBEDDINGS_DIMENSION_COUNT: "Length of the vectors that were asked for.",
        semconv.DATA_SOURCE_ID: "The vector store that is searched.",
        semconv.RETRIEVAL_TOP_K: "`max_num_results` of a search.",
        semconv.AGENT_ID: "Id of the assistant or agent, by the request or the answer.",
        semconv.AGENT_NAME: "Its name.",
        semconv.AGENT_DESCRIPTION: "Its description.",
    },
    "The answer": {
        semconv.RESPONSE_ID: "Id of the answer; for `fetch_response`, from the start, of what is fetched.",
        semconv.RESPONSE_MODEL: "Model that answered.",
        semconv.RESPONSE_FINISH_REASONS: "Why the model stopped, one for each choice; `error` where a reason "
        "was expected and none came.",
        semconv.RESPONSE_STATUS: "Status of the response that was fetched, or cancelled.",
        semconv.RUN_ID: "Id of a run of an assistant.",
        semconv.RESPONSE_TIME_TO_FIRST_CHUNK: "Seconds from the request to the first chunk of a stream.",
        semconv.RESPONSE_SERVICE_TIER: "Service tier that was used; for the provider `openai`.",
        semconv.RESPONSE_SYSTEM_FINGERPRINT: "Configuration of the back end; for the provider `openai`.",
        semconv.CONVERSATION_COMPACTED: "`true` where the answer compacted the conversation.",
    },
    "Tokens": {
        semconv.INPUT_TOKENS: "All input tokens, cached ones included.",
        semconv.OUTPUT_TOKENS: "All output tokens, reasoning included.",
        semconv.CACHE_READ_INPUT_TOKENS: "Input tokens read from the provider's cache.",
        semconv.CACHE_WRITE_INPUT_TOKENS: "Input tokens written to the provider's cache.",
        semconv.REASONING_OUTPUT_TOKENS: "Output tokens spent on reasoning.",
        semconv.TEXT_INPUT_TOKENS: "Input tokens that are text.",
        semconv.IMAGE_INPUT_TOKENS: "Input tokens that are images.",
        semconv.AUDIO_INPUT_TOKENS: "Input tokens that are audio.",
        semconv.TEXT_OUTPUT_TOKENS: "Output tokens that are text.",
        semconv.IMAGE_OUTPUT_TOKENS: "Output tokens that are images.",
        semconv.AUDIO_OUTPUT_TOKENS: "Output tokens that are audio.",
        semconv.TEXT_CACHE_READ_INPUT_TOKENS: "Tokens read from the cache that are text.",
        semconv.IMAGE_CACHE_READ_INPUT_TOKENS: "Tokens read from the cache that are images.",
        semconv.AUDIO_CACHE_READ_INPUT_TOKENS: "Tokens read from the cache that are audio.",
        semconv.AUDIO_SECONDS: "Seconds of audio, where these are billed, and not tokens.",
        semconv.USAGE_ESTIMATED: "`true` where the API told no tokens, and these were counted here: "
        "only with `GOSSAMER_COUNT_TOKENS`, see [content.md](content.md#offline-token-counts).",
    },
    "The end": {
        semconv.STREAM_OUTCOME: "How a stream ended: see [Streams](#streams).",
        semconv.REQUEST_RETRIES: "How often the SDK sent the request again, where it did.",
        semconv.ERROR_TYPE: "What went wrong: see [Failures](#failures). Absent on success.",
        semconv.HTTP_STATUS_CODE: "HTTP status of a call that failed.",
        semconv.REQUEST_ID: "Id under which the provider knows a call that failed, `x-request-id`; of every "
        "call with `GOSSAMER_RESPONSE_HEADERS`.",
        f"{semconv.HTTP_RESPONSE_HEADER}.<name>": "A header of the response, with "
        "`GOSSAMER_RESPONSE_HEADERS`: those that begin with `x-ratelimit-limit-`, "
        "`x-ratelimit-remaining-` or `x-ratelimit-reset-`, and "
        f"{', '.join(f'`{name}`' for name in sorted(HEADERS))}. No other is ever read.",
    },
}

#: Attribute of content → meaning.
CONTENT: Final[dict[str, str]] = {
    semconv.SYSTEM_INSTRUCTIONS: "Instructions that are sent beside the messages. The system messages of a "
    "chat are among its messages.",
    semconv.TOOL_DEFINITIONS: "Type and name of each tool that the model may use; description and "
    "parameters too with `GOSSAMER_TOOL_DETAILS`.",
    semconv.INPUT_MESSAGES: "What was sent, oldest first.",
    semconv.OUTPUT_MESSAGES: "What was answered: a message for each choice, or one of all output items. Of a "
    "stream, what came of it.",
    semconv.RETRIEVAL_QUERY_TEXT: "What was searched for: a text, not JSON.",
    semconv.RETRIEVAL_DOCUMENTS: "What was found: id, score, name and text of each document.",
    semconv.CONTENT_TRUNCATED: "The attributes above from which the limits took something.",
}

#: Seen only where a setting asks for it.
OPT_IN: Final = frozenset({semconv.USAGE_ESTIMATED, f"{semconv.HTTP_RESPONSE_HEADER}.<name>", *CONTENT})

#: Attribute of the event that a span has for each retry → meaning.
RETRY_ATTRIBUTES: Final[dict[str, str]] = {
    semconv.ERROR_TYPE: "The HTTP status that came, or the class of what went wrong.",
    semconv.HTTP_STATUS_CODE: "That status, where there is one.",
    semconv.RETRY_DELAY: "Seconds that the SDK waits before it sends the request again.",
}

#: Event → when there is one.
EVENTS: Final[dict[str, str]] = {
    semconv.DETAILS_EVENT: "At the end of a call, in the modes `EVENT_ONLY` and `SPAN_AND_EVENT`.",
    semconv.EXCEPTION_EVENT: "When a call ended in an exception, in all modes.",
}

#: Attributes that only events have.
EVENT_ATTRIBUTES: Final[dict[str, str]] = {
    semconv.EXCEPTION_TYPE: "The qualified class of the exception.",
    semconv.EXCEPTION_MESSAGE: "Its text, redacted and cut.",
    semconv.EXCEPTION_STACKTRACE: "Its stack trace, from the SDK's request method on, likewise.",
}

#: Attributes that only metric points have.
POINT_ATTRIBUTES: Final[dict[str, str]] = {
    semconv.TOKEN_MODALITY: "`text`, `image` or `audio`, as far as the API tells them apart; "
    "`unknown` for the rest.",
    semconv.TOKEN_TYPE: "`input` or `output`.",
}

METRICS: Final[dict[str, str]] = {
    semconv.INFERENCE_DURATION: "The duration of the span; for every call, also one that failed.",
    semconv.INFERENCE_TIME_TO_FIRST_CHUNK: "Time to the first chunk of a stream.",
    semconv.INFERENCE_TIME_PER_OUTPUT_CHUNK: "Time from chunk to chunk of a stream; "
    "only with `GOSSAMER_TIME_PER_OUTPUT_CHUNK`.",
    semconv.INFERENCE_INPUT_TOKENS: "Input tokens of a call, where reported.",
    semconv.INFERENCE_OUTPUT_TOKENS: "Output tokens of a call, where reported.",
    semconv.USAGE_INPUT_TOKENS: "Sum of input tokens.",
    semconv.USAGE_OUTPUT_TOKENS: "Sum of output tokens.",
    semconv.USAGE_CACHE_READ_INPUT_TOKENS: "Sum of input tokens read from the cache.",
    semconv.USAGE_CACHE_WRITE_INPUT_TOKENS: "Sum of input tokens written to the cache.",
    semconv.USAGE_REASONING_OUTPUT_TOKENS: "Sum of output tokens spent on reasoning.",
    semconv.EMBEDDINGS_DURATION: "The duration of the span; for every call, also one that failed.",
    semconv.EMBEDDINGS_INPUT_TOKENS: "Input tokens of a call, where reported.",
    semconv.METHOD_DURATION: "The duration of the span; for every call, also one that failed.",
    semconv.OPERATION_DURATION: "The duration of the span; for every call, also one that failed.",
    semconv.TOKEN_USAGE: "Input and output tokens of a call, a point for each, where reported.",
    semconv.OPERATION_TIME_TO_FIRST_CHUNK: "Time to the first chunk of a stream.",
    semconv.OPERATION_TIME_PER_OUTPUT_CHUNK: "Time from chunk to chunk of a stream; "
    "only with `GOSSAMER_TIME_PER_OUTPUT_CHUNK`.",
}
