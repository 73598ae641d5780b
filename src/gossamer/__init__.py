"""OpenTelemetry for the OpenAI Python SDK that weighs nothing.

from gossamer import OpenAIInstrumentor

OpenAIInstrumentor().instrument()
"""

from gossamer._version import __version__
from gossamer.openai_sdk import OpenAIInstrumentor
from gossamer.scope import CaptureMode, attributes, capture

__all__ = ["CaptureMode", "OpenAIInstrumentor", "__version__", "attributes", "capture"]
