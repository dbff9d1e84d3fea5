"""The shape of the configuration file. Leaves that belong to another room stay raw until it decodes them."""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

Seconds = Annotated[float, Meta(gt=0)]
Bytes = Annotated[int, Meta(ge=1)]


class ServerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8787
    """0 takes any free port and prints it."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    data: str = "trunkline-data"
    """Folder of the database, the journal and the secrets generated at the first start."""
    max_body_bytes: Bytes = 64 << 20
    header_timeout: Seconds = 30.0
    body_timeout: Seconds = 60.0
    """Without progress."""
    keep_alive_timeout: Seconds = 75.0
    write_timeout: Seconds = 60.0
    """A client that reads nothing for that long is cut off."""
    accept_grace: Annotated[float, Meta(ge=0)] = 0.0
    """After SIGTERM: seconds of accepting on while load balancers notice that ready is false."""
    drain_timeout: Seconds = 600.0
    """After SIGTERM: how long open answers may go on."""


class LedgerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    durability: Literal["process", "power"] = "process"
    """ "process": what was acknowledged survives a kill; "power": a power cut, too."""


class ResponsesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers of the Responses API that clients come back to."""

    retention: Seconds = 30 * 86400.0
    """How long they are kept; OpenAI keeps them for 30 days, too."""
    max_background: Annotated[int, Meta(ge=1)] = 200
    """Background responses that one worker makes at the same time; more are answered 429."""


class WebhooksConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    allow_private: bool = False
    """Also http, any port, and addresses of this machine and its networks; not their metadata."""


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of a model's targets, where its name alone does not say enough."""

    model: str
    """ "provider/model"."""
    weight: Annotated[int, Meta(ge=0)] = 1
    first_content_timeout: Seconds | None = None
    idle_timeout: Seconds | None = None
    answer_timeout: Seconds | None = None
    context_window: Annotated[int, Meta(ge=1)] | None = None


class ModelConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name of ours and who may answer for it."""

    targets: Annotated[list[str | Target], Meta(min_length=1)]
    strategy: str = "fallback"


class RoutingConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Literal["eco", "balanced", "quality", "passthrough"] = "passthrough"
    """Only "passthrough" (the model asked for is the model used) has an effect as yet."""
    baseline: str | None = None
    """The model savings are measured against, once there is a router that saves."""
    same_target_retries: Annotated[int, Meta(ge=0, le=5)] = 1
    longest_wait: Annotated[float, Meta(ge=0)] = 3.0
    """A Retry-After up to that many seconds is waited out; a longer one moves on."""
    retry_share: Annotated[float, Meta(ge=0, le=1)] = 0.2
    breaker_failures: Annotated[int, Meta(ge=1)] = 3
    breaker_longest_pause: Seconds = 8.0
    models_refresh: Annotated[float, Meta(ge=0)] = 300.0
    """Seconds between two looks at what providers list; 0: the catalogue is all that is known."""


class FaceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compatibility face on another prefix or host."""

    name: str
    prefix: str
    host: str | None = None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    server: ServerConfig = ServerConfig()
    ledger: LedgerConfig = LedgerConfig()
    responses: ResponsesConfig = ResponsesConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    providers: dict[str, Raw] = {}
    """By configured name; each table is decoded by the kind of provider it names."""
    models: dict[str, ModelConfig] = {}
    routing: RoutingConfig = RoutingConfig()
    faces: list[FaceConfig] = []

    def __repr__(self) -> str:
        """Without leaves: they hold credentials."""
        return f"<Config {len(self.providers)} providers, {len(self.models)} models>"
