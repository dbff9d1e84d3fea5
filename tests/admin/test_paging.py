"""Long lists, one page at a time."""

from pathlib import Path

import pytest

from tests.gateway import World, within
from trunkline.admin.paging import Page, page


def test_one_more_than_the_page_says_that_there_is_more() -> None:
    """And is not shown."""
    assert Page([1, 2], has_more=True) == page([1, 2, 3], 2)
    assert Page([1, 2], has_more=False) == page([1, 2], 2)
    assert Page([], has_more=False) == page([], 2)


@pytest.mark.parametrize(
    ("path", "says"),
    (
        ("/admin/v1/webhooks", "there are tenant"),
        ("/admin/v1/credentials", "there are tenant"),
        ("/admin/v1/subscriptions", "there are tenant, limit, after"),
        ("/admin/v1/plans", "there are none"),
    ),
)
def test_a_misspelt_filter_is_refused(tmp_path: Path, path: str, says: str) -> None:
    """It would show everything, as if everything were what was asked for."""

    async def test(w: World) -> None:
        told = await w.ask("GET", f"{path}?tennant=acme")
        assert (400, f"unknown parameter `tennant`; {says}") == (
            told.status,
            told.json["error"]["message"],
        )

    within(tmp_path, test)
