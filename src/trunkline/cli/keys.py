"""`trunkline keys`: hand out, list, rotate and revoke the keys clients call with."""

import argparse
import re

import msgspec

from trunkline.admin.times import rfc3339
from trunkline.cli.acting import add_action
from trunkline.cli.key_options import add_wishes, wanted_key
from trunkline.tenancy.service import DEFAULT_OVERLAP
from trunkline.wiring.gateway import Gateway

_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("keys", help="create, list, rotate or revoke API keys")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = add_action(actions, "create", "create a key; it is shown this once", _create)
    add_wishes(create)
    listed = add_action(actions, "list", "list all keys", _list)
    listed.add_argument("--tenant", help="of this tenant alone")
    rotate = add_action(
        actions, "rotate", "replace a key by a successor that may do the same", _rotate
    )
    rotate.add_argument("id", help="as `keys list` shows it")
    rotate.add_argument(
        "--overlap",
        type=duration,
        default=DEFAULT_OVERLAP,
        metavar="DURATION",
        help="how long the old key stays valid: 90s, 30m, 24h, 7d (default 24h)",
    )
    revoke = add_action(actions, "revoke", "refuse a key from now on", _revoke)
    revoke.add_argument("id", help="as `keys list` shows it")


async def _create(gateway: Gateway, options: argparse.Namespace) -> int:
    created = await gateway.key_service.create(wanted_key(options))
    if options.json:
        print(msgspec.json.encode(created).decode())
    else:
        print(f"{created.key}\n")
        print(f"This is the only time it is shown. id {created.id}, tenant {created.tenant}")
    return 0


async def _list(gateway: Gateway, options: argparse.Namespace) -> int:
    keys = [key for key in await gateway.key_service.list() if options.tenant in (None, key.tenant)]
    if options.json:
        print(msgspec.json.encode(keys).decode())
        return 0
    if not keys:
        whose = f" of the tenant {options.tenant}" if options.tenant else ""
        print(f"No keys{whose} yet; `trunkline keys create --name NAME` makes one.")
        return 0
    print(f"{'ID':14} {'STATUS':8} {'TENANT':16} {'PLAN':18} {'CREATED':21} {'EXPIRES':21} NAME")
    for key in keys:
        expires = rfc3339(key.expires_at) if key.expires_at else "never"
        created = rfc3339(key.created_at)
        print(
            f"{key.id:14} {key.status:8} {key.tenant:16} {key.plan or '-':18} {created:21}"
            f" {expires:21} {key.name}"
        )
    return 0


async def _rotate(gateway: Gateway, options: argparse.Namespace) -> int:
    rotated = await gateway.key_service.rotate(options.id, options.overlap)
    if options.json:
        print(msgspec.json.encode(rotated).decode())
        return 0
    ends = rfc3339(rotated.replaced_expires_at)
    print(f"{rotated.key}\n")
    print(f"This is the only time it is shown. id {rotated.id}, tenant {rotated.tenant}")
    print(f"It replaces {rotated.replaces} ({rotated.name}), which ends at {ends}.")
    if rotated.expires_at is not None:
        print(f"It ends at {rfc3339(rotated.expires_at)} itself: a successor lives no longer.")
    return 0


async def _revoke(gateway: Gateway, options: argparse.Namespace) -> int:
    view = await gateway.key_service.revoke(options.id)
    if options.json:
        print(msgspec.json.encode(view).decode())
        return 0
    print(f"{view.id} ({view.name}) is revoked; running gateways refuse it within a second.")
    for key in await gateway.key_service.list():
        if key.counted_as == view.counted_as and key.status == "active":
            # Whoever stole a key that manages keys may have rotated it, to keep.
            print(f"{key.id}, of the same rotation, goes on; if a key leaked, revoke that, too.")
    return 0


def duration(text: str) -> float:
    """For argparse: seconds."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a time like 90s, 30m, 24h or 7d, not {text!r}")
    return int(found[1]) * _SECONDS[found[2] or "s"]
