"""Every name that Gossamer emits, in one place.

`gen_ai.*` and `openai.*` are those of the OpenTelemetry GenAI semantic conventions v0.1.0
(repository open-telemetry/semantic-conventions-genai); `server.*`, `error.type` and `http.*` those of the
core conventions v1.45. What the conventions have no name for is called `gossamer.*`.
"""

from __future__ import annotations

from typing import Final

# The call and its request
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
API_TYPE: Final = "openai.api.type"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_CHOICE_COUNT: Final = "gen_ai.request.choice.count"
REQUEST_SEED: Final = "gen_ai.request.seed"
REQUEST_TOP_K: Final = "gen_ai.request.top_k"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
REQUEST_TOP_P: Final = "gen_ai.request.top_p"
REQUEST_FREQUENCY_PENALTY: Final = "gen_ai.request.frequency_penalty"
REQUEST_PRESENCE_PENALTY: Final = "gen_ai.request.presence_penalty"
REQUEST_STOP_SEQUENCES: Final = "gen_ai.request.stop_sequences"
REQUEST_REASONING_LEVEL: Final = "gen_ai.request.reasoning.level"
REQUEST_PREVIOUS_RESPONSE_ID: Final = "gen_ai.request.previous_response.id"
REQUEST_STREAM_CURSOR: Final = "gen_ai.request.stream_cursor"
REQUEST_ENCODING_FORMATS: Final = "gen_ai.request.encoding_formats"
REQUEST_SERVICE_TIER: Final = "openai.request.service_tier"
EMBEDDINGS_DIMENSION_COUNT: Final = "gen_ai.embeddings.dimension.count"
OUTPUT_TYPE: Final = "gen_ai.output.type"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
PROMPT_NAME: Final = "gen_ai.prompt.name"
PROMPT_VERSION: Final = "gen_ai.prompt.version"
AGENT_ID: Final = "gen_ai.agent.id"
AGENT_NAME: Final = "gen_ai.agent.name"
AGENT_DESCRIPTION: Final = "gen_ai.agent.description"
DATA_SOURCE_ID: Final = "gen_ai.data_source.id"
RETRIEVAL_TOP_K: Final = "gen_ai.retrieval.top_k"
AZURE_NAMESPACE: Final = "azure.resource_provider.namespace"
AZURE_DEPLOYMENT: Final = "gossamer.azure.deployment"  # where the URL names it, and not the request's model
METHOD: Final = "gossamer.method"  # of the SDK, where the conventions have no operation for it
RUN_ID: Final = "gossamer.run.id"  # of an agent: the conventions have no place for it there
SESSION_ID: Final = "gossamer.session.id"

# The answer
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_STATUS: Final = "gen_ai.response.status"
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
RESPONSE_SERVICE_TIER: Final = "openai.response.service_tier"
RESPONSE_SYSTEM_FINGERPRINT: Final = "openai.response.system_fingerprint"
CONVERSATION_COMPACTED: Final = "gen_ai.conversation.compacted"

# Usage, in tokens. The breakdowns are parts of the totals.
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
TEXT_INPUT_TOKENS: Final = "gen_ai.usage.text.input_tokens"
IMAGE_INPUT_TOKENS: Final = "gen_ai.usage.image.input_tokens"
AUDIO_INPUT_TOKENS: Final = "gen_ai.usage.audio.input_tokens"
TEXT_OUTPUT_TOKENS: Final = "gen_ai.usage.text.output_tokens"
IMAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.image.output_tokens"
AUDIO_OUTPUT_TOKENS: Final = "gen_ai.usage.audio.output_tokens"
TEXT_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.text.cache_read.input_tokens"
IMAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.image.cache_read.input_tokens"
AUDIO_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.audio.cache_read.input_tokens"
AUDIO_SECONDS: Final = "gossamer.usage.audio_seconds"  # of what is billed by its length
USAGE_ESTIMATED: Final = "gossamer.usage.estimated"

# Content: recorded only when it was asked for
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
RETRIEVAL_QUERY_TEXT: Final = "gen_ai.retrieval.query.text"
RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"
CONTENT_TRUNCATED: Final = "gossamer.content.truncated"

# How it ended
ERROR_TYPE: Final = "error.type"
HTTP_STATUS_CODE: Final = "http.response.status_code"
HTTP_RESPONSE_HEADER: Final = "http.response.header"
REQUEST_ID: Final = "gossamer.request.id"
REQUEST_RETRIES: Final = "gossamer.request.retries"
STREAM_OUTCOME: Final = "gossamer.stream.outcome"

# Events, and the attributes that only they have
RETRY_EVENT: Final = "gossamer.retry"  # of the span
RETRY_DELAY: Final = "gossamer.retry.delay"
DETAILS_EVENT: Final = "gen_ai.client.inference.operation.details"
EXCEPTION_EVENT: Final = "gen_ai.client.operation.exception"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

# Attributes of metric points only
TOKEN_MODALITY: Final = "gen_ai.token.modality"
TOKEN_TYPE: Final = "gen_ai.token.type"

# Metrics of v0.1.0
INFERENCE_DURATION: Final = "gen_ai.client.inference.duration"
INFERENCE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.inference.time_to_first_chunk"
INFERENCE_TIME_PER_OUTPUT_CHUNK: Final = "gen_ai.client.inference.time_per_output_chunk"
INFERENCE_INPUT_TOKENS: Final = "gen_ai.client.inference.operation.input_tokens"
INFERENCE_OUTPUT_TOKENS: Final = "gen_ai.client.inference.operation.output_tokens"
USAGE_INPUT_TOKENS: Final = "gen_ai.client.inference.usage.input_tokens"
USAGE_OUTPUT_TOKENS: Final = "gen_ai.client.inference.usage.output_tokens"
USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.client.inference.usage.cache_read.input_tokens"
USAGE_CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.client.inference.usage.cache_write.input_tokens"
USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.client.inference.usage.reasoning.output_tokens"
EMBEDDINGS_DURATION: Final = "gen_ai.client.embeddings.duration"
EMBEDDINGS_INPUT_TOKENS: Final = "gen_ai.client.embeddings.operation.input_tokens"
OPERATION_DURATION: Final = "gen_ai.client.operation.duration"  # 1.37: of every operation
METHOD_DURATION: Final = "gossamer.client.method.duration"  # of what has no operation

# Metrics of the core conventions up to 1.41, which released back ends know
TOKEN_USAGE: Final = "gen_ai.client.token.usage"
OPERATION_TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
OPERATION_TIME_PER_OUTPUT_CHUNK: Final = "gen_ai.client.operation.time_per_output_chunk"

# Bucket boundaries that the conventions advise
SECONDS_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))  # 10 ms … 81.92 s
TOKEN_BUCKETS: Final = tuple(4**power for power in range(14))  # 1 … 67,108,864
