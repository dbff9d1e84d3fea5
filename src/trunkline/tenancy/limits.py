"""What somebody may use: read from a request, shown again, and told to whoever counts."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow

from msgspec import MsgspecError, Raw, Struct, json, structs

from trunkline.canon.errors import Malformed
from trunkline.canon.limit import Limit, Unit
from trunkline.storage.holders import AMOUNTS, NO_LIMITS, LimitSet

_MOST = 1 << 50
"""Of any unit, so that sums of some thousands stay in 64 bits; a million dollars in nano-dollars."""
_MODELS = 1000
_MODEL_NAME = 512
_NANO = 10**9
_USD = "_usd"
# Exact, or not at all: 60 digits are more than any amount up to _MOST has.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_MICROS = 1_000_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
MONTH = 30 * _DAY
"""Seconds: a window opens with its first request, so that it knows no calendar."""

_MEASURES: Mapping[str, tuple[Unit, int]] = {
    "requests_per_minute": (Unit.REQUESTS, _MINUTE),
    "requests_per_hour": (Unit.REQUESTS, _HOUR),
    "requests_per_day": (Unit.REQUESTS, _DAY),
    "tokens_per_minute": (Unit.TOKENS, _MINUTE),
    "tokens_per_day": (Unit.TOKENS, _DAY),
    "concurrent_requests": (Unit.CONCURRENT, 0),
    "cost_per_day": (Unit.COST, _DAY),
    "cost_per_month": (Unit.COST, MONTH),
    "cost_total": (Unit.COST, 0),
}
"""By field of LimitSet: what is counted, in how many seconds; 0: always."""
_NAMES = {name: name + _USD if name.startswith("cost") else name for name in AMOUNTS}
"""By field: its name in the API."""
_FIELDS = {told: name for name, told in _NAMES.items()}
_PERIODS = {"day": "cost_per_day", "month": "cost_per_month", "total": "cost_total"}

_object = json.Decoder(dict[str, Raw])
_number = json.Decoder(Decimal)
_text = json.Decoder(str)


class LimitView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A LimitSet as it may be shown; what is not limited is left out."""

    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrent_requests: int | None = None
    cost_per_day_usd: str | None = None
    """Dollars, exact, as the two below: "0.5"."""
    cost_per_month_usd: str | None = None
    cost_total_usd: str | None = None
    models: Mapping[str, "LimitView"] = {}


def parse_limits(raw: bytes | Raw, param: str = "limits") -> LimitSet:
    """The JSON object `limits`. Raises Malformed, naming the field."""
    return _parse(_table(raw, param), param, nested=True)


def parse_budget(raw: bytes | Raw, param: str = "budget") -> LimitSet:
    """The JSON object {"usd": "10.00", "period": "day"}; without a period, in total. Raises Malformed."""
    budget = _table(raw, param)
    unknown = next((name for name in budget if name not in ("usd", "period")), None)
    if unknown is not None:
        raise Malformed(
            f"`{param}` has no `{unknown}`; it takes `usd` and `period`.",
            param=f"{param}.{unknown}",
        )
    if "usd" not in budget:
        raise Malformed(f"`{param}.usd` is required.", param=f"{param}.usd")
    try:
        period = _text.decode(budget.get("period", b'"total"'))
    except MsgspecError:
        period = ""
    if period not in _PERIODS:
        raise Malformed(
            f"`{param}.period` must be one of {', '.join(_PERIODS)}.", param=f"{param}.period"
        )
    most = _amount(budget["usd"], f"{param}.usd", Unit.COST)
    return structs.replace(NO_LIMITS, **{_PERIODS[period]: most})


def _parse(table: Mapping[str, Raw], param: str, *, nested: bool) -> LimitSet:
    fields: dict[str, int | Mapping[str, LimitSet] | None] = {}
    for name, raw in table.items():
        where = f"{param}.{name}"
        if name == "models" and nested:
            fields[name] = _models(raw, where)
        elif name not in _FIELDS:
            known = ", ".join(_FIELDS) + (", models" if nested else "")
            raise Malformed(f"`{param}` has no `{name}`; there are {known}.", param=where)
        elif bytes(raw) != b"null":
            field = _FIELDS[name]
            fields[field] = _amount(raw, where, _MEASURES[field][0])
    return structs.replace(NO_LIMITS, **fields) if fields else NO_LIMITS


def _models(raw: Raw, param: str) -> Mapping[str, LimitSet]:
    table = _table(raw, param)
    if len(table) > _MODELS or not all(0 < len(model) <= _MODEL_NAME for model in table):
        raise Malformed(f"`{param}` may name {_MODELS} models, none of them empty.", param=param)
    return {
        model: _parse(_table(limits, f"{param}.{model}"), f"{param}.{model}", nested=False)
        for model, limits in table.items()
    }


