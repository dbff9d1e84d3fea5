"""Who stands in the table: the gateway itself, nginx as the limit, and others where they are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream fast {{ server 127.0.0.1:{fast}; keepalive 512; keepalive_requests 1000000000; }}
  upstream paced {{ server 127.0.0.1:{paced}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    location / {{ proxy_pass http://fast; }}
    location /paced/ {{ proxy_pass http://paced/; }}
  }}
}}
"""

TRUNKLINE = """
[server]
port = {port}
data = "{folder}/data"
[providers.bench]
dialect = "openai-chat"
catalog = "openai"
base_url = "http://127.0.0.1:{fast}/v1"
api_key = "sk-upstream"
[providers.paced]
dialect = "openai-chat"
catalog = "openai"
base_url = "http://127.0.0.1:{paced}/v1"
api_key = "sk-upstream"
[providers.bencha]
dialect = "anthropic-messages"
catalog = "anthropic"
base_url = "http://127.0.0.1:{fast}"
api_key = "sk-upstream"
"""

LITELLM = """
model_list:
  - model_name: bench/gpt-4o-mini
    litellm_params: {{model: openai/gpt-4o-mini, api_base: "http://127.0.0.1:{fast}/v1", api_key: sk-x}}
  - model_name: paced/gpt-4o-mini
    litellm_params: {{model: openai/gpt-4o-mini, api_base: "http://127.0.0.1:{paced}/v1", api_key: sk-x}}
  - model_name: bencha/claude-sonnet-4-5
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: "http://127.0.0.1:{fast}", api_key: sk-x}}
"""

PORTKEY = """
// It has no option for its address, would listen on all of them, and relays for whoever asks.
const { Server } = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, host, done) {
  return listen.call(this, port, "127.0.0.1", done);
};
"""


ALL = frozenset({"1k", "1k_s", "200k", "anthropic_s", "to_anthropic_s", "to_openai_s", "paced_s"})
OURS = ALL | {"responses_s", "responses_kept_s"}
BARE_PORTS = (9100, 9101)
"""Where the bare prototype expects its upstreams."""


def bare_prototype() -> Path | None:
    """BENCH_PROTOTYPE names the folder of a program with nothing but the hot path."""
    folder = os.environ.get("BENCH_PROTOTYPE")
    return Path(folder).resolve() if folder else None


class Upstreams(msgspec.Struct, frozen=True):
    fast: int
    paced: int


class Peer:
    """One program in the table."""

    name = ""
    translates = False
    knows = ALL
    """The bodies it can be asked with."""

    def __init__(self) -> None:
        self.port = 0

    def available(self, peers: bool) -> bool:
        raise NotImplementedError

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        raise NotImplementedError

    def env(self, folder: Path) -> dict[str, str]:
        return {}

    def route(self, path: str, upstream: str, body: str) -> tuple[str, list[str]]:
        return path, ["Authorization: Bearer sk-bench"]

    def body(self, name: str) -> str:
        return name


class Nginx(Peer):
    name = "nginx"

    def available(self, peers: bool) -> bool:
        return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is not None

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port = port
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, fast=ups.fast, paced=ups.paced))
        folder.chmod(0o755)
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
        return [nginx, "-c", str(config), "-p", str(folder)]

    def route(self, path: str, upstream: str, body: str) -> tuple[str, list[str]]:
        return (f"/paced{path}" if upstream == "paced" else path), []


class Direct(Peer):
    """No gateway at all: what the upstream and the load generator take themselves."""

    name = "direct"

    def __init__(self) -> None:
        super().__init__()
        self.knows = ALL - {"paced_s"}

    def available(self, peers: bool) -> bool:
        return True

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port = ups.fast
        return []


