"""Tests of storage/records.py: rows and canon's usage agree."""

from trunkline.canon.usage import Usage
from trunkline.storage.records import USAGE_CLASSES, RequestRow


def test_columns_follow_the_order_of_the_classes() -> None:
    """The folding relies on it: usage becomes columns by position, all but its last, the tier."""
    assert Usage.__struct_fields__ == (*USAGE_CLASSES, "tier")
    assert RequestRow.__struct_fields__[: len(USAGE_CLASSES)] == USAGE_CLASSES


def test_a_row_gives_its_usage_back() -> None:
    """Every class of tokens comes out as it went in."""
    counts = {name: number for number, name in enumerate(USAGE_CLASSES, 1)}
    row = RequestRow(
        request_id="r",
        tenant="t",
        key_id="k",
        face="f",
        dialect="d",
        operation="chat",
        model="m",
        received_at=0,
        **counts,
    )

    assert Usage(**counts) == row.usage
