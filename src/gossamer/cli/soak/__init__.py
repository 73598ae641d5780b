"""`gossamer soak`: mixed traffic for minutes or hours, and a ledger that must balance.

The same traffic runs in blocks, on the bare SDK and on the instrumented one in turn, in the process
(`--in-process`) and over HTTP against a server in another process (`--http`). Each call leaves exactly one
span, the one that it should leave; nothing grows, nothing stays open, nobody complains.
"""
