"""A gateway whose every secret is a canary, and all that can be seen of it from outside."""

import base64
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import jwt
import msgspec

from tests.faults.gateway import World, impatient, opened
from tests.integration.program import Answer, call
from tests.security.canary import Canaries, Kind
from tests.security.homes import Home
from tests.security.inputs import BODIES
from trunkline.admin.app import ROUTES
from trunkline.config.schema import (
    AuthConfig,
    Config,
    IssuerConfig,
    LoggingConfig,
    ModelConfig,
    RoutingConfig,
    ServerConfig,
    WebhooksConfig,
)
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine

# What an answer to a caller may say again: what that caller said itself.
OWN = frozenset({Kind.PASTED, Kind.CONTENT, Kind.NAME})
# What may be kept of it where an operator asked for bodies.
LOGGED = frozenset({Kind.CONTENT, Kind.NAME})
# The ledger tells requests apart by the model they named, and by their session.
LEDGER = frozenset({Kind.NAME})
_TENANT = "watched"
ISSUER = "https://issuer.example"
_AT_ONCE = 8
_BODIES = re.compile(r"bodies\.db|GET /admin/v1/requests/[^/]+/bodies$")
_BOOKS = re.compile(r"trunkline\.db|journal/|GET \S*/(?:usage|requests|me)\b")


