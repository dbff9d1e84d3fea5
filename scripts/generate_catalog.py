"""
Write src/trunkline/catalog/models.json from the package genai-prices and our corrections.toml.

python -m scripts.generate_catalog
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices import types
from genai_prices.data import providers as source_providers
from msgspec.structs import replace

from scripts.catalog_prices import windows
from trunkline.catalog.catalog import Catalog
from trunkline.catalog.model import CatalogData, ModelRow, Window

FOLDER = Path(__file__).parents[1] / "src" / "trunkline" / "catalog"

# Spellings genai-prices understands and the provider does not: claude-4.5-opus, gpt-5-1.
FOREIGN = {
    "anthropic": re.compile(r"\.|^claude-[4-9](-\d)?-[a-z]+$"),
    "openai": re.compile(r"^gpt-(\d-\d|35)"),
}


class ProviderPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    sources: tuple[str, ...] = msgspec.field(name="from", default=())
    creator: str = ""
    keep: tuple[str, ...] = ("*",)
    drop: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    lower: bool = False
    path_ids: bool = False
    host_suffix: bool = False


class CreatorPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    creator: str
    match: tuple[str, ...]


class RulePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    match: tuple[str, ...]
    providers: tuple[str, ...] = ()
    kind_is: str = ""
    gaps: bool = False
    kind: str | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    has: tuple[str, ...] = ()


class ModelPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: str
    id: str
    rename: str = ""
    name: str = ""
    creator: str = ""
    created: str | None = None
    upstream: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None
    has: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()
    prices: tuple[Window, ...] = ()


class Corrections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    providers: tuple[ProviderPart, ...]
    creators: tuple[CreatorPart, ...]
    rules: tuple[RulePart, ...]
    models: tuple[ModelPart, ...]
    openrouter: dict[str, tuple[str, ...]]


def main() -> None:
    (FOLDER / "models.json").write_bytes(render(FOLDER / "corrections.toml"))


def render(corrections: Path) -> bytes:
    """The file: a line for each model, so that a change of price is a change of one line."""
    data = generate(msgspec.toml.decode(corrections.read_bytes(), type=Corrections))
    head = msgspec.json.encode(replace(data, models=()))
    lines = b",\n".join(msgspec.json.encode(row) for row in data.models)
    return head[:-2] + b"\n" + lines + b"\n]}\n"


def generate(corrections: Corrections) -> CatalogData:
    rows = [row for part in corrections.providers for row in provider_rows(part)]
    rows = amended(rows, corrections.models, [part.name for part in corrections.providers])
    creators = {part.name: part.creator for part in corrections.providers}
    rows = [with_creator(row, creators[row.provider], corrections.creators) for row in rows]
    for rule in corrections.rules:
        rows = [ruled(row, rule) for row in rows]
    data = CatalogData(
        version=corrections.version,
        source=f"genai-prices {version('genai-prices')}",
        fallbacks={part.name: part.fallbacks for part in corrections.providers if part.fallbacks},
        openrouter=corrections.openrouter,
        models=tuple(with_created(row) for row in rows),
    )
    return replace(data, models=tuple(resold(data)))


def provider_rows(part: ProviderPart) -> Iterator[ModelRow]:
    taken: set[str] = set()
    for source in source_providers:
        if source.id not in part.sources:
            continue
        for model in source.models:
            row = model_row(model, part, source.id)
            if not matches(row.id, part.keep) or matches(row.id, part.drop):
                continue
            if row.id.lower() in taken:
                continue
            taken.add(row.id.lower())
            yield row


def model_row(model: types.ModelInfo, part: ProviderPart, source: str) -> ModelRow:
    names = list(dict.fromkeys(equal_names(model.match)))
    identity = names[0] if part.path_ids else model.id
    suffix = ":" + source.partition("_")[2] if part.host_suffix else ""
    if part.lower:
        identity, names = identity.lower(), [name.lower() for name in names]
    foreign = FOREIGN.get(part.name)
    prefixes = list(dict.fromkeys(prefix_names(model.match)))
    mine = [name for name in names if not (foreign and foreign.search(name))]
    others = [name for name in (*names, *prefixes) if name not in mine and name not in prefixes]
    others += [name for name in prefixes if foreign and foreign.search(name)]
    prefixes = [name for name in prefixes if name not in others and "@" not in name]
    return ModelRow(
        provider=part.name,
        id=identity + suffix,
        name=model.name or "",
        context_window=model.context_window,
        aliases=unique((name + suffix for name in mine), identity + suffix),
        nicknames=unique(others, identity),
        prefixes=tuple(prefixes),
        deprecated=bool(model.deprecated),
        prices=windows(model),
    )


def unique(names: Iterable[str], identity: str) -> tuple[str, ...]:
    lowered = {name.lower(): name for name in names}
    lowered.pop(identity.lower(), None)
    return tuple(lowered.values())


def equal_names(clause: object) -> Iterator[str]:
    match clause:
        case types.ClauseEquals(equals=name) | types.ClauseEndsWith(ends_with=name):
            yield name
        case types.ClauseOr(or_=clauses):
            for inner in clauses:
                yield from equal_names(inner)
        case _:
            pass


def prefix_names(clause: object) -> Iterator[str]:
    """A "contains" is read as a beginning: what stands before it is another service's address."""
    match clause:
        case types.ClauseStartsWith(starts_with=name) | types.ClauseContains(contains=name):
            yield name
        case types.ClauseOr(or_=clauses):
            for inner in clauses:
                yield from prefix_names(inner)
        case types.ClauseAnd(and_=[first, *_]):
            yield from prefix_names(first)
        case _:
            pass


