"""What tenants, users and lists of names must look like."""

import re
from collections.abc import Sequence

from trunkline.canon.errors import Malformed

DEFAULT_TENANT = "default"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_NAME_LIMIT = 200
_DESCRIPTION_LIMIT = 2000
_LIST_LIMIT = 1000
_LIST_NAME_LIMIT = 2000
ANY = ("*",)
"""In a list of what may be chosen: anything."""

# Each raises Malformed, naming the field.


def check_name(name: str) -> None:
    if not name.strip() or len(name) > _NAME_LIMIT:
        raise Malformed(f"`name` must have 1 to {_NAME_LIMIT} characters.", param="name")


def check_description(description: str) -> None:
    if len(description) > _DESCRIPTION_LIMIT:
        raise Malformed(
            f"`description` may have {_DESCRIPTION_LIMIT} characters.", param="description"
        )


def check_tenant(tenant: str, param: str = "tenant") -> None:
    if not _TENANT.fullmatch(tenant):
        raise Malformed(
            f"`{param}` must have 1 to 64 letters, digits, dots, dashes or underscores, and begin"
            " with a letter or digit.",
            param=param,
        )


def check_user(user: str, param: str = "user") -> None:
    if not _USER.fullmatch(user):
        raise Malformed(
            f"`{param}` must have 1 to 64 letters, digits or any of . _ @ + -, and begin with a"
            " letter or digit.",
            param=param,
        )


def check_list(names: Sequence[str], param: str) -> None:
    if len(names) > _LIST_LIMIT or not all(0 < len(name) <= _LIST_NAME_LIMIT for name in names):
        raise Malformed(
            f"`{param}` must have at most {_LIST_LIMIT} names, none of them empty.", param=param
        )


def any_of(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """None, which is any, for ["*"]."""
    return None if names == ANY else names
