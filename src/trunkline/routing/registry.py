"""Every routing strategy, by the name the configuration uses."""

from trunkline.kernel.registry import Registry
from trunkline.routing.base import Strategy
from trunkline.routing.cheapest.strategy import STRATEGY as cheapest
from trunkline.routing.fallback.strategy import STRATEGY as fallback
from trunkline.routing.least_latency.strategy import STRATEGY as least_latency
from trunkline.routing.weighted.strategy import STRATEGY as weighted

STRATEGIES: Registry[Strategy] = Registry([fallback, weighted, least_latency, cheapest])
