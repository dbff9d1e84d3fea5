"""Long lists, one page at a time."""

from trunkline.admin.paging import Page, page


def test_one_more_than_the_page_says_that_there_is_more() -> None:
    """And is not shown."""
    assert Page([1, 2], has_more=True) == page([1, 2, 3], 2)
    assert Page([1, 2], has_more=False) == page([1, 2], 2)
    assert Page([], has_more=False) == page([], 2)
