"""`python -m gossamer.cli.fake`."""

from gossamer.cli.fake.command import command

command(prog_name="python -m gossamer.cli.fake")
