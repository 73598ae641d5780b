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
    from collections.abc import Sequence

    from sdk_answers import Sent

    from gossamer.operations import Operation

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
            "yes" if operation.fold else "bytes" if operation.binary else "no",
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
    return table(
        ("`gen_ai.provider.name`", "`server.address` is or ends in; a path is that of the client's base URL"),
        rows,
    )


_ALL: Final = Table((*plain_operations(ADMINISTRATION), *OPERATIONS), other=OTHER)


def _methods() -> str:
    """What happens to the request of each method of the SDK, every one of which is called."""
    fates: dict[str, dict[tuple[str, str], None]] = {}
    silent = 0
    for call in walk("sync"):
        found = fates.setdefault(call.method, {})
        found[_fate(call.method, _main_request(call.outcome.requests))] = None
        silent += not call.outcome.requests
    rows = [(code(method), *fate) for method, found in sorted(fates.items()) for fate in found]
    intro = (
        f"The {len(fates)} public methods of openai {openai.__version__}, {len(fates) - silent} of which "
        "send a request. Helpers that upload, poll, wait or subscribe send several: the one that is traced "
        "is named, or else the first. A method that can send one or another has a row for each. "
        f"“{_PLAIN}” means: {_WITH_SETTING}."
    )
    return f"{intro}\n\n{table(('Method', 'Request', 'Span'), rows)}"


def _main_request(sent: Sequence[Sent]) -> Sent | None:
    traced = (request for request in sent if _operation(request) in OPERATIONS)
    return next(traced, sent[0] if sent else None)


def _operation(sent: Sent) -> Operation | None:
    return _ALL.find(sent.verb, sent.path.replace("{id}", "an-id"))


_PLAIN: Final = "none by default"
_WITH_SETTING: Final = "with `GOSSAMER_ALL_OPERATIONS`, a plain span with the method's name"


def _fate(method: str, sent: Sent | None) -> tuple[str, str]:
    if sent is None:
        is_socket = method.endswith(".connect")
        return "none", "see [websockets.md](websockets.md)" if is_socket else "none: it calls nobody"
    operation = _operation(sent)
    if operation is None or operation.path != sent.path:
        raise DriftError(f"{method} sends {sent.verb} {sent.path}, which administration.py does not know")
    request = code(f"{operation.method} {operation.path}")
    if sent.poll:
        return request, "none: it only polls"
    traced = operation in OPERATIONS
    return request, code(observe("0.1.0").span_names[label(operation)]) if traced else _PLAIN
