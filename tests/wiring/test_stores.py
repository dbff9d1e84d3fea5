"""Tests of wiring/stores.py: secrets, and what cannot be opened."""

import asyncio

import pytest

from tests.gateway import ADMIN_KEY, World, within, world
from tests.wiring.failing import failure
from trunkline.storage.secrets import ADMIN_KEY_FILE, PEPPER_FILE


def test_secrets_are_made_once(tmp_path):
    """Readable by their owner alone, and the same at the next start; so keys stay valid."""

    async def start():
        async with world(tmp_path, environ={}) as w:
            files = [(tmp_path / name) for name in (ADMIN_KEY_FILE, PEPPER_FILE)]
            return await w.key(), [(f.read_bytes(), f.stat().st_mode & 0o777) for f in files]

    async def again(key, admin):
        async with world(tmp_path, environ={}) as w:
            assert 200 == (await w.ask("GET", "/admin/v1/keys", key=admin)).status
            assert 200 == (await w.chat(key)).status

    key, first = asyncio.run(start())
    _, second = asyncio.run(start())
    asyncio.run(again(key, first[0][0].decode()))

    assert first == second
    assert {0o600} == {mode for _, mode in first}


def test_the_environments_admin_key_goes_before_the_files(tmp_path):
    """And no file is made for it."""

    async def test(w: World) -> None:
        assert 200 == (await w.ask("GET", "/admin/v1/keys", key=ADMIN_KEY)).status
        assert not (tmp_path / ADMIN_KEY_FILE).exists()

    within(tmp_path, test)


def test_secrets_that_protect_nothing_are_refused(tmp_path):
    """A key that can be guessed, a pepper that was cut."""
    assert "the admin key must have at least 8" in failure(
        tmp_path, environ={"TRUNKLINE_ADMIN_KEY": "short"}
    )
    (tmp_path / PEPPER_FILE).write_bytes(b"x")
    assert "pepper must hold exactly 32 bytes" in failure(tmp_path)


@pytest.mark.parametrize(
    ("setting", "says"),
    (
        ('database = "mysql://u:s3cret@h/x"', "server.database: expected"),
        ('state = "memcached://:s3cret@h"', "server.state: expected"),
        ('state = "redis"', "server.state: expected"),
    ),
)
def test_stores_that_nobody_knows(tmp_path, setting, says):
    """Are refused with their place, and without their password."""
    told = failure(tmp_path, f"[server]\n{setting}\n[providers.sim]\n")

    assert f"t.toml:2: {says}" in told
    assert "s3cret" not in told


def test_a_key_of_keys_that_is_none(tmp_path):
    """Is told by the name of its variable, and not shown."""
    told = failure(tmp_path, environ={"TRUNKLINE_ADMIN_KEY": ADMIN_KEY, "TRUNKLINE_KEK": "s3cret"})

    assert "TRUNKLINE_KEK" in told
    assert "s3cret" not in told
