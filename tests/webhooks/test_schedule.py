"""When a failed delivery is tried again."""

from trunkline.webhooks.schedule import PAUSES, pause_after

DAY = 86_400


def test_retries_go_on_for_three_days():
    """The last attempt is more than three days after the first, and then it is enough."""
    pauses = [pause_after(PAUSES, attempt, 0.5) for attempt in range(1, 11)]

    assert [*map(float, PAUSES), None] == pauses
    assert 3 * DAY < sum(PAUSES) < 3.5 * DAY


def test_what_failed_together_comes_back_apart():
    """By a tenth either way."""
    assert (4.5, 5.5) == (pause_after(PAUSES, 1, 0.0), pause_after(PAUSES, 1, 1.0))
