"""Adding, showing and removing tenants' own credentials, and changing the key they rest under."""

import asyncio

import pytest

from tests.tenancy.sealed import SECRET, Dice, Process
from trunkline.canon.errors import InternalError, Malformed, NotFound
from trunkline.storage.keks import KEK_FILE, GivenKeks
from trunkline.tenancy.credentials import NewCredential

ONE, TWO = "11" * 32, "22" * 32


def inside(folder, test, keks=None):
    async def run():
        async with Process(folder, Dice(), keks) as it:
            return await test(it)

    return asyncio.run(run())


def test_what_is_shown_tells_it_from_others_and_nothing_more(tmp_path):
    """Its last four characters and a fingerprint, the same for the same key."""

    async def run(it):
        made = await it.create(label="ours", fallback=True)
        again = await it.create(tenant="globex")
        other = await it.create(api_key="sk-another-of-that-length")
        return made, again, other, await it.service.list()

    made, again, other, listed = inside(tmp_path, run)

    assert ("wxyz", "ours", True) == (made.last4, made.label, made.fallback)
    assert made.fingerprint == again.fingerprint != other.fingerprint
    assert (made, again, other) == listed
    assert SECRET not in repr(listed)


def test_a_list_may_be_one_tenants(tmp_path):
    """In the order they were added."""

    async def run(it):
        await it.create()
        await it.create(tenant="globex")
        return await it.service.list("globex")

    assert ["globex"] == [view.tenant for view in inside(tmp_path, run)]


def test_a_short_key_shows_no_end(tmp_path):
    """Four of eight characters would be half of it."""

    async def run(it):
        return await it.create(api_key="12345678")

    assert "" == inside(tmp_path, run).last4


def test_white_space_around_a_key_is_not_part_of_it(tmp_path):
    """It comes along when keys are copied."""

    async def run(it):
        await it.create(api_key=f" {SECRET}\n")
        return it.own()

    assert [SECRET] == inside(tmp_path, run)


@pytest.mark.parametrize(
    "more, param",
    (
        ({"tenant": "a/b"}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"api_key": "short"}, "api_key"),
        ({"api_key": "x" * 5000}, "api_key"),
        ({"api_key": "sk-canary with a space"}, "api_key"),
        ({"api_key": "sk-canary\r\nx-evil: 1"}, "api_key"),
        ({"api_key": "sk-cänary-of-this-test"}, "api_key"),
        ({"label": "x" * 201}, "label"),
        ({"label": "a\nb"}, "label"),
    ),
)
def test_what_is_no_credential_is_refused_and_not_quoted(tmp_path, more, param):
    """A header of a provider could end in the middle of it."""

    async def run(it):
        with pytest.raises(Malformed) as caught:
            await it.create(**more)
        assert () == await it.service.list()
        return caught.value

    error = inside(tmp_path, run)
    assert param == error.param
    assert "canary" not in error.message
    assert not (tmp_path / KEK_FILE).exists()


def test_one_that_is_not_there_cannot_be_removed(tmp_path):
    """404."""

    async def run(it):
        with pytest.raises(NotFound):
            await it.service.delete("cred_none")

    inside(tmp_path, run)


def test_the_key_is_rotated_without_a_pause(tmp_path):
    """Another worker goes on, before it has looked and after; a new start has all of them."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as one, Process(tmp_path, dice) as two:
            await one.create()
            await one.create(tenant="globex", api_key=SECRET + "2")
            await two.vault.open()
            before = (tmp_path / KEK_FILE).read_bytes()
            rotated = await one.service.rotate_kek()
            assert [SECRET] == two.own()
            # The other worker knows the former key alone, and adds.
            await two.create(tenant="initech", api_key=SECRET + "3")
            await two.vault.refresh()
            assert [[SECRET], [SECRET + "2"]] == [two.own(), two.own("globex")]
        after = (tmp_path / KEK_FILE).read_bytes()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            return rotated, before, after, it.own("initech"), (await it.store.load()).kek

    rotated, before, after, own, kek = asyncio.run(run())
    assert (2, True, [SECRET + "3"]) == (rotated.rewrapped, rotated.removed, own)
    assert rotated.kek == kek
    assert 1 == len(after.split())
    assert before not in after


def test_rotations_at_the_same_time_lose_nothing(tmp_path):
    """Whichever comes last, its key is the one that lies there."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as one, Process(tmp_path, dice) as two:
            await one.create()
            work = [p.service.rotate_kek() for p in (one, two) for _ in range(5)]
            adding = [p.create(tenant=f"t{n}") for n, p in enumerate((one, two) * 3)]
            await asyncio.gather(*work, *adding)
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            return it.vault.statistics(), it.problems

    told, problems = asyncio.run(run())
    assert (7, 0, []) == (told.credentials, told.closed, problems)


def test_a_rotation_that_stops_half_way_leaves_what_can_be_opened(tmp_path):
    """Both keys lie there until all is wrapped with the new one."""

    class Stopped(Exception):
        pass

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as it:
            await it.create()
            real = it.service._rewrapped

            def stop(key, kek):
                real(key, kek)
                raise Stopped

            it.service._rewrapped = stop
            with pytest.raises(Stopped):
                await it.service.rotate_kek()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            assert [SECRET] == it.own()
            await it.service.rotate_kek()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            return it.own()

    assert [SECRET] == asyncio.run(run())
    assert 1 == len((tmp_path / KEK_FILE).read_text().split())


def test_given_keys_are_rotated_by_giving_the_new_one_first(tmp_path):
    """Old, then new and old, then new alone; each start has everything."""

    async def with_keks(given, test):
        async with Process(tmp_path, dice, GivenKeks(given)) as it:
            await it.vault.open()
            return await test(it)

    async def nothing(it):
        return it.own()

    async def adds(it):
        await it.create(tenant="globex")
        return (await it.store.load()).kek

    dice = Dice()
    asyncio.run(with_keks(ONE, lambda it: it.create()))
    old = asyncio.run(with_keks(f"{TWO},{ONE}", adds))
    rotated = asyncio.run(with_keks(f"{TWO},{ONE}", lambda it: it.service.rotate_kek()))
    assert [SECRET] == asyncio.run(with_keks(TWO, nothing))
    assert (2, False) == (rotated.rewrapped, rotated.removed)
    assert old != rotated.kek
    assert not (tmp_path / KEK_FILE).exists()


def test_without_the_key_that_wraps_nothing_is_added(tmp_path):
    """Under another it would be a second truth."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice, GivenKeks(ONE)) as it:
            await it.create()
        async with Process(tmp_path, dice, GivenKeks(TWO)) as it:
            for adding in (it.create(), it.create(tenant="globex"), it.service.rotate_kek()):
                with pytest.raises(InternalError, match="TRUNKLINE_KEK") as caught:
                    await adding
                assert SECRET not in caught.value.message
            assert 1 == len(await it.service.list())

    asyncio.run(run())


def test_the_secret_is_in_no_file_of_the_folder(tmp_path):
    """Database, its log, and whatever else lies there; nor in the repr of what asked for it."""

    async def run(it):
        await it.create()
        await it.service.rotate_kek()

    inside(tmp_path, run)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert 1 < len(files)
    assert [] == [path.name for path in files if b"canary" in path.read_bytes()]
    wanted = NewCredential(tenant="acme", provider="openai", api_key=SECRET)
    assert SECRET not in repr(wanted)
