"""The section [server] of the configuration, as the edge's limits and the stages of its end."""

from trunkline.config.schema import ServerConfig
from trunkline.edge.limits import Limits, Shutdown


def limits_of(server: ServerConfig) -> Limits:
    return Limits(
        body_bytes=server.max_body_bytes,
        head_seconds=server.header_timeout,
        body_seconds=server.body_timeout,
        idle_seconds=server.keep_alive_timeout,
        write_seconds=server.write_timeout,
    )


def stages_of(server: ServerConfig) -> Shutdown:
    return Shutdown(accept_grace=server.accept_grace, drain_timeout=server.drain_timeout)
