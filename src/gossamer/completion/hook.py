"""The completion hook of the OpenTelemetry GenAI packages: it sees each prompt and answer as objects."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.util._importlib_metadata import entry_points

from gossamer import semconv
from gossamer.completion.objects import input_message, output_message, part, tool_definition
from gossamer.errors import blame, logger, quoted, swallow
from gossamer.scope import in_hook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry._logs import LogRecord
    from opentelemetry.trace import Span

GROUP: Final = "opentelemetry_genai_completion_hook"


@dataclass(frozen=True, eq=False)
class CompletionHook:
    """A hook that can be called."""

    name: str
    """What it is called in the log: the name of its class."""
    on_completion: Callable[..., Any]
    takes: frozenset[str] | None
    """The arguments that it takes; None: all. The first release of the package had no tool definitions."""


def load(given: Any) -> CompletionHook | None:
    """The hook of this name, or around this object; None when there is none, or none that can be called.

    Args:
        given: the name of an entry point, or an object with a method `on_completion`.
    """
    if not isinstance(given, str):
        return None if given is None else _checked(given, "instrument(completion_hook=…)")
    name = given.strip()
    if not name:
        return None
    installed = entry_points(group=GROUP)
    matching = [entry for entry in installed if entry.name == name]
    if not matching:
        logger.warning(
            "There is no completion hook named %s, so none is called. Installed: %s.",
            quoted(name),
            ", ".join(sorted({entry.name for entry in installed})) or "none",
        )
    for entry in matching:
        source = f"{entry.name} = {entry.value}"
        try:
            hook = _checked(entry.load()(), source)
        except Exception as error:
            logger.warning(
                "The completion hook %s cannot be made, and is not called: %s: %s",
                source,
                type(error).__name__,
                error,
            )
            continue
        if hook is not None:
            return hook
    return None


def call(
    hook: CompletionHook, sections: Mapping[str, list[Any]], span: Span | None, log_record: LogRecord | None
) -> None:
    """Show a call to the hook, which may add attributes to span and record. Its failure is only logged.

    Args:
        hook: as `load()` gave it.
        sections: attribute name → structured values, as they are recorded.
        span: not ended yet.
        log_record: not emitted yet.
    """
    try:
        tools = [tool_definition(tool) for tool in sections.get(semconv.TOOL_DEFINITIONS, ())]
        arguments: dict[str, Any] = {
            "inputs": [input_message(message) for message in sections.get(semconv.INPUT_MESSAGES, ())],
            "outputs": [output_message(message) for message in sections.get(semconv.OUTPUT_MESSAGES, ())],
            "system_instruction": [part(each) for each in sections.get(semconv.SYSTEM_INSTRUCTIONS, ())],
            "tool_definitions": tools or None,
            "span": span,
            "log_record": log_record,
        }
        if hook.takes is not None:
            arguments = {name: value for name, value in arguments.items() if name in hook.takes}
    except Exception as error:
        swallow(error)
        return
    within = in_hook.get()
    try:
        in_hook.set(True)
        hook.on_completion(**arguments)
    except Exception as error:
        blame(f"The completion hook {hook.name}", error)
    finally:
        in_hook.set(within)


def _checked(hook: Any, source: str) -> CompletionHook | None:
    """The hook, if it can be called as one; else a warning."""
    name = type(hook).__qualname__
    if name == "_NoOpCompletionHook":
        return None  # the package's own way to say that a hook is not configured; it has told why
    method = getattr(hook, "on_completion", None)
    fault = None
    if isinstance(hook, type):
        fault = "is a class, not an object"
    elif not callable(method):
        fault = "has no method on_completion"
    elif iscoroutinefunction(method):
        fault = "has an async on_completion, which nobody would await"
    if method is None or fault is not None:
        logger.warning("The completion hook %s (a %s) %s, and is not called.", source, name, fault)
        return None
    return CompletionHook(name, method, _taken(method))


def _taken(method: Callable[..., Any]) -> frozenset[str] | None:
    try:
        parameters = signature(method).parameters
    except (TypeError, ValueError):
        return None
    if any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values()):
        return None
    return frozenset(parameters)
