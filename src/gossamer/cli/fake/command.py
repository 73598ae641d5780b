"""`gossamer fake`."""

from __future__ import annotations

import click

from gossamer.cli.fake.behaviour import Pace
from gossamer.cli.fake.server import serve

__all__ = ["command"]


@click.command(name="fake")
@click.option("--port", default=8080, show_default=True, help="Port on 127.0.0.1; 0 takes any.")
@click.option("--chunks", default=Pace.chunks, show_default=True, help="Pieces of text an answer.")
@click.option("--delay", default=Pace.delay, show_default=True, help="Seconds before each piece.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def command(port: int, chunks: int, delay: float, until_stdin_closes: bool) -> None:
    """Serve the fake OpenAI API on this machine.

    Prints the base URL once it is ready. Point a client at it with
    OpenAI(api_key="sk-fake", base_url=...). The model's name steers the answer: fake-error-429,
    fake-rate-limit-once, fake-slow, fake-chunks-100, fake-stream-error, fake-drop, fake-failed,
    fake-incomplete, fake-content-filter, fake-usage-details; any other answers normally.
    """
    serve(port, chunks, delay, until_stdin_closes=until_stdin_closes)
