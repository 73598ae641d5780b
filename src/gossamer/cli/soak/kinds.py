"""What a kind of call is: how often a soak makes it, who can, and what it must leave."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import openai

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gossamer.cli.soak.apps import App

    Play = Callable[[App], Awaitable[BaseException | None]]


class Mark(NamedTuple):
    """What a call leaves: enough of its span to tell whether it is the right one."""

    span: str
    outcome: str | None = None
    error: str | None = None
    retries: int = 0


@dataclass(frozen=True)
class Kind:
    """One kind of call."""

    name: str
    play: Play
    weight: int
    span: str
    outcome: str | None
    retries: int
    needs: str | None
    only: str | None

    def mark(self, error: BaseException | None) -> Mark:
        """What it leaves, if the app has seen this exception, or none."""
        return Mark(self.span, self.outcome, None if error is None else qualified(error), self.retries)

    def fits(self, app: App) -> bool:
        """Whether that client can make such a call, in this release of the SDK."""
        if self.only is not None and self.only != app.kind:
            return False
        return self.needs is None or _has(self.needs)


def qualified(error: BaseException) -> str:
    """The class of an exception, as `error.type` names it."""
    kind = type(error)
    plain = kind.__module__ == "builtins"
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"


def _has(module: str) -> bool:
    """Whether the SDK has this module; `retry-count`: whether it numbers its attempts, as the fake wants."""
    if module == "retry-count":
        return tuple(int(part) for part in openai.__version__.split(".")[:2]) >= (1, 47)
    try:
        return importlib.util.find_spec(f"openai.{module}") is not None
    except ModuleNotFoundError:
        return False


def add_to(
    kinds: list[Kind],
    weight: int,
    span: str,
    outcome: str | None = None,
    *,
    retries: int = 0,
    needs: str | None = None,
    only: str | None = None,
) -> Callable[[Play], Play]:
    """Add a kind of call: a decorator.

    Args:
        kinds: where to.
        weight: how often it comes, beside the others.
        span: the name of its span.
        outcome: of its stream.
        retries: that the SDK makes.
        needs: a module of the SDK that older releases lack.
        only: the one client that can make it.
    """

    def add(play: Play) -> Play:
        kinds.append(
            Kind(
                play.__name__.strip("_").replace("_", " "),
                play,
                weight,
                span,
                outcome,
                retries,
                needs,
                only,
            )
        )
        return play

    return add


def draw(kinds: Sequence[Kind], app: App, seed: str, count: int) -> list[Kind]:
    """So many calls: the same ones for the same seed."""
    fitting = one_of_each(kinds, app)
    return random.Random(seed).choices(fitting, [kind.weight for kind in fitting], k=count)


def one_of_each(kinds: Sequence[Kind], app: App) -> list[Kind]:
    """One call of each kind that this client can make."""
    return [kind for kind in kinds if kind.fits(app)]
