"""What the configuration says of routing reaches the rules."""

from trunkline.config.schema import RoutingConfig
from trunkline.routing.breaker import BreakerRules
from trunkline.routing.retry import RetryRules
from trunkline.routing.rules import breaker_rules, retry_rules

ROUTING = RoutingConfig(
    same_target_retries=4,
    longest_wait=9.5,
    retry_share=0.75,
    breaker_failures=7,
    breaker_longest_pause=33.0,
)


def test_the_breakers_rules():
    """What the section does not name keeps its default."""
    assert BreakerRules(consecutive=7, longest_pause=33.0) == breaker_rules(ROUTING)


def test_the_retrys_rules():
    """As above."""
    assert RetryRules(same_target=4, longest_wait=9.5, share=0.75) == retry_rules(ROUTING)


def test_an_empty_section_changes_nothing():
    """Its defaults are the rules' own."""
    assert (BreakerRules(), RetryRules()) == (
        breaker_rules(RoutingConfig()),
        retry_rules(RoutingConfig()),
    )
