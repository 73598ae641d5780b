"""`gossamer bench --websocket`: what a frame costs on a connection of the realtime API.

Connection and events are the SDK's own, the websocket below them is none (`standin.py`). One process a
contender, as for the calls: a class whose methods are replaced and put back round after round loses the
interpreter's caches for them, and what is measured then is not what an app pays.

What the SDK does for a frame of audio takes a hundred times what is added, and its noise hides that. So the
frames are measured with all of it, and again with ready-made events in its place (`ready.py`).
"""
