"""The `gossamer` command: a group whose sub-commands are imported when they are called.

Each sub-command brings a heavy import (the SDK, a server, rich), so `gossamer --help` lists them
from a table and imports none.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

from gossamer import __version__

__all__ = ["group"]

# Name -> what `--help` says. The command itself is `command` in gossamer/cli/NAME/command.py.
_COMMANDS = {
    "demo": "Trace a small app against a fake OpenAI API: no key, no network.",
    "doctor": "Look at this environment, and say what to do about what is found.",
    "bench": "Measure what instrumentation costs, call by call and chunk by chunk.",
    "soak": "Make mixed traffic for minutes or hours: nothing is lost, nothing grows.",
    "fake": "Serve the fake OpenAI API on this machine.",
}


class _LazyGroup(click.Group):
    """A group that knows its commands by name and loads them by need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands that are there, in the order of the table."""
        return [name for name in _COMMANDS if find_spec(f"gossamer.cli.{name}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"gossamer.cli.{cmd_name}.command").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gossamer")
def group() -> None:
    """OpenTelemetry for the OpenAI Python SDK that weighs nothing."""
