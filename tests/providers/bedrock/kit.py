"""A provider as wiring would build it."""

import msgspec

from tests.providers.bedrock.test_signing import At
from trunkline.catalog.catalog import Catalog
from trunkline.dialects.base import Encoded
from trunkline.providers.base import Surroundings
from trunkline.providers.bedrock.provider import SPEC
from trunkline.providers.rows import ProviderRows

CATALOG = Catalog.load()
ROWS = ProviderRows.load()
ACCESS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}


def build(name="bedrock", /, **table):
    lent = Surroundings(
        transport=None,
        clock=At(),
        catalog=CATALOG,
        rows=ROWS,
        entropy=bytes,
        dice=float,
        dialects=("bedrock-converse",),
    )
    return SPEC.build(name, msgspec.Raw(msgspec.json.encode(table)), lent)


def request(provider, model="m", path="/model/m/converse", body=b"{}"):
    place = provider.deployment(model)
    return provider.request(place, path, Encoded(body), provider.credentials[0])