class Watched(World):
    """Credentials of providers, the admin key, webhooks' and tenants' own secrets: all are new."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.data, RoutingConfig(retry_share=1.0))
        self.home = home
        self.server = ServerConfig(database=home.database)
        self.canaries = Canaries()
        self.admin_key = self.canaries.new("the admin key")
        self.heard: list[tuple[str, bytes]] = []
        """Where, and what the caller was told there."""
        self._upstream = self.canaries.new("a provider's key")
        self._signing = self.canaries.new("an issuer's secret") * 2
        self._header = self.canaries.new("a provider's header")

    def build(self, machine: Machine) -> Gateway:
        environ = {"TRUNKLINE_ADMIN_KEY": self.admin_key, "UNUSED": self.canaries.new("environ")}
        return super().build(msgspec.structs.replace(machine, environ=environ))

    def config(self) -> tuple[Config, str, str]:
        """Every provider shows a key that is a canary, in its dialect's own header and in another."""
        before = self.providers
        self.providers = {
            name: {
                **{field: value for field, value in table.items() if field != "like"},
                "api_keys": [self._upstream],
                "headers": {"anthropic-version": "2023-06-01", "x-team": self._header},
            }
            for name, table in before.items()
        }
        config, text, file = super().config()
        self.providers = before
        auth = AuthConfig(
            issuers=(IssuerConfig(issuer=ISSUER, audience="gateway", secret=self._signing),)
        )
        webhooks = WebhooksConfig(allow_private=True)
        # All that can be logged is: what is found there must have been masked.
        logging = LoggingConfig(bodies=True, redact=("x_badge",))
        changed = {"webhooks": webhooks, "auth": auth, "logging": logging}
        return msgspec.structs.replace(config, **changed), text, file

    def token(self) -> str:
        """A good one of the issuer's, with more in it than is asked for."""
        now = int(self.clock.unix())
        more = {name: self.canaries.new(f"claim {name}") for name in ("jti", "email", "name")}
        claims = {"iss": ISSUER, "aud": "gateway", "sub": "somebody", "tenant": "watched"}
        return jwt.encode({**claims, "iat": now, "exp": now + 600, **more}, self._signing)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(
        self, path: str, body: object, headers: Mapping[str, str], method: str = "POST"
    ) -> Answer | None:
        """None: the connection was broken off, as some faults have it."""
        try:
            answer = call(self.base, method, path, body, headers)
        except OSError as error:
            self.heard.append((path, repr(error).encode()))
            return None
        told = repr(sorted(answer.headers.items())).encode() + answer.body
        self.heard.append((f"the answer {answer.status} of {path}", told))
        return answer

    def ask(
        self, path: str, body: object, target: str = "o1/sim-echo", **headers: str
    ) -> Answer | None:
        """With a good key, on a model that has this target."""
        model = self.alias(target)
        self.do(self.gateway.reload())
        return self.ask_for(model, path, body, **headers)

    def ask_all(self, asks: Sequence[tuple[str, str, object]]) -> list[Answer | None]:
        """Some at a time: target, path and body of each."""
        named = [(self.alias(target), path, body) for target, path, body in asks]
        self.do(self.gateway.reload())
        with ThreadPoolExecutor(_AT_ONCE) as clients:
            return list(clients.map(lambda ask: self.ask_for(*ask), named))

    def alias(self, target: str) -> str:
        """A model with this target, from the next reload on."""
        model = f"model-{len(self.models)}"
        self.models[model] = ModelConfig(targets=[impatient(target, 0.2)])
        return model

    def ask_for(self, model: str, path: str, body: object, **headers: str) -> Answer | None:
        if isinstance(body, Mapping) and "model" not in body and "{model}" not in path:
            body = {"model": model, **body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = path.replace("{model}", model)
        return self.send(path, body, {"authorization": f"Bearer {self.key}", **named})

    def admin(self, method: str, path: str, body: object = None) -> Answer:
        return call(self.base, method, path, body, {"authorization": f"Bearer {self.admin_key}"})

    # -- what is left ------------------------------------------------------------------------

    def shown(self) -> Iterator[tuple[str, bytes]]:
        """Every GET there is, to the administrator and to the key that asked; those of one by id."""
        self.settle()
        grouped = "?group_by=model,provider,key,tenant,face,status,day"
        queries = ("", grouped, f"{grouped}&format=csv")
        for route in ROUTES:
            if route.method != "GET":
                continue
            for path in self._paths(route.path):
                for key in (self.admin_key, self.key):
                    for query in queries if path.endswith("/usage") else ("",):
                        headers = {"authorization": f"Bearer {key}"}
                        answer = call(self.base, "GET", path + query, None, headers)
                        told = repr(sorted(answer.headers.items())).encode() + answer.body
                        yield f"GET {path}{query}", told

    def _paths(self, path: str) -> Iterator[str]:
        if "{" not in path:
            yield path
        elif "{request_id}" in path:
            rows = self.do(self.gateway.storage.database.read(_request_ids))
            yield from (path.replace("{request_id}", str(row[0])) for row in rows)

    def leaks(self) -> list[str]:
        """Every canary that stands where it must not."""
        found, look = [], self.canaries.found
        found += look("the log", "".join(self.logged).encode())
        for sink, data in self.heard:
            found += look(sink, data, allowed=OWN)
        for sink, data in (*self.shown(), *self.home.left_behind()):
            found += look(sink, data, allowed=_allowed(sink))
        return sorted(set(found))


def _allowed(sink: str) -> frozenset[Kind]:
    if _BODIES.match(sink):
        return LOGGED
    return LEDGER if _BOOKS.match(sink) else frozenset()


def _request_ids(session: Any) -> Any:
    return session.all("SELECT request_id FROM requests ORDER BY received_at DESC LIMIT 60")


@contextmanager
def watched(home: Home) -> Iterator[Watched]:
    with opened(Watched(home)) as town:
        town.logged.clear()
        yield town


def secrets_of_tenants(town: Watched) -> None:
    """A webhook's secret, a new one, and a tenant's own credential; none is ever shown again."""
    hook = {"url": "http://127.0.0.1:9/", "events": ["*"]}
    made = town.admin(
        "POST", "/admin/v1/webhooks", {**hook, "secret": _signing(town, "a webhook's secret")}
    )
    assert 201 == made.status, made.body
    path = f"/admin/v1/webhooks/{made.json()['id']}"
    new = {"secret": _signing(town, "a webhook's new secret")}
    assert town.admin("POST", f"{path}/rotate", new).status < 300
    assert town.admin("POST", f"{path}/test").status < 300
    own = {
        "tenant": _TENANT,
        "provider": "o1",
        "api_key": town.canaries.new("a tenant's own credential"),
    }
    created = town.admin("POST", "/admin/v1/credentials", own)
    assert 201 == created.status, created.body
    assert [] == town.canaries.found("its view", created.body)


def _signing(town: Watched, place: str) -> str:
    """As Standard Webhooks write one; found whether it is seen so, or as the bytes it means."""
    return "whsec_" + base64.b64encode(town.canaries.new(place).encode()).decode()


def bodies(town: Watched, *paths: str, why: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each template with fresh canaries, whole and, where that can be said, streamed."""
    for path in paths or BODIES:
        for stream in (False, True):
            planted = town.canaries.plant(f"{path} {why} body", BODIES[path])
            chats = "{model}" not in path and "embeddings" not in path and "count" not in path
            if stream and not chats:
                continue
            yield path, {**planted, **({"stream": True} if stream else {})}


def with_key(town: Watched, place: str, form: str, path: str, body: object) -> Answer | None:
    """A request whose key is a canary in this form."""
    value = form
    while "@" in value:
        value = value.replace("@", town.canaries.new(f"a key in {place}"), 1)
    if place.startswith("?"):
        return town.send(f"{path}{place}{urllib.parse.quote(value)}", body, {})
    return town.send(path, body, {place: value})
