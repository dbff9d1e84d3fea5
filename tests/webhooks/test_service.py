"""What may be done with webhooks."""

import msgspec
import pytest

from tests.webhooks.making import SECRET, URL, Bench, with_database
from trunkline.canon.errors import Malformed, NotFound
from trunkline.storage.sql.database import Database
from trunkline.webhooks.service import MOST, Change


def test_a_secret_is_shown_once_and_rests_sealed(tmp_path):
    """Made where none is given; no later answer and no column has it."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        made, given = await bench.endpoint(), await bench.endpoint(secret=SECRET)
        later = await bench.service.get("acme", made.id)
        rows = await database.read(lambda s: s.all("SELECT * FROM webhook_endpoints"))

        assert made.secret.startswith("whsec_")
        assert SECRET == given.secret
        assert not hasattr(later, "secret")
        assert made.secret not in repr(made)
        assert [] == [
            cell
            for row in rows
            for cell in row
            if isinstance(cell, bytes) and (b"whsec" in cell or b"ABCABC" in cell)
        ]

    with_database(tmp_path, test)


@pytest.mark.parametrize(
    ("changes", "param"),
    (
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"events": ()}, "events"),
        ({"events": ("provider.down",)}, "events"),
        ({"secret": ""}, "secret"),
        ({"secret": "whsec_c2hvcnQ="}, "secret"),
        ({"secret": "x" * 40}, "secret"),
        ({"face": "keyplex", "secret": ""}, "secret"),
        ({"face": "plutosai", "secret": "short"}, "secret"),
        ({"face": "plexor"}, "face"),
    ),
)
def test_a_wrong_wish_is_refused_by_its_field(tmp_path, changes, param):
    """And nothing is made."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        with pytest.raises(Malformed) as refused:
            await bench.endpoint(**changes)

        assert param == refused.value.param
        assert [] == list(await bench.service.list(None))

    with_database(tmp_path, test)


def test_what_is_another_tenant_s_is_not_there(tmp_path):
    """For every call that names one; the administrator sees all."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        await bench.tell()
        (delivery,) = await bench.service.deliveries("acme", one.id, None, None, 10)
        service = bench.service
        for call in (
            service.get("evil", one.id),
            service.change("evil", one.id, Change(enabled=False)),
            service.delete("evil", one.id),
            service.rotate("evil", one.id, None, 0),
            service.test("evil", one.id),
            service.deliveries("evil", one.id, None, None, 10),
            service.redeliver("evil", one.id, delivery.id),
        ):
            with pytest.raises(NotFound, match=one.id):
                await call

        assert [] == list(await service.list("evil"))
        assert one.id == (await service.list(None))[0].id
        assert (await service.get("acme", one.id)).enabled

    with_database(tmp_path, test)


def test_a_delivery_of_another_endpoint_is_not_there(tmp_path):
    """Not even the same tenant's."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one, two = await bench.endpoint(), await bench.endpoint()
        await bench.tell()
        (delivery,) = await bench.service.deliveries("acme", one.id, None, None, 10)
        with pytest.raises(NotFound, match=delivery.id):
            await bench.service.redeliver("acme", two.id, delivery.id)

    with_database(tmp_path, test)


def test_what_is_changed_is_what_is_named(tmp_path):
    """URL, events, enabled; each alone."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        service, other = bench.service, "https://other.example.com/"
        moved = await service.change("acme", one.id, Change(url=other))
        tuned = await service.change("acme", one.id, Change(events=("budget.exceeded",)))
        off = await service.change("acme", one.id, Change(enabled=False))
        assert (other, ("api_key.created",)) == (moved.url, moved.events)
        assert (other, ("budget.exceeded",)) == (tuned.url, tuned.events)
        assert (False, "by request") == (off.enabled, off.disabled_because)
        assert off == await service.get("acme", one.id)

        on = await service.change("acme", one.id, Change(enabled=True))
        assert (True, "") == (on.enabled, on.disabled_because)
        with pytest.raises(Malformed):
            await service.change("acme", one.id, Change(url="https://10.0.0.1/"))
        with pytest.raises(Malformed):
            await service.change("acme", one.id, Change(events=("provider.down",)))

    with_database(tmp_path, test)


def test_a_deleted_webhook_takes_its_deliveries_along(tmp_path):
    """And is told nothing more."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        await bench.tell()
        await bench.service.delete("acme", one.id)
        await bench.tell()
        await bench.deliver()

        assert [] == bench.sent()
        with pytest.raises(NotFound):
            await bench.service.delete("acme", one.id)

    with_database(tmp_path, test)


