"""A breaker opens on trouble, probes with one request, and is back within seconds."""

from trunkline.routing.breaker import Breaker, BreakerRules, Health

RULES = BreakerRules(consecutive=3, first_pause=1.0, longest_pause=4.0)


def opened(at=100.0):
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker.failed(at)
    return breaker


def test_opens_on_failures_in_a_row():
    """Two are bad luck, three are a pattern."""
    breaker = Breaker(RULES)
    breaker.failed(0.0)
    breaker.failed(0.0)
    assert Health.CLOSED is breaker.health(0.0)
    breaker.failed(0.0)

    assert Health.OPEN is breaker.health(0.0)


def test_opens_on_a_brown_out():
    """Half of the answers failing opens it although never three fail in a row."""
    breaker = Breaker(RULES)
    for _ in range(4):
        breaker.failed(0.0)
        breaker.succeeded()
    breaker.failed(0.0)

    assert Health.OPEN is breaker.health(0.0)


def test_one_probe_at_a_time():
    """Half-open lets a single request through; others see it open."""
    breaker = opened()
    assert Health.HALF_OPEN is breaker.health(101.0)
    breaker.starting(101.0)

    assert Health.OPEN is breaker.health(101.0)


def test_a_good_probe_closes_it():
    """Recovery is believed at once, and old failures are forgotten."""
    breaker = opened()
    breaker.starting(101.0)
    breaker.succeeded()
    assert Health.CLOSED is breaker.health(101.0)
    breaker.failed(102.0)

    assert Health.CLOSED is breaker.health(102.0)


def test_failed_probes_double_the_pause_up_to_a_limit():
    """1, 2, 4, 4: so that a recovered primary is never more than seconds away."""
    breaker, now, pauses = opened(0.0), 0.0, []
    for _ in range(4):
        start = now
        while breaker.health(now) is Health.OPEN:
            now += 0.5
        pauses.append(now - start)
        breaker.starting(now)
        breaker.failed(now)

    assert [1.0, 2.0, 4.0, 4.0] == pauses


def test_a_probe_whose_client_left_frees_the_place():
    """No verdict, so the next request may probe."""
    breaker = opened()
    breaker.starting(101.0)
    breaker.forgot()

    assert Health.HALF_OPEN is breaker.health(101.0)