def _table(raw: bytes | Raw, param: str) -> Mapping[str, Raw]:
    try:
        return _object.decode(raw)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed(f"`{param}` must be an object.", param=param) from None


def _amount(raw: bytes | Raw, param: str, unit: Unit) -> int:
    """In the limit's unit. Never by way of a binary float: 0.1 is a tenth."""
    dollars = unit is Unit.COST
    try:
        number = _number.decode(raw)
        scaled = _EXACT.multiply(number, _NANO if dollars else 1)
        # Compared first: an integer of 1e999999 would fill the memory.
        if not 0 <= scaled <= _MOST or (not dollars and bytes(raw)[:1] == b'"'):
            raise Malformed(_expected(param, dollars), param=param)
        return int(_EXACT.to_integral_exact(scaled))
    except (MsgspecError, UnicodeDecodeError, RecursionError, DecimalException):
        raise Malformed(_expected(param, dollars), param=param) from None


def _expected(param: str, dollars: bool) -> str:  # noqa: FBT001 - which of two words
    if dollars:
        return (
            f"`{param}` must be dollars: 0 to {_MOST // _NANO}, with at most nine decimal places."
        )
    return f"`{param}` must be a whole number from 0 to {_MOST}."


def view_of(limits: LimitSet) -> LimitView:
    shown: dict[str, object] = {}
    for name, told in _NAMES.items():
        most = getattr(limits, name)
        if most is not None:
            shown[told] = usd(most) if told.endswith(_USD) else most
    if limits.models:
        shown["models"] = {model: view_of(own) for model, own in limits.models.items()}
    return structs.replace(LimitView(), **shown)


def usd(nano: int) -> str:
    """Exact, without zeros at its end: 1500000000 is "1.5"."""
    whole, rest = divmod(nano, _NANO)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def limits_for(limits: LimitSet, scope: str, holder: str) -> tuple[Limit, ...]:
    """
    What State counts of a holder's own limits, whatever model is asked.

    `holder` is unique in its scope: the same one's limits, whencesoever, count together.
    """
    return tuple(_limits(limits, scope, f"{scope}/{holder}"))


def model_limits_for(limits: LimitSet, scope: str, holder: str) -> Mapping[str, tuple[Limit, ...]]:
    """As `limits_for`, by model."""
    return {
        model: tuple(_limits(own, "model", f"{scope}/{holder}/model/{model}"))
        for model, own in limits.models.items()
    }


def _limits(limits: LimitSet, scope: str, prefix: str) -> Iterable[Limit]:
    for name, (unit, seconds) in _MEASURES.items():
        most = getattr(limits, name)
        if most is not None:
            yield Limit(
                counter=f"{prefix}/{unit.value}/{seconds}",
                unit=unit,
                most=most,
                window=seconds * _MICROS,
                field=_NAMES[name],
                scope=scope,
            )


def strictest(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Of those that share a counter, the lowest; a claim has each counter once."""
    lowest: dict[str, Limit] = {}
    for limit in limits:
        known = lowest.get(limit.counter)
        if known is None or limit.most < known.most:
            lowest[limit.counter] = limit
    return tuple(lowest.values())


class LimitChanges(Struct, frozen=True):
    limits: LimitSet | None = None
    """Instead of what there is; None: that stays."""
    budget: LimitSet = NO_LIMITS
    """Beside that."""

    def of(self, old: LimitSet) -> LimitSet:
        return inherited(self.budget, old if self.limits is None else self.limits)


def within(wanted: LimitSet, granted: LimitSet) -> bool:
    """Whether everything that `granted` limits, `wanted` limits as well, and no higher."""
    for name in AMOUNTS:
        most, asked = getattr(granted, name), getattr(wanted, name)
        if most is not None and (asked is None or asked > most):
            return False
    return all(
        model in wanted.models and within(wanted.models[model], most)
        for model, most in granted.models.items()
    )


def inherited(wanted: LimitSet, granted: LimitSet) -> LimitSet:
    """`wanted`, and what `granted` limits where `wanted` says nothing."""
    fields: dict[str, object] = {
        name: getattr(granted if getattr(wanted, name) is None else wanted, name)
        for name in AMOUNTS
    }
    fields["models"] = {
        model: inherited(wanted.models.get(model, NO_LIMITS), granted.models.get(model, NO_LIMITS))
        for model in {**granted.models, **wanted.models}
    }
    return structs.replace(NO_LIMITS, **fields)
