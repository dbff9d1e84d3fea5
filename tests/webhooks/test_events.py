"""Which events there are, for whom, and by which name."""

import pytest

from trunkline.canon.errors import Malformed
from trunkline.webhooks.events import PLATFORM_TYPES, TENANT_TYPES, listened, told


def test_a_face_s_own_name_is_one_of_ours():
    """plutosai calls a reached threshold otherwise; it is told in its words."""
    types = listened(("usage.threshold", "processing.failed"), platform=False)

    assert ("processing.failed", "usage.threshold_reached") == types
    assert "usage.threshold" == told("usage.threshold_reached", "plutosai")
    assert "usage.threshold_reached" == told("usage.threshold_reached", "keyplex")


def test_everything_swallows_the_rest():
    """Types that are yet to come, too."""
    assert ("*",) == listened(("api_key.created", "*"), platform=False)


@pytest.mark.parametrize("events", ((), ("api_key.made",), ("",), ("provider.down",)))
def test_what_nobody_will_send_is_refused(events):
    """With what there is; providers are no tenant's business."""
    with pytest.raises(Malformed, match=r"subscription\.renewed") as refused:
        listened(events, platform=False)

    assert "events" == refused.value.param


def test_the_platform_hears_of_providers():
    """Beside all that tenants hear of."""
    every = (*TENANT_TYPES, *PLATFORM_TYPES)

    assert tuple(sorted(every)) == listened(every, platform=True)
