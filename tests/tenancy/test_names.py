"""Tests of tenancy/names.py: what tenants, users and lists of names must look like."""

from collections.abc import Callable

import pytest

from trunkline.canon.errors import Malformed
from trunkline.tenancy.names import (
    any_of,
    check_description,
    check_list,
    check_name,
    check_tenant,
    check_user,
)


def test_what_is_allowed() -> None:
    """Words, and for users addresses, too."""
    check_name("x" * 200)
    check_description("d" * 2000)
    check_tenant("a.B-c_9")
    check_user("ann+test@example.com")
    check_list(("m",) * 1000, "models")


@pytest.mark.parametrize(
    ("check", "param"),
    (
        *((lambda name=name: check_name(name), "name") for name in ("", " ", "x" * 201)),
        (lambda: check_description("d" * 2001), "description"),
        *(
            (lambda name=name: check_tenant(name, "t"), "t")
            for name in ("", ".a", "a b", "a/b", "a\n", "é", "x" * 65, "a@b")
        ),
        *((lambda name=name: check_user(name, "u"), "u") for name in ("", "@a", "a/b", "a\n")),
        (lambda: check_list(("m",) * 1001, "models"), "models"),
        (lambda: check_list(("",), "tags"), "tags"),
        (lambda: check_list(("x" * 2001,), "tags"), "tags"),
    ),
)
def test_what_is_not(check: Callable[[], None], param: str) -> None:
    """A slash least of all: names are parts of counters and of paths."""
    with pytest.raises(Malformed) as refused:
        check()

    assert param == refused.value.param


def test_a_star_is_any() -> None:
    """Alone; among others it is a name like any."""
    assert (None, None, (), ("*", "a")) == (
        any_of(("*",)),
        any_of(None),
        any_of(()),
        any_of(("*", "a")),
    )
