"""`gossamer demo`: a small app, traced, against the fake API.

The app (`app.py`) is ordinary code for the unmodified SDK. It runs in a process of its own
(`traced.py`), whose spans and metrics come back as plain data (`record.py`) to be printed
(`tree.py`, `table.py`). `race.py` then has the SDK called untraced, traced by hand (`by_hand.py`)
and traced by Gossamer, side by side (`runner.py`).
"""
