"""Token classes are disjoint."""

from trunkline.canon.usage import Usage


def test_totals_count_every_class_once():
    """Powers of two: a class counted twice or left out would show."""
    usage = Usage(
        input=1,
        cache_read=2,
        cache_write=4,
        cache_write_1h=8,
        audio_input=16,
        output=32,
        reasoning=64,
        audio_output=128,
    )

    assert 31 == usage.total_input
    assert 224 == usage.total_output
    assert 255 == usage.total
