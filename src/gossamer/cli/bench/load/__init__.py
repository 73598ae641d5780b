"""`gossamer bench --load`: the load test in which the old fault was found, run again.

Its reporter (traceloop/openllmetry#2547) had a small web app stream a completion to 75 clients at
once, and saw a quarter of the throughput once an instrumentation was installed. Here the app
(`app.py`) is a process a contender, the API is the fake one in another process, and `client.py`
makes the requests. All of it stays on loopback, bounded in requests and in time.
"""
