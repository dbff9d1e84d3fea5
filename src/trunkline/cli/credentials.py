"""`trunkline credentials`: what tenants brought, and the key that it rests under."""

import argparse

import msgspec

from trunkline.admin.times import rfc3339
from trunkline.cli.acting import add_action
from trunkline.wiring.gateway import Gateway


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "credentials", help="list tenants' own credentials, change the key they rest under"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = add_action(
        actions, "list", "list tenants' own credentials, never their secrets", _list
    )
    listing.add_argument("--tenant", help="of this tenant alone")
    add_action(actions, "rotate-kek", "change the key under which they rest", _rotate)


async def _list(gateway: Gateway, options: argparse.Namespace) -> int:
    found = await gateway.credentials.list(options.tenant)
    if options.json:
        print(msgspec.json.encode(found).decode())
        return 0
    if not found:
        whose = f" of the tenant {options.tenant}" if options.tenant else ""
        print(f"No credentials{whose}; POST /admin/v1/credentials adds one.")
        return 0
    print(f"{'ID':31} {'TENANT':16} {'PROVIDER':16} {'ENDS IN':8} {'CREATED':21} LABEL")
    for one in found:
        created = rfc3339(one.created_at)
        print(
            f"{one.id:31} {one.tenant:16} {one.provider:16} {one.last4:8} {created:21} {one.label}"
        )
    return 0


async def _rotate(gateway: Gateway, options: argparse.Namespace) -> int:
    rotated = await gateway.credentials.rotate_kek()
    if options.json:
        print(msgspec.json.encode(rotated).decode())
        return 0
    print(f"{rotated.rewrapped} data keys are wrapped with the key {rotated.kek} now.")
    if rotated.removed:
        print("The former key is gone from the data folder; older backups need it still.")
    else:
        print("The keys in TRUNKLINE_KEK behind the first are needed no more.")
    return 0
