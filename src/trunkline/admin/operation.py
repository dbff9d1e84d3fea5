"""Running the gateway: reload, the health of its targets, metrics."""

from starlette.responses import PlainTextResponse, Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.metrics import exposition


async def reload(call: ControlCall) -> Response:
    """A bad file is refused with its reason, and the old configuration goes on."""
    return answer({"generation": await call.plane.reload()})


async def targets(call: ControlCall) -> Response:
    """Every deployment that was asked so far: its breaker, latency and counts."""
    rooms = call.plane.rooms
    return answer(
        {
            "generation": rooms.generation,
            "providers": sorted(rooms.providers),
            "targets": rooms.router.statistics(rooms.clock.monotonic()),
        }
    )


async def statistics(call: ControlCall) -> Response:
    return answer(call.plane.statistics())


async def metrics(call: ControlCall) -> Response:
    text = exposition(call.plane.statistics())
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


ROUTES = (
    ControlRoute(
        "POST", "/admin/v1/config/reload", Policy.ADMIN, reload, "Reload the configuration"
    ),
    ControlRoute("GET", "/admin/v1/targets", Policy.ADMIN, targets, "Health of all deployments"),
    ControlRoute("GET", "/admin/v1/statistics", Policy.ADMIN, statistics, "What each room counts"),
    ControlRoute("GET", "/metrics", Policy.ADMIN, metrics, "Prometheus metrics"),
)
