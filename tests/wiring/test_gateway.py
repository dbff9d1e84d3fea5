"""The composition root: what a start makes, what a reload keeps, what a stop leaves."""

import asyncio

from tests.gateway import ADMIN_KEY, CONFIG, World, entropy, within, world
from trunkline.config.schema import Config
from trunkline.testing.fakes import ManualClock
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine


def test_a_gateway_answers(tmp_path):
    """From a configuration to a billed answer, with nothing else at hand."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key())

        assert (200, b"sim-chat") == (reply.status, reply.header(b"x-trunkline-model"))
        assert reply.header(b"x-trunkline-cost-usd") > b"0.000000000"
        assert [] == w.bugs

    within(tmp_path, test)


def test_durability_follows_the_configuration(tmp_path):
    """With "power" each answer waits for the disk; it is billed all the same."""

    async def test(w: World) -> None:
        reply = await w.chat(await w.key())
        name = reply.header(b"x-trunkline-request-id").decode()

        assert "ok" == (await w.ask("GET", f"/admin/v1/requests/{name}")).json["status"]

    within(tmp_path, test, CONFIG + '[ledger]\ndurability = "power"\n')


def test_what_was_served_is_in_the_books_after_a_stop(tmp_path):
    """The journal is moved before the gateway lets go of its database."""

    async def main():
        async with world(tmp_path) as w:
            reply = await w.chat(await w.key())
        async with world(tmp_path) as w:
            name = reply.header(b"x-trunkline-request-id").decode()
            return (await w.ask("GET", f"/admin/v1/requests/{name}")).json

    assert "ok" == asyncio.run(main())["status"]


def test_a_failed_task_is_logged(tmp_path):
    """With its name: nobody else hears of it."""

    async def test(w: World) -> None:
        async def fails():
            raise ZeroDivisionError("planted")

        task = w.gateway.tasks.spawn("planted task", fails())
        await asyncio.wait([task])
        await asyncio.sleep(0)

        assert "planted task" in w.logged[-1]
        assert "ZeroDivisionError" in w.logged[-1]

    within(tmp_path, test)


def test_the_machine_may_be_a_tests(tmp_path):
    """Time and entropy are arguments: the same twice gives the same keys."""

    def minted(folder):
        async def main():
            machine = Machine(
                environ={"TRUNKLINE_ADMIN_KEY": ADMIN_KEY},
                clock=ManualClock(),
                entropy=entropy(),
                write_log=lambda line: None,
            )
            gateway = Gateway(machine, lambda: (Config(), "", ""), folder)
            try:
                return gateway.next_id(gateway.clock.unix())
            finally:
                await gateway.aclose()

        return asyncio.run(main())

    assert minted(tmp_path / "1") == minted(tmp_path / "2")
