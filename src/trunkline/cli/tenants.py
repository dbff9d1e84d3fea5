"""`trunkline tenants`: list, show, make, limit and disable those whose keys there are."""

import argparse
from collections.abc import Sequence

import msgspec

from trunkline.admin.times import rfc3339
from trunkline.cli.acting import add_action
from trunkline.cli.limit_options import add_limits, limits_of
from trunkline.storage.holders import NO_LIMITS
from trunkline.tenancy.limits import LimitChanges, LimitView
from trunkline.tenancy.tenants import HolderChanges, NewHolder, TenantView
from trunkline.wiring.gateway import Gateway

# Of one look at all of them.
_ALL = 1_000_000
_NAME = "as `tenants list` shows it"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("tenants", help="list, show, create, limit or disable tenants")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_action(actions, "list", "list all tenants", _list)
    show = add_action(actions, "show", "show a tenant and its limits", _show)
    show.add_argument("name", help=_NAME)
    create = add_action(actions, "create", "create a tenant", _create)
    create.add_argument("name", help="1 to 64 letters, digits, dots, dashes or underscores")
    create.add_argument("--description", default="", metavar="TEXT", help="who that is")
    add_limits(create)
    limits = add_action(
        actions, "limits", "set what a tenant may use, all of its keys together", _limits
    )
    limits.add_argument("name", help=_NAME)
    add_limits(limits)
    limits.add_argument(
        "--clear", action="store_true", help="drop the limits that it has, those of models too"
    )
    disable = add_action(
        actions, "disable", "refuse a tenant's keys until it is enabled again", _disable
    )
    disable.add_argument("name", help=_NAME)
    enable = add_action(actions, "enable", "accept a disabled tenant's keys again", _enable)
    enable.add_argument("name", help=_NAME)


async def _list(gateway: Gateway, options: argparse.Namespace) -> int:
    tenants = await gateway.tenants.page("", _ALL)
    if options.json:
        print(msgspec.json.encode(tenants).decode())
        return 0
    if not tenants:
        print("No tenants yet; `trunkline tenants create NAME` makes one, and so does a first key.")
        return 0
    print(f"{'NAME':24} {'STATUS':8} {'CREATED':21} LIMITS")
    for tenant in tenants:
        limits = ", ".join(_told(tenant.limits)) or "none"
        print(f"{tenant.name:24} {_status(tenant):8} {rfc3339(tenant.created_at):21} {limits}")
    return 0


async def _show(gateway: Gateway, options: argparse.Namespace) -> int:
    return _shown(await gateway.tenants.get(options.name), options)


async def _create(gateway: Gateway, options: argparse.Namespace) -> int:
    wanted = NewHolder(
        name=options.name, description=options.description, limits=limits_of(options)
    )
    return _shown(await gateway.tenants.create(wanted), options)


async def _limits(gateway: Gateway, options: argparse.Namespace) -> int:
    """Those that are named, beside those that it has; without any, what it has is shown."""
    changes = LimitChanges(NO_LIMITS if options.clear else None, limits_of(options))
    if changes == LimitChanges():
        return await _show(gateway, options)
    changed = await gateway.tenants.amend(options.name, HolderChanges(limits=changes))
    return _shown(changed, options)


async def _disable(gateway: Gateway, options: argparse.Namespace) -> int:
    view = await gateway.tenants.amend(options.name, HolderChanges(disabled=True))
    told = f"{view.name} is disabled; running gateways refuse its keys within a second."
    print(msgspec.json.encode(view).decode() if options.json else told)
    return 0


async def _enable(gateway: Gateway, options: argparse.Namespace) -> int:
    view = await gateway.tenants.amend(options.name, HolderChanges(disabled=False))
    told = f"{view.name} is enabled; running gateways accept its keys within a second."
    print(msgspec.json.encode(view).decode() if options.json else told)
    return 0


def _shown(tenant: TenantView, options: argparse.Namespace) -> int:
    if options.json:
        print(msgspec.json.encode(tenant).decode())
        return 0
    since = "" if tenant.disabled_at is None else f" since {rfc3339(tenant.disabled_at)}"
    print(f"name         {tenant.name}")
    print(f"status       {_status(tenant)}{since}")
    print(f"created      {rfc3339(tenant.created_at)}")
    print(f"description  {tenant.description or '-'}")
    first, *more = _told(tenant.limits) or ["none of its own"]
    print(f"limits       {first}")
    for limit in more:
        print(f"             {limit}")
    print(f"keys         `trunkline keys list --tenant {tenant.name}`")
    return 0


def _status(tenant: TenantView) -> str:
    return "disabled" if tenant.disabled else "enabled"


def _told(limits: LimitView, model: str = "") -> Sequence[str]:
    """As `--limit` takes them; those of one model with its name."""
    told = [
        f"{name}={most}{model}"
        for name in LimitView.__struct_fields__
        if name != "models" and (most := getattr(limits, name)) is not None
    ]
    for name, own in limits.models.items():
        told += _told(own, f" ({name})")
    return told