def test_rotation_keeps_the_old_secret_for_an_overlap(tmp_path):
    """Both are in force until then; without an overlap the old one ends at once."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        two = await bench.service.rotate("acme", one.id, None, 60)
        now = int(bench.clock.now * 1_000_000)
        await bench.tell()
        await bench.deliver()
        claimed = bench.sender.seen[-1].endpoint

        assert int(bench.clock.now) + 60 == two.former_secret_until
        assert [two.secret, one.secret] == bench.secrets.in_force(claimed, now + 59_999_999)
        assert [two.secret] == bench.secrets.in_force(claimed, now + 60_000_000)

        three = await bench.service.rotate("acme", one.id, SECRET, 0)
        await bench.tell()
        await bench.deliver()
        assert SECRET == three.secret
        assert [SECRET] == bench.secrets.in_force(bench.sender.seen[-1].endpoint, now)
        for overlap in (-1, 1e9, float("nan")):
            with pytest.raises(Malformed, match="overlap_seconds"):
                await bench.service.rotate("acme", one.id, None, overlap)

    with_database(tmp_path, test)


def test_a_test_event_goes_to_that_endpoint_alone(tmp_path):
    """Whatever it listens to."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one, _ = await bench.endpoint(), await bench.endpoint(events=("*",))
        sent = await bench.service.test("acme", one.id)
        await bench.deliver()

        assert [sent.id] == bench.sent()
        assert "webhook.test" == bench.sender.seen[0].type == sent.type

    with_database(tmp_path, test)


def test_what_is_told_once_is_told_once(tmp_path):
    """By its name, for each tenant; whoever delivers is told to look."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint()
        await bench.endpoint("beta")
        emit = bench.service.emit
        told = [
            await emit(tenant, "api_key.created", {}, once)
            for tenant, once in (("acme", "w1"), ("acme", "w1"), ("acme", "w2"), ("beta", "w1"))
        ]
        await bench.deliver()

        assert [True, False, True, True] == told
        assert 3 == len(bench.sent())
        assert 4 == bench.nudges

    with_database(tmp_path, test)


def test_what_nobody_listens_to_leaves_nothing_behind(tmp_path):
    """A request that ends is told to nobody, mostly."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        assert await bench.service.emit("acme", "processing.completed", {"id": "proc_1"})
        rows = await database.read(lambda s: s.all("SELECT * FROM webhook_events"))
        assert [] == rows

    with_database(tmp_path, test)


def test_the_platform_hears_of_every_tenant(tmp_path):
    """And is told whose it is; tenants hear of themselves alone."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        platform, _ = await bench.endpoint("*", events=("*",)), await bench.endpoint("beta")
        await bench.tell(1, "acme")
        await bench.deliver()

        assert [(platform.id, "acme")] == [(c.endpoint.id, c.tenant) for c in bench.sender.seen]

    with_database(tmp_path, test)


def test_a_tenant_has_so_many_and_no_more(tmp_path):
    """An event is written once for each."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        for _ in range(MOST):
            await bench.endpoint()
        with pytest.raises(Malformed, match="at most 20"):
            await bench.endpoint()
        await bench.endpoint("beta")

    with_database(tmp_path, test)


def test_deliveries_are_listed_the_newest_first(tmp_path):
    """In pages, and by status."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        for _ in range(5):
            bench.clock.now += 1
            await bench.tell()
        await bench.deliver()
        bench.clock.now += 1
        await bench.tell()
        listed = bench.service.deliveries
        first = await listed("acme", one.id, None, None, 4)
        rest = await listed("acme", one.id, None, first[-1].id, 4)
        created = [delivery.created_at for delivery in (*first, *rest)]

        assert sorted(created, reverse=True) == created
        assert (6, 4) == (len(set(created)), len(first))
        assert 1 == len(await listed("acme", one.id, "pending", None, 10))
        assert 5 == len(await listed("acme", one.id, "delivered", None, 10))
        with pytest.raises(Malformed, match="delivered or dead"):
            await listed("acme", one.id, "lost", None, 10)

    with_database(tmp_path, test)


def test_what_is_old_is_forgotten(tmp_path):
    """After a month; not what is pending, nor for a year what may be told only once."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        await bench.service.emit("acme", "api_key.created", {}, "w1")
        await bench.deliver()
        await bench.tell()
        bench.clock.now += 31 * 86_400
        assert 1 == await bench.service.sweep()
        assert 1 == len(await bench.service.deliveries("acme", one.id, None, None, 10))
        assert not await bench.service.emit("acme", "api_key.created", {}, "w1")

        await bench.deliver()
        bench.clock.now += 370 * 86_400
        assert 3 == await bench.service.sweep()
        assert 0 == await bench.service.sweep()
        assert await bench.service.emit("acme", "api_key.created", {}, "w1")

    with_database(tmp_path, test)


def test_a_url_is_nowhere_in_what_is_logged_of_it(tmp_path):
    """Its query may be a credential."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        await bench.tell()
        await bench.deliver()

        assert URL == one.url
        assert "t0p" not in repr(bench.sender.seen[0].endpoint)
        assert msgspec.json.encode(one).count(b"t0p") == 1

    with_database(tmp_path, test)
