"""The section [routing] of the configuration, as the rules of the breaker and of the retry."""

from trunkline.config.schema import RoutingConfig
from trunkline.routing.breaker import BreakerRules
from trunkline.routing.retry import RetryRules


def breaker_rules(routing: RoutingConfig) -> BreakerRules:
    return BreakerRules(
        consecutive=routing.breaker_failures, longest_pause=routing.breaker_longest_pause
    )


def retry_rules(routing: RoutingConfig) -> RetryRules:
    return RetryRules(
        same_target=routing.same_target_retries,
        longest_wait=routing.longest_wait,
        share=routing.retry_share,
    )
