"""The shape of the configuration file. Leaves that belong to another room stay raw until it decodes them."""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

Seconds = Annotated[float, Meta(gt=0)]
Bytes = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(ge=0, le=2_000_000)] | str
"""As text they are exact however many digits they have."""
SessionDollars = Annotated[float, Meta(gt=0, le=2_000_000)]


class ServerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8787
    """0 takes any free port and prints it."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    data: str = "trunkline-data"
    """Folder of the database, the journal and the secrets generated at the first start."""
    database: str = ""
    """Where records are kept: the URL of a PostgreSQL database; empty: a file in the data folder."""
    state: str = ""
    """Where limits are counted: the URL of a Valkey or Redis server; empty: on this machine."""
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

    def __repr__(self) -> str:
        """Without the URLs: there are passwords in them."""
        return f"<ServerConfig {self.host}:{self.port}>"


class LedgerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    durability: Literal["process", "power"] = "process"
    """ "process": what was acknowledged survives a kill; "power": a power cut, too."""
    keep_requests_days: Annotated[float, Meta(ge=0, le=36_500)] = 30
    """Then requests are forgotten one by one; what they added up to is kept for ever. 0: never."""
    patience: Annotated[float, Meta(ge=0)] = 10.0
    """Seconds that the database may take nothing before requests under a budget are answered 503."""
    when_down: Literal["serve", "refuse"] = "serve"
    """What happens then to requests without a budget."""


class ResponsesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers of the Responses API that clients come back to."""

    retention: Seconds = 30 * 86400.0
    """How long they are kept; OpenAI keeps them for 30 days, too."""
    max_background: Annotated[int, Meta(ge=1)] = 200
    """Background responses that one worker makes at the same time; more are answered 429."""


class IdempotencyConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that carry an Idempotency-Key."""

    retention: Seconds = 86400.0
    """How long an answer is kept, to be given again instead of being made again."""


class LoggingConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of requests beyond the ledger: nothing, unless somebody says so."""

    bodies: bool = False
    """What clients send and get, redacted: docs/reference/bodies.md."""
    bodies_days: Annotated[float, Meta(ge=0, le=36_500)] = 7
    """Then they are forgotten; 0: never."""
    bodies_max_bytes: Annotated[int, Meta(ge=1, le=16 << 20)] = 256 << 10
    """Of each side, before they are packed."""
    redact: tuple[str, ...] = ()
    """More names of fields whose value is masked, in any spelling."""
    redact_emails: bool = False


class WebhooksConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    allow_private: bool = False
    """Also http, any port, and addresses of this machine and its networks; not their metadata."""


class SessionsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps one session, or one agent's run, from running away; None: nothing does."""

    budget_usd: SessionDollars | None = None
    """Of one session, in `window`."""
    requests: Annotated[int, Meta(ge=1)] | None = None
    """The same, of its requests."""
    window: Seconds = 86400.0
    """Begins with a session's first request."""
    spend_per_minute_usd: SessionDollars | None = None
    repeats: Annotated[int, Meta(ge=1)] | None = None
    """So many identical requests of one key and session, in `repeat_window`; one more is refused."""
    repeat_window: Seconds = 300.0


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


class PlanLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much may be used; what is not named is not limited."""

    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrent_requests: int | None = None
    cost_per_day_usd: Dollars | None = None
    cost_per_month_usd: Dollars | None = None
    cost_total_usd: Dollars | None = None


class PlanConfig(
    PlanLimits, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A plan of that name; what it does not name, a built-in plan of that name keeps."""

    description: str = ""
    models: dict[str, PlanLimits] = {}
    """More limits, of one model alone, by the name that clients use for it."""


class FaceConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compatibility face on another prefix or host."""

    name: str
    prefix: str
    host: str | None = None


class ClaimsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which claim of a token each thing stands: its name, or a path with dots."""

    tenant: str = "tenant"
    user: str = "sub"
    scopes: str = "scope"
    plan: str = "plan"
    models: str = "models"


class IssuerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may say who calls: `[[auth.issuers]]`. What it signs with is in one of three settings."""

    issuer: Annotated[str, Meta(min_length=1)]
    """The claim `iss` of its tokens, letter by letter."""
    audience: Annotated[str, Meta(min_length=1)] | Annotated[tuple[str, ...], Meta(min_length=1)]
    """A token is meant for one of these at least (its claim `aud`)."""
    jwks_url: str | None = None
    secret: str | None = None
    public_key: str | None = None
    """PEM."""
    name: str = ""
    """Short, for the ids of its callers ("jwt:NAME:SUB"); by default from `issuer`."""
    algorithms: tuple[str, ...] = ()
    """Those it may sign with; by default all that fit the kind of key, HS256 alone for a secret."""
    claims: ClaimsConfig = ClaimsConfig()
    tenant: str | None = None
    """Whose all its tokens are, whatever they say of it."""
    scopes: tuple[str, ...] = ()
    """What a token may do that names none of the gateway's scopes."""
    leeway: Annotated[float, Meta(ge=0, le=300)] = 30.0
    """Seconds by which its clock and ours may differ."""
    allow_http: bool = False
    """Its keys may come over plain HTTP from another machine."""

    def __repr__(self) -> str:
        return f"<IssuerConfig {self.issuer}>"


class AuthConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    issuers: tuple[IssuerConfig, ...] = ()


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    server: ServerConfig = ServerConfig()
    ledger: LedgerConfig = LedgerConfig()
    responses: ResponsesConfig = ResponsesConfig()
    sessions: SessionsConfig = SessionsConfig()
    idempotency: IdempotencyConfig = IdempotencyConfig()
    logging: LoggingConfig = LoggingConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    auth: AuthConfig = AuthConfig()
    providers: dict[str, Raw] = {}
    """By configured name; each table is decoded by the kind of provider it names."""
    models: dict[str, ModelConfig] = {}
    routing: RoutingConfig = RoutingConfig()
    plans: dict[str, PlanConfig] = {}
    faces: list[FaceConfig] = []

    def __repr__(self) -> str:
        """Without leaves: they hold credentials."""
        return f"<Config {len(self.providers)} providers, {len(self.models)} models>"
