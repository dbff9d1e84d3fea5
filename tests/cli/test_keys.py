"""`trunkline keys`: hand out, list, rotate, revoke."""

import argparse

import msgspec
import pytest

from trunkline.cli.keys import duration
from trunkline.cli.main import main


@pytest.fixture
def keys(tmp_path, capsys):
    """Runs `trunkline keys ...` on one data folder; gives what it printed."""
    file = tmp_path / "t.toml"
    file.write_text("[providers.sim]\n")

    def run(*arguments):
        where = ["--config", str(file), "--data", str(tmp_path / "data")]
        assert 0 == main(["keys", *arguments, *where])
        return capsys.readouterr().out

    return run


def test_a_key_is_printed_alone_on_the_first_line(keys):
    """So that `head -1` has it; and never again."""
    printed = keys("create", "--name", "ci", "--tenant", "acme").splitlines()
    listed = keys("list")

    assert printed[0].startswith("tl_")
    assert "only time" in printed[2]
    assert printed[0] not in listed
    assert ["active", "acme"] == listed.splitlines()[1].split()[1:3]
    assert listed.splitlines()[1].endswith(" never                 ci")


def test_without_keys_the_list_says_how_to_make_one(keys):
    """Rather than an empty table."""
    assert "No keys yet; `trunkline keys create --name NAME` makes one.\n" == keys("list")
    assert b"[]" == keys("list", "--json").strip().encode()


def test_what_a_key_may_do(keys):
    """Scopes, models and an end, as options that repeat."""
    made = msgspec.json.decode(
        keys(
            *("create", "--json", "--scope", "chat:write", "--scope", "models:read"),
            *("--model", "fast", "--expires", "2100-01-01"),
        )
    )

    assert (["chat:write", "models:read"], ["fast"]) == (made["scopes"], made["models"])
    assert 4_102_444_800.0 == made["expires_at"]
    assert "2100-01-01T00:00:00Z" in keys("list")


def test_how_much_a_key_may_use(keys):
    """Limits, a budget and a plan; and whose keys it looks like."""
    made = msgspec.json.decode(
        keys(
            *("create", "--json", "--tenant", "acme", "--user", "ann", "--face", "plexor"),
            *("--plan", "plutosai-pro", "--limit", "requests_per_day=5", "--budget", "2.5/day"),
        )
    )

    assert ("ann", "plutosai-pro", {"requests_per_day": 5, "cost_per_day_usd": "2.5"}) == (
        made["user"],
        made["plan"],
        made["limits"],
    )
    assert made["key"].startswith("plx_ann_")


def test_without_models_any_may_be_used(keys):
    """None is not an empty list, which would forbid all."""
    assert msgspec.json.decode(keys("create", "--json"))["models"] is None


def test_a_revoked_key_stays_in_the_list(keys):
    """With its state, for whoever looks for it later."""
    made = msgspec.json.decode(keys("create", "--json", "--name", "old"))

    assert f"{made['id']} (old) is revoked" in keys("revoke", made["id"])
    assert "revoked" == keys("list").splitlines()[1].split()[1]
    assert "revoked" == msgspec.json.decode(keys("revoke", made["id"], "--json"))["status"]


def test_keys_of_one_tenant(keys):
    """With their plans; a tenant without keys is named."""
    keys("create", "--tenant", "acme", "--plan", "plutosai-free")
    keys("create", "--tenant", "globex")

    (line,) = keys("list", "--tenant", "acme").splitlines()[1:]
    assert ["acme", "plutosai-free"] == line.split()[2:4]
    assert "No keys of the tenant umbrella yet" in keys("list", "--tenant", "umbrella")


def test_a_rotated_key_has_a_successor(keys):
    """Printed as a new key is; the old one ends when the overlap does."""
    old = msgspec.json.decode(keys("create", "--json", "--name", "ci", "--scope", "chat:write"))
    printed = keys("rotate", old["id"], "--overlap", "2h").splitlines()
    again = keys("rotate", old["id"], "--overlap", "1h").splitlines()
    new = msgspec.json.decode(keys("rotate", old["id"], "--json", "--overlap", "0"))

    assert printed[0].startswith("tl_")
    assert "only time" in printed[2]
    assert printed[3].startswith(f"It replaces {old['id']} (ci), which ends at 20")
    assert (4, 5) == (len(printed), len(again))
    assert again[4].endswith(" itself: a successor lives no longer.")
    assert ("ci", ["chat:write"], old["id"]) == (new["name"], new["scopes"], new["replaces"])
    assert ["expired", "active", "active", "active"] == [
        line.split()[1] for line in keys("list").splitlines()[1:]
    ]


def test_a_successor_is_told_of_when_its_key_is_revoked(keys):
    """And no other key; nor one that is gone itself."""
    old = msgspec.json.decode(keys("create", "--json"))
    new = msgspec.json.decode(keys("rotate", old["id"], "--json"))
    keys("create")
    first, second = keys("revoke", old["id"]).splitlines()

    assert first.startswith(f"{old['id']} (unnamed) is revoked")
    assert (
        f"{new['id']}, of the same rotation, goes on; if a key leaked, revoke that, too." == second
    )
    assert 1 == len(keys("revoke", new["id"]).splitlines())


@pytest.mark.parametrize(
    ("text", "seconds"),
    (("90", 90), ("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800), ("0", 0)),
)
def test_durations(text, seconds):
    """A number and its unit; seconds where there is none."""
    assert seconds == duration(text)


@pytest.mark.parametrize("text", ("", "h", "-5m", "1.5h", "1w", "5 m", "9999999999s"))
def test_what_is_no_duration(text):
    """Told with examples of what is."""
    with pytest.raises(argparse.ArgumentTypeError, match="24h"):
        duration(text)
