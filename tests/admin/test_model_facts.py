"""What is known of a name, whoever lists it."""

from trunkline.admin.model_facts import Facts
from trunkline.canon.deployment import Deployment
from trunkline.providers.listing import Listed


def facts(listed: Listed, **known: int) -> Facts:
    deployment = Deployment(id="p/m", provider="p", model="m", dialect="d", **known)
    return Facts("m", (deployment,), None, listed)


def test_what_the_deployment_knows_comes_first():
    """The provider's own list fills the gaps."""
    listed = Listed(id="m", context_window=1_000, max_output_tokens=100, created=7.0)
    assert (1_000, 100, 7.0) == (
        facts(listed).context_window,
        facts(listed).max_output_tokens,
        facts(listed).created,
    )
    assert 2_000 == facts(listed, context_window=2_000).context_window


def test_nothing_known():
    """No limits, and the epoch."""
    bare = facts(Listed(id="m"))
    assert (None, None, 0.0) == (bare.context_window, bare.max_output_tokens, bare.created)
