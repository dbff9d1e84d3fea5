"""What a caller is told who has used up a limit: which, whose, how much, and when there is room again."""

from collections.abc import Sequence
from math import ceil

from trunkline.canon.errors import BudgetExceeded, GatewayError, RateLimited, TokensLimited
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.tenancy.limits import usd
from trunkline.tenancy.session import REPEATS, SCOPE

_WHOSE = {
    "key": "this key",
    "user": "this key's user",
    "tenant": "this key's tenant",
    "model": "this key with this model",
    "session": "this session",
}
_NOTHING = {Unit.TOKENS: "use no tokens", Unit.COST: "spend nothing"}
_MICROS = 1_000_000
# Of a limit that frees itself as others finish, nobody knows when.
_SOON = 1.0
_SPANS = ((86_400 * 30, "month"), (86_400, "day"), (3600, "hour"), (60, "minute"))


def refusal(
    refused: Sequence[Allowance],
    amounts: Sequence[int],
    now: float,
    leasts: Sequence[int] | None = None,
) -> GatewayError:
    """
    Of the limits without room, the one that stays so longest. `amounts`: asked of each, in its unit.

    `now`: Unix seconds. `leasts`: what may be asked another time at least, where that is less.
    """
    leasts = amounts if leasts is None else leasts
    worst = max(range(len(refused)), key=lambda at: _patience(refused[at], leasts[at], now))
    allowance, least = refused[worst], leasts[worst]
    limit = allowance.limit
    never = least > limit.most
    wait = None if never else _wait(allowance, least, now)
    message = _message(allowance, amounts[worst], wait, never=never, held=_held(allowance, least))
    if limit.field == REPEATS:
        return RateLimited(_loop(limit, wait), code="loop_detected", retry_after=wait)
    if limit.unit is Unit.COST and limit.scope == SCOPE:
        return BudgetExceeded(message, code="session_budget_exceeded", retry_after=wait)
    if limit.unit is Unit.COST:
        code = "insufficient_quota" if limit.window == 0 else f"cost_limit_per_{_span(limit)}"
        return BudgetExceeded(message, code=code, retry_after=wait)
    kind = TokensLimited if limit.unit is Unit.TOKENS else RateLimited
    return kind(message, retry_after=wait)


def _message(
    allowance: Allowance, amount: int, wait: float | None, *, never: bool, held: bool
) -> str:
    limit = allowance.limit
    whose = _WHOSE.get(limit.scope, limit.scope)
    whose = f"{whose[0].upper()}{whose[1:]}"
    if limit.most == 0:
        return (
            f"{whose} may {_NOTHING.get(limit.unit, 'make no requests')} at all (`{limit.field}` is"
            " 0); ask whoever set that limit to raise it."
        )
    if limit.unit is Unit.CONCURRENT:
        return (
            f"{whose} may have {limit.most} requests under way at a time"
            f" (`{limit.field}`), and has; send it again when one is over."
        )
    allowed = f"{_told(limit, limit.most)}{_per(limit)} (`{limit.field}`)"
    start = f"{whose} may use {allowed}"
    if never:
        return f"{start}, and this request alone may take {_told(limit, amount)}: {_less(limit)}."
    left = f"{_told(limit, max(0, allowance.remaining))} {_is(limit, allowance)} left"
    asks = "" if limit.unit is Unit.REQUESTS else f" of the {_told(limit, amount)} this may take"
    if held:
        when = (
            f"; requests under way hold {_told(limit, allowance.reserved)} and may give some back:"
            " send it again when one is over"
        )
    else:
        when = "" if wait is None else f"; the window closes in {_how_long(wait)}"
    return f"{start}: {left}{asks}{when}."


def _loop(limit: Limit, wait: float | None) -> str:
    return (
        f"This very request was sent {limit.most} times within {limit.window // _MICROS} s"
        f" (`{limit.field}`), which looks like a loop: look at what sends it, change the request"
        f" or its session, or wait {_how_long(wait or 1)}."
    )


def _how_long(seconds: float) -> str:
    """Rounded up, to what people can compare: an hour and a half is 90 min."""
    if seconds <= 120:
        return f"{max(1, round(seconds))} s"
    minutes = ceil(seconds / 60)
    return f"{minutes} min" if minutes <= 120 else f"{ceil(minutes / 60)} h"


def _is(limit: Limit, allowance: Allowance) -> str:
    return "is" if limit.unit is Unit.COST or allowance.remaining == 1 else "are"


def _less(limit: Limit) -> str:
    told = "ask for fewer tokens (`max_tokens`) or send less"
    return told if limit.unit is Unit.TOKENS else f"{told}, or have the budget raised"


def _told(limit: Limit, amount: int) -> str:
    if limit.unit is Unit.COST:
        return f"${usd(amount)}"
    noun = "token" if limit.unit is Unit.TOKENS else "request"
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def _per(limit: Limit) -> str:
    return " in all" if limit.window == 0 else f" per {_span(limit)}"


def _span(limit: Limit) -> str:
    seconds = limit.window // _MICROS
    for length, name in _SPANS:
        if seconds == length:
            return name
    return f"{seconds} s"


def _held(allowance: Allowance, amount: int) -> bool:
    """There would be room if requests under way gave back what they hold: often they take less."""
    return amount <= allowance.remaining + allowance.reserved


def _patience(allowance: Allowance, amount: int, now: float) -> float:
    """Seconds, to compare: what lets nothing through is worse than what somebody must wait for."""
    wait = None if allowance.limit.most == 0 else _wait(allowance, amount, now)
    return 1e18 if wait is None else wait


def _wait(allowance: Allowance, amount: int, now: float) -> float | None:
    """Seconds until there may be room; None: it takes somebody to raise the limit."""
    if allowance.limit.unit is Unit.CONCURRENT or _held(allowance, amount):
        return _SOON
    if allowance.closes == 0:
        return None
    return max(_SOON, allowance.closes / _MICROS - now)
