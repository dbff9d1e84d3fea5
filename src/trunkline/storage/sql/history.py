"""The schema's history, in order: a literal list. A database is brought up to date at start."""

from trunkline.storage.sql.migrations.m001_keys import M001
from trunkline.storage.sql.migrations.m002_ledger import M002
from trunkline.storage.sql.migrations.m003_fewer_indexes import M003
from trunkline.storage.sql.migrations.m004_tenants import M004
from trunkline.storage.sql.migrations.m005_usage import M005
from trunkline.storage.sql.migrations.m006_webhooks import M006
from trunkline.storage.sql.migrations.m007_credentials import M007
from trunkline.storage.sql.migrations.m008_idempotency import M008
from trunkline.storage.sql.migrations.m009_responses import M009
from trunkline.storage.sql.migrations.m010_windows import M010
from trunkline.storage.sql.migrations.m011_bodies import M011
from trunkline.storage.sql.migrations.m012_sums import M012
from trunkline.storage.sql.migrations.m013_changes import M013
from trunkline.storage.sql.migrations.m014_unpriced import M014

MIGRATIONS = (
    M001,
    M002,
    M003,
    M004,
    M005,
    M006,
    M007,
    M008,
    M009,
    M010,
    M011,
    M012,
    M013,
    M014,
)
