"""`gossamer bench`: what an OpenAI instrumentation costs, measured beside the bare SDK.

Every contender runs in a process of its own (`worker.py`), driven over pipes (`workers.py`) in
interleaved rounds (`rounds.py`), so that drift of the machine hits all alike. `figures.py` turns
the samples into added cost; `budget.py` says whether the promises hold.
"""