def amended(
    rows: Sequence[ModelRow], parts: Sequence[ModelPart], order: Sequence[str]
) -> list[ModelRow]:
    found = {(row.provider, row.id): row for row in rows}
    for part in parts:
        row = found.pop((part.provider, part.id), None)
        if row is None:
            row = ModelRow(provider=part.provider, id=part.id)
            if part.rename:
                raise ValueError(f"nothing to rename: {part.id}")
        row = patched(row, part)
        found[row.provider, row.id] = row
    return sorted(found.values(), key=lambda row: (order.index(row.provider), row.id.lower()))


def patched(row: ModelRow, part: ModelPart) -> ModelRow:
    identity = part.rename or row.id
    source_id = (row.id,) if part.rename and row.id not in row.aliases else ()
    nicknames = unique((*row.nicknames, *part.nicknames, *source_id), identity)
    taken = {name.lower() for name in nicknames}
    aliases = [name for name in (*row.aliases, *part.aliases) if name.lower() not in taken]
    return replace(
        row,
        id=identity,
        name=part.name or row.name,
        creator=part.creator or row.creator,
        created=part.created or row.created,
        upstream=part.upstream or row.upstream,
        context_window=part.context_window or row.context_window,
        max_output_tokens=part.max_output_tokens or row.max_output_tokens,
        capabilities=tuple(dict.fromkeys((*row.capabilities, *part.has))),
        aliases=unique(aliases, identity),
        nicknames=nicknames,
        prices=part.prices or row.prices,
    )


def with_creator(row: ModelRow, creator: str, parts: Sequence[CreatorPart]) -> ModelRow:
    if row.creator:
        return row
    named = (part.creator for part in parts if matches(row.id, part.match))
    return replace(row, creator=creator or next(named, ""))


def ruled(row: ModelRow, rule: RulePart) -> ModelRow:
    if rule.providers and row.provider not in rule.providers:
        return row
    if not matches(row.id, rule.match) or (rule.kind_is and rule.kind_is != row.kind):
        return row
    context, output = row.context_window, row.max_output_tokens
    if rule.context_window is not None and not (rule.gaps and context is not None):
        context = rule.context_window
    if rule.max_output_tokens is not None and not (rule.gaps and output is not None):
        output = rule.max_output_tokens
    return replace(
        row,
        kind=rule.kind or row.kind,
        context_window=context,
        max_output_tokens=output,
        capabilities=tuple(dict.fromkeys((*row.capabilities, *rule.has))),
    )


def with_created(row: ModelRow) -> ModelRow:
    """The earliest date in its names, where no better one is given."""
    if row.created is not None:
        return row
    names = (row.id, *row.aliases)
    dates = [f"{y}-{m}-{d}" for name in names for y, m, d in _DATE.findall(name)]
    if row.provider == "mistral":
        dates += [f"20{y}-{m}-01" for name in names for y, m in _YEAR_MONTH.findall(name)]
    return replace(row, created=min(dates)) if dates else row


_DATE = re.compile(r"(20[23]\d)-?([01]\d)-?([0-3]\d)(?!\d)")
_YEAR_MONTH = re.compile(r"-(2[3-9])([01]\d)$")


def resold(data: CatalogData) -> Iterator[ModelRow]:
    """A maker's row and OpenRouter's of the same model complete each other."""
    catalog = Catalog(data)
    makers: dict[str, ModelRow] = {}
    released: dict[str, str] = {}
    for row in data.models:
        known = catalog.openrouter_ids(row.id) if row.provider == "openrouter" else []
        maker = catalog.find(*known[0]) if known else None
        if maker is not None and maker.kind == row.kind:
            makers[row.key] = maker
            if row.created is not None:  # from the date in OpenRouter's permanent names
                released[maker.key] = min(row.created, released.get(maker.key, row.created))
    for row in data.models:
        maker = makers.get(row.key, row)
        yield replace(
            row,
            context_window=row.context_window or maker.context_window,
            max_output_tokens=row.max_output_tokens or maker.max_output_tokens,
            capabilities=tuple(dict.fromkeys((*row.capabilities, *maker.capabilities))),
            created=row.created or maker.created or released.get(row.key),
        )


def matches(name: str, patterns: Sequence[str]) -> bool:
    lowered = name.lower()
    return any(fnmatchcase(lowered, pattern) for pattern in patterns)


if __name__ == "__main__":
    main()