class Bare(Peer):
    """The prototype of the hot path: no failover, no caps, no deadlines, no books."""

    name = "prototype"
    knows = frozenset({"1k", "1k_s", "200k", "paced_s"})

    def available(self, peers: bool) -> bool:
        return bare_prototype() is not None

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port = port
        home = bare_prototype()
        assert home is not None
        return ["env", f"PYTHONPATH={home}", sys.executable, str(home / "gwhybrid.py"), str(port)]

    def route(self, path: str, upstream: str, body: str) -> tuple[str, list[str]]:
        return path, ["Authorization: Bearer sk-bench-1"]

    def body(self, name: str) -> str:
        return f"{name}_bare"


class Trunkline(Peer):
    name = "trunkline"
    translates = True
    knows = OURS
    limits: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self._key = ""

    def available(self, peers: bool) -> bool:
        return True

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port = port
        folder = folder / self.name
        folder.mkdir(exist_ok=True)
        config = folder / "trunkline.toml"
        config.write_text(
            TRUNKLINE.format(folder=folder, port=port, fast=ups.fast, paced=ups.paced)
        )
        command = [sys.executable, "-m", "trunkline"]
        create = [*command, "keys", "create", "--name", "bench", "--config", str(config), "--json"]
        limits = [option for limit in self.limits for option in ("--limit", limit)]
        made = subprocess.run([*create, *limits], capture_output=True, check=True)
        self._key = msgspec.json.decode(made.stdout)["key"]
        return [*command, "serve", "--config", str(config), *self.options]

    def route(self, path: str, upstream: str, body: str) -> tuple[str, list[str]]:
        return path, [f"Authorization: Bearer {self._key}"]


class Limited(Trunkline):
    """Two workers, and a key under all kinds of limits, none of which is ever reached."""

    name = "limited"
    options = ("--workers", "2")
    limits = (
        "requests_per_minute=1000000000",
        "tokens_per_minute=1000000000000",
        "tokens_per_day=1000000000000",
        "concurrent_requests=100000",
        "cost_per_day_usd=100000",
        "cost_total_usd=1000000",
    )


class LiteLLM(Peer):
    """Expected in an environment of its own: BENCH_LITELLM names its `litellm` command."""

    name = "litellm"
    translates = True

    def available(self, peers: bool) -> bool:
        return peers and bool(os.environ.get("BENCH_LITELLM"))

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port = port
        config = folder / "litellm.yaml"
        config.write_text(LITELLM.format(fast=ups.fast, paced=ups.paced))
        command = os.environ["BENCH_LITELLM"]
        return [command, "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]

    def env(self, folder: Path) -> dict[str, str]:
        return {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": "sk-bench"}


class Portkey(Peer):
    """Portkey's open gateway, for Node: BENCH_PORTKEY names its `start-server.js`.

    Headers tell it the way. Its /v1/messages knows no OpenAI upstream, and what comes to
    /v1/responses it hands on as it is.
    """

    name = "portkey"
    translates = True
    knows = ALL - {"to_openai_s"}

    def __init__(self) -> None:
        super().__init__()
        self._ups = Upstreams(0, 0)

    def available(self, peers: bool) -> bool:
        return peers and bool(os.environ.get("BENCH_PORTKEY"))

    def prepare(self, folder: Path, ups: Upstreams, port: int) -> list[str]:
        self.port, self._ups = port, ups
        loopback = folder / "loopback.cjs"
        loopback.write_text(PORTKEY)
        server = os.environ["BENCH_PORTKEY"]
        return ["node", "--require", str(loopback), server, f"--port={port}", "--headless"]

    def env(self, folder: Path) -> dict[str, str]:
        return {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}

    def route(self, path: str, upstream: str, body: str) -> tuple[str, list[str]]:
        port = self._ups.paced if upstream == "paced" else self._ups.fast
        return path, [
            f"x-portkey-provider: {'anthropic' if 'anthropic' in body else 'openai'}",
            f"x-portkey-custom-host: http://127.0.0.1:{port}/v1",
            "Authorization: Bearer sk-x",
        ]

    def body(self, name: str) -> str:
        return f"{name}_bare"


PEERS: list[Peer] = [
    Direct(),
    Nginx(),
    Bare(),
    Trunkline(),
    Limited(),
    LiteLLM(),
    Portkey(),
]
