"""The room as the program runs it: over real sockets, by its own loop."""

import asyncio
import json  # noqa: TID251 - what receivers have

from tests.ledger.making import FakeClock
from tests.transport.upstream import always, serve, until
from tests.webhooks.making import entropy, with_database
from trunkline.kernel.tasks import Tasks
from trunkline.storage.sql.database import Database
from trunkline.transport.tls import client_context
from trunkline.webhooks.room import House, WebhookRoom
from trunkline.webhooks.service import NewEndpoint
from trunkline.webhooks.vault import AesGcmVault

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def room(database: Database, tasks: Tasks, problems: list[str]) -> WebhookRoom:
    take = entropy()
    house = House(
        database=database,
        vault=AesGcmVault(b"k" * 32, take),
        clock=FakeClock(),
        entropy=take,
        dice=lambda: 0.5,
        tasks=tasks,
        tls=lambda _: client_context(),
        on_problem=problems.append,
        allow_private=True,
    )
    return WebhookRoom(house)


def test_an_event_reaches_its_receiver(tmp_path):
    """At once, and a provider's turn within two seconds; closing leaves nothing running."""

    async def test(database: Database) -> None:
        problems: list[str] = []
        tasks = Tasks(lambda name, error: problems.append(f"{name}: {error!r}"))
        async with serve(always(OK)) as receiver:
            made = room(database, tasks, problems)
            made.start(lambda: {"openai/m": False})
            new = NewEndpoint(
                tenant="*",
                face="keyplex",
                url=f"http://127.0.0.1:{receiver.port}/in",
                events=("*",),
            )
            await made.service.create(new)
            await made.service.emit("acme", "api_key.created", {"id": "k1"})
            async with asyncio.timeout(60):
                await until(lambda: made.statistics().delivered == 2)
            await made.aclose()
        await tasks.aclose()

        bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in receiver.requests]
        assert {"api_key.created", "provider.down"} == {body["type"] for body in bodies}
        assert {"id": "k1"} in [body["data"] for body in bodies]
        assert [] == problems

    with_database(tmp_path, test)
