"""What can go wrong in a bench."""


class BenchError(Exception):
    """Told to the user in one line, without a traceback."""
