"""docs/operations.md: the calls that are traced, and the providers that are known by their hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import openai
from docs_markdown import DriftError, code, codes, table
from docs_observed import label, observe
from sdk_methods import walk

from gossamer.openai_sdk import OPERATIONS
from gossamer.operations import Table
from gossamer.operations.administration import ADMINISTRATION
from gossamer.operations.plain import OTHER, plain_operations
from gossamer.providers import OPENAI, PROVIDERS_BY_HOST

if TYPE_CHECKING:
    from sdk_answers import Sent

_METRICS: Final = {
    "inference": "`gen_ai.client.inference.*`",
    "embeddings": "`gen_ai.client.embeddings.*`",
    "other": "`gen_ai.client.operation.duration`",
    "plain": "`gossamer.client.method.duration`",
}


def page() -> str:
    """The generated part."""
    sections = {"Traced": _operations(), "Providers": _providers(), "Every method": _methods()}
    return "\n\n".join(f"## {title}\n\n{told}" for title, told in sections.items())


def _operations() -> str:
    names = observe("0.1.0").span_names
    rows = [
        (
            label(operation),
            operation.calls,
            code(f"{operation.method} {operation.path}"),
            code(operation.name) if operation.metrics != "plain" else "none",
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
    rows = [
        (code(provider), f"{codes(found)}, and every other host" if provider == OPENAI else codes(found))
        for provider, found in sorted(hosts.items())
    ]
    return table(("`gen_ai.provider.name`", "`server.address` is or ends in"), rows)


_ALL: Final = Table((*plain_operations(ADMINISTRATION), *OPERATIONS), other=OTHER)


def _methods() -> str:
    """What happens to the request of each method of the SDK, every one of which is called."""
    requests: dict[str, Sent | None] = {}
    for call in walk("sync"):
        sent = call.outcome.requests
        if sent or call.method not in requests:
            requests[call.method] = sent[0] if sent else None
    reached = [sent for sent in requests.values() if sent is not None]
    rows = [(code(method), *_fate(method, sent)) for method, sent in sorted(requests.items())]
    intro = (
        f"The {len(requests)} public methods of openai {openai.__version__}, {len(reached)} of which send a "
        "request. Helpers that upload, poll or wait are named with the first request that they make. "
        f"“{_PLAIN}” means: {_WITH_SETTING}."
    )
    return f"{intro}\n\n{table(('Method', 'Request', 'Span'), rows)}"


_PLAIN: Final = "none by default"
_WITH_SETTING: Final = "with `GOSSAMER_ALL_OPERATIONS`, a plain span with the method's name"


def _fate(method: str, sent: Sent | None) -> tuple[str, str]:
    if sent is None:
        is_socket = method.endswith(".connect")
        return "none", "see [websockets.md](websockets.md)" if is_socket else "none: it calls nobody"
    operation = _ALL.find(sent.verb, sent.path.replace("{id}", "an-id"))
    if operation is None or operation is OTHER:
        raise DriftError(f"{method} sends {sent.verb} {sent.path}, which administration.py does not know")
    request = code(f"{operation.method} {operation.path}")
    traced = operation in OPERATIONS
    return request, code(observe("0.1.0").span_names[label(operation)]) if traced else _PLAIN
