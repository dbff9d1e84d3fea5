"""The listening side of a gateway: every face's endpoints, the control plane, and the simulator alone."""

from trunkline.admin.app import control_app
from trunkline.config.schema import ServerConfig
from trunkline.edge.context import EdgeContext
from trunkline.edge.server import Edge
from trunkline.edge.settings import limits_of, stages_of
from trunkline.faces.endpoint import FaceEndpoint
from trunkline.faces.registry import FACES
from trunkline.flow.base import Endpoints
from trunkline.providers.registry import simulate
from trunkline.wiring.gateway import Gateway

simulator = simulate
"""The provider simulator as a server of its own."""


def endpoints(gateway: Gateway) -> Endpoints:
    """Every hot endpoint of every face."""
    return {
        (b"POST", mount.path): FaceEndpoint(spec.face, mount, gateway)
        for spec in FACES.values()
        for mount in spec.mounts
    }


def edge(gateway: Gateway, server: ServerConfig) -> Edge:
    """The listening side, ready to start."""
    clock = gateway.clock

    def failed(name: str, error: BaseException) -> None:
        gateway.log.error("unexpected failure", where=name, error=repr(error))

    context = EdgeContext(
        endpoints(gateway),
        clock,
        lambda: gateway.next_id(clock.unix()),
        failed,
        limits_of(server),
    )
    hot = [path.decode() for path in context.routes]
    application = control_app(gateway, gateway.machine.entropy, failed, hot)
    gateway.edge = Edge(
        context,
        failed,
        application,
        shutdown=stages_of(server),
        others=gateway.background.retire,
    )
    return gateway.edge
