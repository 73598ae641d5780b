"""docs/operations.md: the calls that are traced, and the providers that are known by their hosts."""

from __future__ import annotations

from docs_markdown import code, codes, table
from docs_observed import label, observe

from gossamer.openai_sdk import OPERATIONS
from gossamer.providers import OPENAI, PROVIDERS_BY_HOST

_METRICS = {
    "inference": "`gen_ai.client.inference.*`",
    "embeddings": "`gen_ai.client.embeddings.*`",
    "other": "`gen_ai.client.operation.duration`",
}


def page() -> str:
    """The generated part."""
    return f"## Traced\n\n{_operations()}\n\n## Providers\n\n{_providers()}"


def _operations() -> str:
    names = observe("0.1.0").span_names
    rows = [
        (
            label(operation),
            operation.calls,
            code(f"{operation.method} {operation.path}"),
            code(operation.name),
            code(names[label(operation)]),
            code(operation.api_type) if operation.api_type else "none",
            "yes" if operation.fold else "no",
            _METRICS[operation.metrics],
        )
        for operation in OPERATIONS
    ]
    heads = (
        "Operation",
        "Methods of the SDK",
        "Request",
        "`gen_ai.operation.name`",
        "Span name",
        "`openai.api.type`",
        "Streams",
        "Metrics",
    )
    return table(heads, rows)


def _providers() -> str:
    hosts: dict[str, list[str]] = {}
    for host, provider in PROVIDERS_BY_HOST.items():
        hosts.setdefault(provider, []).append(host)
    rows = [(code(provider), codes(found)) for provider, found in sorted(hosts.items())]
    rows.append((code(OPENAI), "every other host"))
    return table(("`gen_ai.provider.name`", "`server.address` is or ends in"), rows)
