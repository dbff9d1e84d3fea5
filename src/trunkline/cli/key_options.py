"""What a new key may do, as options of the command line."""

import argparse

from trunkline.admin.times import unix_seconds
from trunkline.canon.errors import GatewayError
from trunkline.cli.limit_options import add_limits, limits_of
from trunkline.cli.settings import UsageError
from trunkline.tenancy.keys import FACES
from trunkline.tenancy.names import DEFAULT_TENANT
from trunkline.tenancy.wishes import NewKey


def add_wishes(parser: argparse.ArgumentParser) -> None:
    add, every = parser.add_argument, "may repeat"
    add("--name", default="unnamed", help="what it is for (default: unnamed)")
    add(
        "--tenant",
        default=DEFAULT_TENANT,
        help=f"whose it is (default: {DEFAULT_TENANT}); made if new",
    )
    add("--user", default="", help="who of the tenant's it is; made if new")
    add("--scope", action="append", default=[], help=f"e.g. chat:write; {every}")
    add("--model", action="append", help=f"a model it may use; {every}")
    add("--provider", action="append", help=f"who may answer it; {every}")
    add("--mode", action="append", help=f"a routing mode it may choose; {every}")
    add("--pipe", action="append", default=[], help=f"a pipeline it may choose, '*' any; {every}")
    add("--tag", action="append", default=[], help=f"what finance knows it by; {every}")
    add("--plan", default="", help="limits with a name, e.g. keyplex-monthly")
    add_limits(parser)
    add("--face", default=FACES[0], choices=FACES, help="whose keys it shall look like")
    add("--expires", metavar="WHEN", help="a date and time, or Unix seconds")


def wanted_key(options: argparse.Namespace) -> NewKey:
    """Raises UsageError for what cannot be read; whether it makes sense is the service's to say."""
    try:
        return NewKey(
            name=options.name,
            tenant=options.tenant,
            user=options.user,
            scopes=tuple(options.scope),
            models=None if options.model is None else tuple(options.model),
            providers=None if options.provider is None else tuple(options.provider),
            modes=None if options.mode is None else tuple(options.mode),
            pipes=tuple(options.pipe),
            tags=tuple(options.tag),
            plan=options.plan,
            limits=limits_of(options),
            face=options.face,
            expires_at=unix_seconds(options.expires, "--expires") if options.expires else None,
        )
    except GatewayError as error:
        raise UsageError(error.message) from None
