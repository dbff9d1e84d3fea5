"""Plans avoid the sick without ever leaving nobody."""

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import (
    ContentRejected,
    ContextLengthExceeded,
    Overloaded,
    Throttled,
)
from trunkline.routing.base import Route
from trunkline.routing.breaker import BreakerRules, Health
from trunkline.routing.registry import STRATEGIES
from trunkline.routing.retry import RetryRules
from trunkline.routing.router import Router
from trunkline.routing.table import RouteTable


def deployment(name, **more):
    return Deployment(id=name, provider=name, model="m", dialect="openai-chat", **more)


A, B, C = deployment("a", weight=3), deployment("b", weight=1), deployment("c", weight=0)
PRICES = {"a": 3.0, "b": 1.0, "c": float("inf")}


def router():
    return Router(RouteTable({}, {}, None), STRATEGIES, lambda d: PRICES[d.id])


def plan(r, strategy="fallback", now=0.0, dice=0.0):
    return [d.id for d in r.plan(Route("m", (A, B, C), strategy), now, dice)]


def fail(r, target, now=0.0, error=None):
    for _ in range(3):
        r.failed(target, error or Overloaded("x"), now)


def test_strategies_order():
    """Each strategy by its own light; those not chosen stand by."""
    r = router()
    r.succeeded(A, 500.0)
    r.succeeded(B, 100.0)
    r.succeeded(C, 300.0)

    assert ["a", "b", "c"] == plan(r, "fallback")
    assert ["b", "c", "a"] == plan(r, "least-latency")
    assert ["b", "a", "c"] == plan(r, "cheapest")
    assert ["a", "b", "c"] == plan(r, "weighted", dice=0.74)
    assert ["b", "a", "c"] == plan(r, "weighted", dice=0.76)


def test_the_sick_come_last_and_return():
    """An open breaker moves a target behind the others until it is due for a probe."""
    r = router()
    fail(r, A)
    assert ["b", "c", "a"] == plan(r)
    assert ["a", "b", "c"] == plan(r, now=1.5)
    r.starting(A, 1.5)
    assert ["b", "c", "a"] == plan(r, now=1.5)
    r.succeeded(A, 10.0)

    assert ["a", "b", "c"] == plan(r, now=1.5)


def test_nobody_is_left_out_when_all_are_sick():
    """Never eject the last target: the plan then is the plain order."""
    r = router()
    for target in (A, B, C):
        fail(r, target)

    assert ["a", "b", "c"] == plan(r)


def test_a_429_does_not_make_a_target_ill():
    """It cools a credential instead."""
    r = router()
    fail(r, A, error=Throttled("x"))

    assert Health.CLOSED is r.health("a", 0.0)


def test_who_may_still_help():
    """A filter's no is final; a prompt too long goes only to those who read more."""
    r = router()
    small = deployment("small", context_window=8_000)
    large = deployment("large", context_window=200_000)
    unknown = deployment("unknown")

    assert () == r.after(ContentRejected("x"), small, [large])
    assert [large] == r.after(ContextLengthExceeded("x"), small, [small, large, unknown])
    assert [] == r.after(ContextLengthExceeded("x"), unknown, [large])
    assert [large, unknown] == r.after(Overloaded("x"), small, [large, unknown])


def test_statistics_tell_each_target():
    """What the dashboard reads."""
    r = router()
    r.succeeded(A, 100.0)
    r.succeeded(A, 200.0)
    fail(r, B)

    first, second = r.statistics(0.0)
    assert ("a", "closed", 120.0, 2, 0) == tuple(getattr(first, f) for f in first.__struct_fields__)
    assert ("b", "open", 3) == (second.deployment, second.health, second.failures)


def test_a_reload_keeps_what_was_learned():
    """Health, latency and cooled credentials outlive a generation; its rules do not."""
    r = router()
    fail(r, A)
    r.succeeded(B, 50.0)
    r.cooling.cool("k", "m", 0.0, Throttled("", retry_after=9.0))
    heir = r.renewed(
        RouteTable({}, {}, None), lambda d: 0.0, BreakerRules(consecutive=1), RetryRules()
    )

    assert Health.OPEN is heir.health("a", 0.5)
    assert 50.0 == heir.latency_ms("b")
    assert 9.0 == heir.cooling.remaining("k", "m", 0.0)
    heir.failed(B, Overloaded("x"), 0.0)
    assert Health.OPEN is heir.health("b", 0.0)


def test_made_up_names_do_not_push_out_what_was_learned():
    """However many a client invents, the sick one is still known to be sick."""
    r = router()
    fail(r, A)
    for i in range(10_050):
        r.starting(deployment(f"made-up-{i}"), 0.0)

    assert Health.OPEN is r.health("a", 0.5)
    assert len(r.statistics(0.0)) <= 10_000
