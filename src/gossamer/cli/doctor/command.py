"""`gossamer doctor`."""

from __future__ import annotations

import json
import os
import sys

import click

from gossamer.cli.console import page_console
from gossamer.cli.doctor.examination import examine
from gossamer.cli.doctor.masking import Mask
from gossamer.cli.doctor.report import show

__all__ = ["command"]


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, no more.")
@click.option("--with-hook", is_flag=True, help="Show the fake calls to the completion hook, too.")
def command(as_json: bool, with_hook: bool) -> None:
    """Look at this environment, and say what to do about what is found.

    Tells what is installed, who else traces openai, where telemetry goes, which settings apply, and
    what a call leaves: one chat and one stream are answered inside the process, with your settings.
    Nothing is sent anywhere, no key is needed or shown. Run it where the app runs. Exit code 1
    means that there is a problem.
    """
    console = page_console()
    found = examine(with_hook=with_hook)
    mask = Mask(os.environ)
    if as_json:
        click.echo(json.dumps(mask.data(found.data()), indent=2))
    else:
        show(console, found, mask)
    sys.exit(1 if found.count("problem") else 0)
