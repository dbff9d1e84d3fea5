"""Without a configuration: every known provider whose key stands in the environment, and what needs none."""

from collections.abc import Mapping

from msgspec import DecodeError, Raw, Struct, json

from trunkline.providers.rows import ProviderRow, ProviderRows

LOCAL, SIM, HTTP, BEDROCK = "local", "sim", "http", "bedrock"
_WITH_KEYS = (HTTP, BEDROCK)


class _Kind(Struct):
    kind: str = ""


def kind_of(name: str, raw: Raw) -> str:
    """Which line of the registry builds `[providers.NAME]`: its `kind`, else its name's own."""
    try:
        kind = json.decode(raw, type=_Kind).kind
    except DecodeError:
        kind = ""
    return kind or (name if name in (LOCAL, SIM, BEDROCK) else HTTP)


def discovered(rows: ProviderRows, environ: Mapping[str, str], *, local: bool) -> dict[str, Raw]:
    """Tables as the configuration might have held them. `local`: the embedded model is installed."""
    found: dict[str, Raw] = {}
    for name, row in rows.items():
        table = _table(row, environ)
        if table:
            found[name] = Raw(json.encode(table))
    if local:
        found[LOCAL] = Raw(b"{}")
    found[SIM] = Raw(b"{}")
    found[SIM + "-anthropic"] = Raw(b'{"kind":"sim","dialect":"anthropic-messages"}')
    return found


def _table(row: ProviderRow, environ: Mapping[str, str]) -> dict[str, str]:
    """Empty where the environment does not tell enough to call it."""
    if row.kind not in _WITH_KEYS:
        return {}
    table: dict[str, str] = {}
    key, url, region = (
        next((environ[name] for name in names if environ.get(name)), "")
        for names in (row.env, row.base_url_env, row.region_env)
    )
    if not key and not (row.key_optional and url):
        return {}
    if not url and not row.base_url:
        return {}
    if key:
        table["api_key"] = key
    if url:
        table["base_url"] = url
    if region:
        table["region"] = region
    return table
