"""How contenders are called where people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.cli.bench import discovery
from gossamer.cli.bench.contenders import HERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.cli.bench.run import Present

_NAMES = {
    "opentelemetry-api": "OpenTelemetry API",
    discovery.BARE: "bare SDK",
    discovery.HAND_WRITTEN: "hand-written span",
    discovery.OURS: "Gossamer",
    discovery.OLD_FAULT: "the old fault",
    discovery.LOGFIRE: "Logfire",
    "opentelemetry-instrumentation-openai": "OpenLLMetry",
    "opentelemetry-instrumentation-genai-openai": "OpenTelemetry genai-openai",
    "opentelemetry-instrumentation-openai-v2": "OpenTelemetry openai-v2",
    "openinference-instrumentation-openai": "OpenInference",
    "elastic-opentelemetry-instrumentation-openai": "Elastic",
}


def label(contender: str, version: str | None = None) -> str:
    """A contender's name, with its version when it is someone else's package."""
    name = _NAMES.get(contender, contender)
    return f"{name} {version}" if version and contender != discovery.OURS else name


def shown(present: Sequence[Present]) -> dict[tuple[str, str], str]:
    """The participants to be shown, by contender and environment, and how each is called.

    Bare SDK and Gossamer run in every environment, as what the other one there is compared with.
    They are shown from the bench's own, and again only where the SDK is another release.
    """
    own = next((one for one in present if one.environment == HERE), present[0]).openai
    names = {}
    for one in present:
        if one.environment == HERE or one.openai != own or one.contender not in discovery.BUILT_IN:
            name = label(one.contender, one.version)
            if one.openai != own:
                name += f" (openai {one.openai})"
            names[one.contender, one.environment] = name
    return names
