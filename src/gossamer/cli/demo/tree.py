"""The span tree: who called whom, how long it took, and what is known of each call."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["span_tree"]

_Span = dict[str, Any]


def span_tree(spans: Sequence[_Span]) -> Tree:
    """Draw the spans of one trace under their root."""
    children: dict[str | None, list[_Span]] = defaultdict(list)
    for span in spans:
        children[span["parent_id"]].append(span)

    def grow(branch: Tree, span: _Span) -> None:
        for child in children[span["span_id"]]:
            grow(branch.add(_label(child)), child)

    (root,) = children[None]
    tree = Tree(_label(root), guide_style="dim")
    grow(tree, root)
    return tree


def _label(span: _Span) -> Text:
    by_app = span["kind"] == "INTERNAL"
    failed = span["status"] == "ERROR"
    label = Text(span["name"], style="bold red" if failed else "bold" if by_app else "bold cyan")
    label.append(f"  {_milliseconds(span['duration_ms'])}", style="not bold yellow")
    if span["attributes"].get("openai.api.type") == "responses":
        label.append("  Responses API", style="not bold dim")
    for line in _facts(span["attributes"]):
        label.append("\n")
        label.append(line, style="not bold default")
    return label


def _facts(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Tell what the attributes say, in two lines: about the tokens, and about the course."""
    groups = (_tokens(attributes), _course(attributes))
    yield from (line for line in map(", ".join, groups) if line)


_TOKENS = (
    ("gen_ai.usage.input_tokens", "in"),
    ("gen_ai.usage.cache_read.input_tokens", "cached"),
    ("gen_ai.usage.output_tokens", "out"),
    ("gen_ai.usage.reasoning.output_tokens", "reasoning"),
)


def _tokens(attributes: Mapping[str, Any]) -> Iterator[str]:
    counts = [f"{word} {attributes[name]:,}" for name, word in _TOKENS if attributes.get(name)]
    if counts:
        yield "tokens: " + " · ".join(counts)


def _course(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Tell how the call went, the unusual last."""
    if first := attributes.get("gen_ai.response.time_to_first_chunk"):
        yield f"first chunk after {_milliseconds(first * 1000)}"
    outcome = attributes.get("gossamer.stream.outcome")
    reasons = attributes.get("gen_ai.response.finish_reasons")
    if reasons and outcome in (None, "completed"):
        yield "finish: " + " · ".join(reasons)
    if outcome:
        yield f"stream {outcome}"
    if retries := attributes.get("gossamer.request.retries"):
        yield "1 retry" if retries == 1 else f"{retries} retries"
    if error := attributes.get("error.type"):
        status = attributes.get("http.response.status_code")
        yield f"error: {error}" + (f" (HTTP {status})" if status else "")


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
