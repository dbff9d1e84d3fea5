"""Every kind of provider, by name. Look-alikes are rows in catalog.toml, not kinds."""

from trunkline.kernel.registry import Registry
from trunkline.providers.base import ProviderSpec
from trunkline.providers.bedrock.provider import SPEC as BEDROCK
from trunkline.providers.http.provider import SPEC as HTTP
from trunkline.providers.local.provider import SPEC as LOCAL
from trunkline.providers.sim.provider import SPEC as SIM
from trunkline.providers.sim.server import serve_forever

PROVIDERS: Registry[ProviderSpec] = Registry([HTTP, BEDROCK, LOCAL, SIM])

simulate = serve_forever
"""The simulator as a server of its own, for `trunkline sim`."""
