"""What the configuration keeps things in: records, shared counters, secrets."""

from pathlib import Path

from trunkline.config.errors import ConfigError
from trunkline.config.load import place_error
from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.keks import Keks, keks_of
from trunkline.storage.registry import STATES, STORAGES
from trunkline.storage.secrets import ADMIN_KEY_FILE, load_or_create, load_pepper
from trunkline.storage.spec import Storage, StorageSpec, Where
from trunkline.storage.state import Place, State
from trunkline.tenancy.admin import AdminGate, mint_admin_key
from trunkline.tenancy.keys import Mac
from trunkline.wiring.machine import Loaded, Machine, Problem


def secrets_of(machine: Machine, data: Path) -> tuple[Mac, AdminGate]:
    """What keys are hashed under, and who may manage everything. Raises ConfigError, StorageRefused."""
    try:
        mac = Mac(load_pepper(data, machine.entropy))
        return mac, AdminGate(_admin_key(data, machine), mac)
    except ValueError as error:  # a secret that protects nothing
        raise ConfigError("", str(error)) from None
    except OSError as error:
        raise StorageRefused(f"cannot use the data folder {data}: {error}") from error


def _admin_key(data: Path, machine: Machine) -> str | bytes:
    """From the environment, else generated once and kept readable by its owner alone."""
    entropy = machine.entropy
    preset = machine.environ.get("TRUNKLINE_ADMIN_KEY")
    return preset or load_or_create(data / ADMIN_KEY_FILE, lambda: mint_admin_key(entropy), entropy)


def keys_of_keys(data: Path, machine: Machine) -> Keks:
    """Under which tenants' credentials rest. Raises ConfigError."""
    try:
        return keks_of(machine.environ.get("TRUNKLINE_KEK"), data, machine.entropy)
    except ValueError as error:
        raise ConfigError("", f"TRUNKLINE_KEK: {error}") from None


def open_storage(loaded: Loaded, data: Path, mac: Mac, clock: Clock) -> Storage:
    """Raises ConfigError and StorageRefused."""
    where = Where(data, loaded[0].server.database, fingerprint_of(mac))
    return storage_spec(loaded).open(where, clock)


def fingerprint_of(mac: Mac) -> bytes:
    """Of the pepper, which whoever shares a database must have in common."""
    return mac(b"who shares this database")


def examine_storage(loaded: Loaded, data: Path) -> None:
    """Asks nobody. Raises ConfigError and StorageRefused."""
    storage_spec(loaded).examine(Where(data, loaded[0].server.database))


def storage_spec(loaded: Loaded) -> StorageSpec:
    """The kind of database that the configuration names. Raises ConfigError for none of ours."""
    config, text, file = loaded
    url = config.server.database
    scheme, _, rest = url.partition("://")
    for spec in STORAGES.values():
        if (rest and scheme in spec.schemes) or not (spec.schemes or url):
            return spec
    error = ConfigError("server.database", 'expected "postgresql://user:password@host/name"')
    raise place_error(error, text, file)


def open_state(loaded: Loaded, data: Path, worker: str, machine: Machine, tell: Problem) -> State:
    """The shared counters that the configuration asks for. Raises ConfigError and StorageRefused."""
    config, text, file = loaded
    url = config.server.state
    scheme, _, rest = url.partition("://")
    for spec in STATES.values():
        if (rest and scheme in spec.schemes) or not (spec.schemes or url):
            return spec.open(
                Place(data=data, url=url, holder=worker, clock=machine.clock, tell=tell)
            )
    error = ConfigError("server.state", 'expected "redis://:password@host/0"')
    raise place_error(error, text, file)
