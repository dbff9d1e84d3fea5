"""`trunkline tenants`: list, show, create, limit, disable."""

import argparse
import asyncio

import msgspec
import pytest

from trunkline.cli.main import main
from trunkline.cli.settings import of
from trunkline.storage.holders import LimitSet
from trunkline.tenancy.limits import LimitChanges
from trunkline.tenancy.tenants import HolderChanges

LIMITED = ("--limit", "requests_per_minute=5", "--budget", "2.50/day")


@pytest.fixture
def trunkline(tmp_path, capsys):
    """Runs commands on one data folder; gives what was printed."""
    file = tmp_path / "t.toml"
    file.write_text("[providers.sim]\n")

    def run(*arguments, code=0):
        where = ["--config", str(file), "--data", str(tmp_path / "data")]
        assert code == main([*arguments, *where])
        told = capsys.readouterr()
        return told.err if code else told.out

    return run


def test_a_tenant_is_created_shown_and_listed(trunkline):
    """The same each time, with its limits as `--limit` takes them."""
    made = trunkline("tenants", "create", "acme", "--description", "A friend", *LIMITED)
    listed = trunkline("tenants", "list").splitlines()

    lines = [line.split(maxsplit=1) for line in made.splitlines()]
    assert ["name", "acme"] == lines[0]
    assert ["status", "enabled"] == lines[1]
    assert ["description", "A friend"] == lines[3]
    assert [["limits", "requests_per_minute=5"], ["cost_per_day_usd=2.5"]] == lines[4:6]
    assert ["keys", "`trunkline keys list --tenant acme`"] == lines[6]
    assert made == trunkline("tenants", "show", "acme")
    assert ["acme", "enabled"] == listed[1].split()[:2]
    assert listed[1].endswith(" requests_per_minute=5, cost_per_day_usd=2.5")


def test_without_tenants_the_list_says_how_to_make_one(trunkline):
    """Rather than an empty table."""
    told = "No tenants yet; `trunkline tenants create NAME` makes one, and so does a first key.\n"
    assert told == trunkline("tenants", "list")
    assert "[]" == trunkline("tenants", "list", "--json").strip()


def test_a_key_s_tenant_has_no_limits_of_its_own(trunkline):
    """And says so, where nobody made it by name."""
    trunkline("keys", "create", "--tenant", "acme")

    assert trunkline("tenants", "list").splitlines()[1].endswith(" none")
    assert "limits       none of its own\n" in trunkline("tenants", "show", "acme")


def test_limits_of_one_model_are_named_by_it(tmp_path, trunkline):
    """Which only the admin API can set; `--clear` drops them, too."""
    trunkline("tenants", "create", "acme", "--limit", "requests_per_day=9")
    where = argparse.Namespace(config=tmp_path / "t.toml", data=tmp_path / "data")

    async def limit() -> None:
        gateway = of(where).gateway()
        own = LimitSet(models={"fast": LimitSet(requests_per_day=1)})
        await gateway.tenants.amend("acme", HolderChanges(limits=LimitChanges(budget=own)))
        await gateway.aclose()

    asyncio.run(limit())
    listed = trunkline("tenants", "list").splitlines()[1]
    cleared = trunkline("tenants", "limits", "acme", "--clear")

    assert listed.endswith(" requests_per_day=9, requests_per_day=1 (fast)")
    assert "limits       none of its own\n" in cleared


def test_limits_change_one_by_one(trunkline):
    """Those that are not named stay; all go by --clear; without any, they are shown."""
    limits = ("tenants", "limits", "acme")
    trunkline("tenants", "create", "acme", *LIMITED)
    more = trunkline(*limits, "--limit", "requests_per_minute=7", "--limit", "tokens_per_day=9")
    shown = trunkline(*limits)
    fewer = trunkline(*limits, "--clear", "--limit", "concurrent_requests=0", "--json")
    none = trunkline(*limits, "--clear", "--json")

    for limit in ("requests_per_minute=7", "tokens_per_day=9", "cost_per_day_usd=2.5"):
        assert limit in more
    assert more == shown
    assert {"concurrent_requests": 0} == msgspec.json.decode(fewer)["limits"]
    assert {} == msgspec.json.decode(none)["limits"]


def test_a_tenant_is_disabled_and_enabled(trunkline):
    """Said with what comes of it; shown with its date."""
    trunkline("tenants", "create", "acme")
    off = trunkline("tenants", "disable", "acme")
    shown = trunkline("tenants", "show", "acme")
    listed = trunkline("tenants", "list")
    on = trunkline("tenants", "enable", "acme")

    assert "acme is disabled; running gateways refuse its keys within a second.\n" == off
    assert "status       disabled since 20" in shown
    assert "disabled" == listed.splitlines()[1].split()[1]
    assert "acme is enabled; running gateways accept its keys within a second.\n" == on
    assert "status       enabled\n" in trunkline("tenants", "show", "acme")


def test_each_action_can_print_json(trunkline):
    """The tenant as the admin API shows it."""
    made = msgspec.json.decode(trunkline("tenants", "create", "acme", "--json"))
    shown = msgspec.json.decode(trunkline("tenants", "show", "acme", "--json"))
    listed = msgspec.json.decode(trunkline("tenants", "list", "--json"))
    off = msgspec.json.decode(trunkline("tenants", "disable", "acme", "--json"))
    on = msgspec.json.decode(trunkline("tenants", "enable", "acme", "--json"))

    assert ("tenant", "acme", False) == (made["object"], made["id"], made["disabled"])
    assert made == shown == listed[0] == on
    assert off["disabled"]


@pytest.mark.parametrize("action", ("show", "limits", "disable", "enable"))
def test_a_tenant_that_is_not_there(trunkline, action):
    """Is told of by name, with how to make it."""
    told = trunkline("tenants", action, "nope", code=1)
    assert "There is no tenant `nope`" in told
    assert "`trunkline tenants create` makes one" in told


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    (
        (("create", "a b"), 1, "`name` must have 1 to 64 letters"),
        (("create", "acme", "--limit", "requests_per_moon=1"), 2, "`--limit` has no `requests_"),
        (("limits", "acme", "--budget", "ten"), 2, "`--budget.usd` must be dollars"),
    ),
)
def test_what_makes_no_sense_is_refused(trunkline, arguments, code, says):
    """2 where it was typed wrong, 1 where the house says no."""
    assert says in trunkline("tenants", *arguments, code=code)


def test_a_name_is_taken_once(trunkline):
    """Whoever makes it again shall know that it is there."""
    trunkline("tenants", "create", "acme")
    assert "There is a tenant `acme` already." in trunkline("tenants", "create", "acme", code=1)
