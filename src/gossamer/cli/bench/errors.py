"""What can go wrong in a bench."""


class BenchError(Exception):
    """Told to the user in one line, without a traceback."""


class Unsupported(BenchError):  # noqa: N818  # no fault of anybody's
    """The SDK of an environment, or a contender there, lacks what a scenario needs."""
