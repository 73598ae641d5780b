"""A fake OpenAI API, for the tests, the demo and the bench: no key, no network, no surprises.

One set of replies (`answer`) is served in two ways: by a real server process (`FakeServer`, or
`gossamer fake` in a shell) and inside the process (`mock_client`, `mock_async_client`). Both give
the same bytes, and the same request always gets the same bytes. Ask for the model `fake-error-429`,
`fake-drop` and so on to see an API misbehave: `behaviour.py` lists them.
"""

from gossamer.cli.fake.api import FakeAPI
from gossamer.cli.fake.replies import answer
from gossamer.cli.fake.reply import Reply
from gossamer.cli.fake.server import FakeServer
from gossamer.cli.fake.transport import mock_async_client, mock_client

__all__ = ["FakeAPI", "FakeServer", "Reply", "answer", "mock_async_client", "mock_client"]
