"""OpenTelemetry for the OpenAI Python SDK that weighs nothing.

from gossamer import OpenAIInstrumentor

OpenAIInstrumentor().instrument()
"""

from gossamer._version import __version__
from gossamer.instrumentor import OpenAIInstrumentor

__all__ = ["OpenAIInstrumentor", "__version__"]
