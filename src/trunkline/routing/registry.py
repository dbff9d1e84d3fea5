"""Every routing strategy, by the name the configuration uses."""

from trunkline.kernel.registry import Registry
from trunkline.routing.base import Strategy
from trunkline.routing.cheapest.strategy import STRATEGY as CHEAPEST
from trunkline.routing.fallback.strategy import STRATEGY as FALLBACK
from trunkline.routing.least_latency.strategy import STRATEGY as LEAST_LATENCY
from trunkline.routing.weighted.strategy import STRATEGY as WEIGHTED

STRATEGIES: Registry[Strategy] = Registry([FALLBACK, WEIGHTED, LEAST_LATENCY, CHEAPEST])
