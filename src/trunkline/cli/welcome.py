"""What a start prints: address, key, and a call to paste."""

import shlex
import sys
from pathlib import Path

from trunkline.storage.secrets import ADMIN_KEY_FILE, load_or_create
from trunkline.tenancy.wishes import NewKey
from trunkline.wiring.gateway import Gateway

FIRST_KEY_FILE = "first-key"
# Cheap and quick, for a first call: the first of these that is served.
_FIRST_CHOICES = (
    "gpt-4o-mini",
    "claude-haiku-4-5",
    "gemini-2.5-flash",
    "mistral-small-latest",
    "deepseek-chat",
    "smollm2-135m-instruct",
    "sim-chat",
)


async def welcome(gateway: Gateway, host: str, port: int, data: Path, *, workers: int = 1) -> None:
    """On standard output; the log goes to standard error."""
    base = address(host, port)
    names = gateway.rooms.router.table.names()
    model = next((name for name in _FIRST_CHOICES if name in names), None)
    if model is None:
        model = next((name for name in names if _chats(gateway, name)), "MODEL")
    key = await first_key(gateway, data)
    shown, sent = _key_as_told(key, data)
    providers = ", ".join(sorted(gateway.rooms.providers)) or "none: see trunkline.example.toml"
    preset = gateway.machine.environ.get("TRUNKLINE_ADMIN_KEY")
    admin_key = "as TRUNKLINE_ADMIN_KEY says" if preset else data / ADMIN_KEY_FILE
    lines = [
        f"Trunkline serves on {base}" + (f" with {workers} workers" if workers > 1 else ""),
        f"  OpenAI SDKs     base_url {base}/v1",
        f"  Anthropic SDKs  base_url {base}",
        f"  Gemini SDKs     base_url {base}",
        f"  API key         {shown}",
        f"  providers       {providers}",
        f"  control plane   {base}/admin/v1 (its key: {admin_key})",
        "",
        "Try it:",
        f"  curl {base}/v1/chat/completions \\",
        # In double quotes, or the shell would send the variable's or the command's name.
        f'    -H "Authorization: Bearer {sent}" \\',
        "    -H 'Content-Type: application/json' \\",
        f'    -d \'{{"model": "{model}", "messages": [{{"role": "user", "content": "Say hello."}}]}}\'',
        "",
    ]
    print("\n".join(lines))
    sys.stdout.flush()


def _chats(gateway: Gateway, name: str) -> bool:
    """Not so a model of a provider that only embeds."""
    rooms = gateway.rooms
    return rooms.router.table.resolve(name).deployments[0].dialect in rooms.clients


def _key_as_told(fresh: str | None, data: Path) -> tuple[str, str]:
    """(what to say of the key, what to send in the call): never the secret of an old one."""
    kept = data.absolute() / FIRST_KEY_FILE  # the call may be pasted in another folder
    if fresh:
        return f"{fresh} (from now on in {kept})", fresh
    if kept.exists():
        return f"in {kept}", f"$(cat {shlex.quote(str(kept))})"
    return "as handed out; `trunkline keys create` makes another", "$TRUNKLINE_KEY"


def address(host: str, port: int) -> str:
    """Where to reach, from this machine, what listens on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def cannot_listen(host: str, port: int, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"trunkline: cannot listen on {address(host, port)}: {reason}; "
        "choose another place with --host or --port"
    )


async def first_key(gateway: Gateway, data: Path) -> str | None:
    """
    A key, made when there is none, so that a first start has something to paste; else None.

    Kept beside the admin key, readable by its owner alone; delete the file when keys have
    been handed out. It is shown this once: what a start prints ends up in logs.
    """
    path = data / FIRST_KEY_FILE
    if path.exists() or await gateway.key_service.list():
        return None
    created = await gateway.key_service.create(NewKey(name="first key"))
    load_or_create(path, created.key.encode, gateway.machine.entropy)
    return created.key
