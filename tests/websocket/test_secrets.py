"""What is secret of a connection stands in nothing that is recorded, with content neither."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gossamer.testing import capture

from .app import REALTIME, has
from .events import CREATE, session, whole

pytestmark = pytest.mark.skipif(not has(REALTIME), reason="this release has no realtime connections")

MARK = "plugh"  # in every secret, and in nothing else


@pytest.mark.parametrize("ending", ["good", "closed"])
def test_no_secret_of_a_connection_is_recorded(app_for, run, caplog, ending):
    def script(peer):
        peer.send(session(client_secret={"value": f"{MARK}-ephemeral", "expires_at": 1}))
        peer.wait("response.create")
        if ending == "good":
            peer.send(*whole("resp_1"))
        else:
            peer.close(1008)

    app = app_for(
        script,
        default_headers={"X-Api-Key": f"{MARK}-header"},
        default_query={"sig": f"{MARK}-default-query"},
    )
    app.client.api_key = f"{MARK}-key"
    host = str(app.client.websocket_base_url).removeprefix("ws://")
    app.client.websocket_base_url = f"ws://{MARK}-user:{MARK}-password@{host}"

    async def main():
        beside = {"extra_query": {"token": f"{MARK}-query"}, "extra_headers": {"Cookie": f"{MARK}-cookie"}}
        async with app.connect(**beside) as connection:
            told = await connection.until("session.created")
            assert MARK in repr(told), "the app is told"
            await connection.send(CREATE)
            with suppress(Exception):  # of websockets: it was closed
                await connection.until("response.done")

    with capture(capture="SPAN_AND_EVENT", all_operations=True, response_headers=True) as found:
        run(main())
        (span,) = [span.to_json() for span in found.exporter.get_finished_spans()]
        assert MARK not in "\n".join([span, repr(found.events), repr(found.metrics), caplog.text])
