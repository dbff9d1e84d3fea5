"""What a start prints can be pasted and works."""

import asyncio
import re
import subprocess

import pytest

from tests.gateway import World, within, world
from trunkline.cli.welcome import FIRST_KEY_FILE, address, cannot_listen, first_key, welcome


@pytest.mark.parametrize(
    ("host", "shown"),
    (
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("box.example", "http://box.example:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
    ),
)
def test_addresses_can_be_called(host, shown):
    """An address that means "all" cannot; the machine's own is one of them."""
    assert shown == address(host, 80)


def test_a_place_that_is_taken_is_told_with_a_way_out():
    """Which, why, and the options that choose another."""
    told = cannot_listen("::1", 80, OSError(98, "Address already in use"))

    assert "http://[::1]:80: Address already in use; choose another" in told
    assert "--port" in told


def test_the_first_start_makes_a_key_to_paste(tmp_path, capsys):
    """It is printed this once, kept for its owner alone, and works."""

    async def test(w: World) -> None:
        await welcome(w.gateway, "127.0.0.1", 8787, tmp_path)
        key = (tmp_path / FIRST_KEY_FILE).read_text()
        printed = capsys.readouterr().out

        assert f"API key         {key} (from now on in {tmp_path / FIRST_KEY_FILE})\n" in printed
        assert f'-H "Authorization: Bearer {key}"' in printed
        assert 0o600 == (tmp_path / FIRST_KEY_FILE).stat().st_mode & 0o777
        assert 200 == (await w.chat(key)).status

    within(tmp_path, test)


def test_later_starts_say_where_the_first_key_lies(tmp_path, capsys):
    """What a start prints ends up in logs. The printed call reads the file, whatever its name."""
    data = tmp_path / "it's mine"

    async def test(w: World) -> None:
        key = await first_key(w.gateway, data)
        await welcome(w.gateway, "127.0.0.1", 8787, data, workers=3)
        printed = capsys.readouterr().out
        bearer = re.search(r'-H ("Authorization.*") ', printed)[1]

        assert await first_key(w.gateway, data) is None
        assert key not in printed
        assert f"API key         in {data / FIRST_KEY_FILE}\n" in printed
        assert printed.startswith("Trunkline serves on http://127.0.0.1:8787 with 3 workers\n")
        assert f"Authorization: Bearer {key}" == shell(f"printf %s {bearer}")

    def shell(command: str) -> str:
        return subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    within(tmp_path, test)


def test_keys_that_were_handed_out_are_not_shown_again(tmp_path, capsys):
    """Without the file there is nothing to show, and no second first key is made."""

    async def test(w: World) -> None:
        await w.key()
        await welcome(w.gateway, "::1", 8787, tmp_path)
        printed = capsys.readouterr().out

        assert "`trunkline keys create` makes another" in printed
        assert '-H "Authorization: Bearer $TRUNKLINE_KEY"' in printed
        assert not (tmp_path / FIRST_KEY_FILE).exists()
        assert 1 == len(await w.gateway.key_service.list())

    within(tmp_path, test)


CONFIGS = (
    ('[providers.openai]\napi_key = "k"\n', '"model": "gpt-4o-mini"'),
    ("[providers.sim]\n", '"model": "sim-chat"'),
    ('[providers.voyage]\napi_key = "k"\n', '"model": "MODEL"'),
    ('[providers.sim]\nkind = "http"\nlike = "openrouter"\napi_key = "k"\n', '"model": "'),
)


@pytest.mark.parametrize(("config", "names"), CONFIGS)
def test_the_call_names_a_model_that_is_served(tmp_path, capsys, config, names):
    """A cheap one where there is one."""

    async def main() -> None:
        async with world(tmp_path, config) as w:
            await welcome(w.gateway, "127.0.0.1", 1, tmp_path)

    asyncio.run(main())
    printed = capsys.readouterr().out

    assert names in printed
    assert "http://127.0.0.1:1/v1/chat/completions" in printed
