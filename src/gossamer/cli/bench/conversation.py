"""A conversation that has gone on for a while, as an app sends it again with every call."""

from __future__ import annotations

MESSAGES = 100

#: With what a text has that JSON must escape.
_PARAGRAPH = (
    "A spider hangs on a thread that it has made itself, and climbs it again when it is done. "
    'Asked what such a thread weighs, most people say "nothing":\n'
    "\t1. it is thinner than a hair, so that it is seen only where dew or a low sun betrays it;\n"
    "\t2. a few hundred grams of it would reach around the earth, which sounds like a fable and is none;\n"
    "\t3. and yet it carries its spider, swinging, through a night of wind and rain.\n"
)
#: Every third message is not plain ASCII, as texts in most languages are not.
_WORDS = ("That is light.", "Un fil d'araignée, c'est léger – très léger.", "蜘蛛の糸は軽い。")  # noqa: RUF001


def conversation() -> list[dict[str, str]]:
    """Its messages: instructions, then user and assistant in turn, each of about 1 kB as JSON.

    Together just within what Gossamer records of a request by default: what is cut costs less.
    """
    roles = ["system", *("user" if number % 2 else "assistant" for number in range(1, MESSAGES))]
    return [{"role": role, "content": _text(number)} for number, role in enumerate(roles)]


def _text(number: int) -> str:
    return f"{number}. {_PARAGRAPH}{_WORDS[number % len(_WORDS)]}\n{_PARAGRAPH}"
