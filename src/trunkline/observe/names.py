"""
Metric and attribute names, in one place.

OpenTelemetry's GenAI conventions are still marked Development (seen 2026-11-21): when they
move, only this file does.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
FINISH_REASONS = "gen_ai.response.finish_reasons"


class Metric(Struct, frozen=True):
    """A metric as Prometheus sees it (prometheus.io, Metric and label naming, seen 2026-11-21)."""

    name: str
    """With its unit, in base units; "_total" at the end of what only grows."""
    kind: Literal["counter", "gauge", "untyped"]
    help: str
    label: str = ""
    """What tells apart the numbers of a mapping, or the words of a state."""
    states: tuple[str, ...] = ()
    """Of a word: each is a series, 1 for the word it is now."""
    scale: float = 1
    """What the statistic is multiplied by, to come to base units."""


METRICS: Mapping[str, Metric] = {
    "edge.open_connections": Metric(
        "trunkline_edge_open_connections", "gauge", "Connections that clients hold."
    ),
    "edge.active_requests": Metric(
        "trunkline_edge_active_requests", "gauge", "Requests being answered or settled."
    ),
    "edge.connections": Metric(
        "trunkline_edge_connections_total", "counter", "Connections that clients opened."
    ),
    "edge.hot_requests": Metric(
        "trunkline_edge_requests_total", "counter", "Requests given to an endpoint."
    ),
    "edge.fall_through_requests": Metric(
        "trunkline_edge_control_requests_total", "counter", "Requests that were no endpoint's."
    ),
    "edge.refused": Metric(
        "trunkline_edge_refused_total", "counter", "Requests refused before a plan.", "reason"
    ),
    "edge.cancelled": Metric(
        "trunkline_edge_cancelled_total", "counter", "Requests whose client left before the end."
    ),
    "edge.bugs": Metric(
        "trunkline_edge_bugs_total", "counter", "Failures of our own that came as far as the edge."
    ),
    "edge.draining": Metric("trunkline_edge_draining", "gauge", "1 while finishing before a stop."),
    "routing.health": Metric(
        "trunkline_target_health",
        "gauge",
        "The state of a deployment's breaker: 1 for the one it is in.",
        "state",
        ("closed", "half_open", "open"),
    ),
    "routing.latency_ms": Metric(
        "trunkline_target_first_content_seconds",
        "gauge",
        "Until a deployment's first content, smoothed.",
        scale=0.001,
    ),
    "routing.successes": Metric(
        "trunkline_target_successes_total", "counter", "Attempts that a deployment answered."
    ),
    "routing.failures": Metric(
        "trunkline_target_failures_total", "counter", "Attempts that failed at a deployment."
    ),
    "transport.open": Metric(
        "trunkline_transport_open_connections", "gauge", "Connections to upstreams."
    ),
    "transport.idle": Metric(
        "trunkline_transport_idle_connections", "gauge", "Of these, kept for another request."
    ),
    "transport.connecting": Metric(
        "trunkline_transport_connecting", "gauge", "Connections to upstreams being opened."
    ),
    "transport.requests": Metric(
        "trunkline_transport_requests_total", "counter", "Requests sent to upstreams."
    ),
    "transport.opened": Metric(
        "trunkline_transport_opened_total", "counter", "Connections opened to upstreams."
    ),
    "transport.retried": Metric(
        "trunkline_transport_retried_total",
        "counter",
        "Requests sent again because a kept connection turned out to be closed.",
    ),
    "transport.timed_out": Metric(
        "trunkline_transport_timed_out_total", "counter", "Requests that ran out of time."
    ),
    "ledger.journal.segment": Metric(
        "trunkline_journal_segment", "gauge", "The journal file being written."
    ),
    "ledger.journal.written": Metric(
        "trunkline_journal_written_bytes_total", "counter", "Bytes written to the journal."
    ),
    "ledger.journal.held": Metric(
        "trunkline_journal_held_records", "gauge", "Records waiting for the disk to take them."
    ),
    "ledger.journal.lost": Metric(
        "trunkline_journal_lost_records_total",
        "counter",
        "Records given up because too many were waiting.",
    ),
    "ledger.journal.failures": Metric(
        "trunkline_journal_failures_total", "counter", "Writes that the disk refused."
    ),
    "ledger.mover.moved.segment": Metric(
        "trunkline_ledger_moved_segment", "gauge", "The journal file the database has come to."
    ),
    "ledger.mover.moved.offset": Metric(
        "trunkline_ledger_moved_offset_bytes", "gauge", "And how far within it."
    ),
    "ledger.mover.behind": Metric(
        "trunkline_ledger_behind_bytes", "gauge", "Of the journal, not yet in the database."
    ),
    "ledger.mover.batches": Metric(
        "trunkline_ledger_batches_total", "counter", "Batches moved to the database."
    ),
    "ledger.mover.failures": Metric(
        "trunkline_ledger_failures_total", "counter", "Batches that the database refused."
    ),
    "ledger.mover.damaged_bytes": Metric(
        "trunkline_ledger_damaged_bytes_total", "counter", "Of the journal, could not be read."
    ),
    "ledger.mover.away": Metric(
        "trunkline_ledger_away_seconds", "gauge", "Since the database took a batch it was given."
    ),
    "ledger.recovered.workers": Metric(
        "trunkline_recovered_workers", "gauge", "Dead workers whose journal this start found."
    ),
    "ledger.recovered.orphaned": Metric(
        "trunkline_recovered_requests", "gauge", "Requests that were open when these died."
    ),
    "ledger.recovered.damaged": Metric(
        "trunkline_recovered_damages", "gauge", "Stretches of their journals that were unreadable."
    ),
    "keys.keys": Metric("trunkline_keys", "gauge", "Virtual keys, revoked and expired ones too."),
    "keys.version": Metric(
        "trunkline_keys_version", "gauge", "Changes with every change of any key."
    ),
    "tokens.issuers": Metric(
        "trunkline_token_issuers", "gauge", "Issuers whose tokens are believed."
    ),
    "tokens.remembered": Metric(
        "trunkline_tokens_remembered", "gauge", "Tokens found good that need no second check."
    ),
    "tokens.checked": Metric(
        "trunkline_tokens_checked_total", "counter", "Tokens whose signature was checked."
    ),
    "tokens.refused": Metric(
        "trunkline_tokens_refused_total", "counter", "Of these, found wanting."
    ),
    "issuers.issuers": Metric(
        "trunkline_jwks_issuers", "gauge", "Issuers that publish their keys."
    ),
    "issuers.keys": Metric("trunkline_jwks_keys", "gauge", "Keys that they published."),
    "issuers.failing": Metric(
        "trunkline_jwks_failing", "gauge", "Issuers that could not be asked the last time."
    ),
    "credentials.credentials": Metric(
        "trunkline_own_credentials", "gauge", "Credentials that tenants brought."
    ),
    "credentials.tenants": Metric(
        "trunkline_own_credentials_tenants", "gauge", "Tenants that brought any."
    ),
    "credentials.closed": Metric(
        "trunkline_own_credentials_closed", "gauge", "Of these credentials, cannot be opened."
    ),
    "limits.counters": Metric(
        "trunkline_limit_counters", "gauge", "Counters of limits, or owners of some, that are kept."
    ),
    "limits.leases": Metric(
        "trunkline_limit_leases", "gauge", "Requests that hold a place, tokens or money reserved."
    ),
    "limits.degraded": Metric(
        "trunkline_limits_degraded", "gauge", "1 while the shared counters are out of reach."
    ),
    "counters.settled": Metric(
        "trunkline_limits_settled_total",
        "counter",
        "Reservations of dead workers that were settled by the ledger.",
    ),
    "counters.restored": Metric(
        "trunkline_limits_restored_total", "counter", "Times that lost counters were built anew."
    ),
    "counters.waiting": Metric(
        "trunkline_limits_waiting", "gauge", "Reservations of dead workers whose end is not known."
    ),
    "storage.schema": Metric("trunkline_storage_schema", "gauge", "The database's last migration."),
    "catalog.models": Metric("trunkline_catalog_models", "gauge", "Models in the catalogue."),
    "catalog.priced": Metric("trunkline_catalog_priced_models", "gauge", "Of these, with a price."),
    "catalog.providers": Metric(
        "trunkline_catalog_providers", "gauge", "Providers in the catalogue."
    ),
    "models.listed": Metric(
        "trunkline_listed_models", "gauge", "Models on the lists of the configured providers."
    ),
    "models.failing": Metric(
        "trunkline_failing_lists", "gauge", "Providers whose list could not be had the last time."
    ),
    "conversations.kept": Metric(
        "trunkline_responses_kept_total", "counter", "Answers stored for clients to come back to."
    ),
    "conversations.deleted": Metric(
        "trunkline_responses_deleted_total", "counter", "Stored answers that clients deleted."
    ),
    "conversations.expired": Metric(
        "trunkline_responses_expired_total", "counter", "Stored answers that grew too old."
    ),
    "conversations.retention_seconds": Metric(
        "trunkline_responses_retention_seconds", "gauge", "How long answers are kept."
    ),
    "idempotency.running": Metric(
        "trunkline_idempotency_running", "gauge", "Requests with an Idempotency-Key under way here."
    ),
    "idempotency.ran": Metric(
        "trunkline_idempotency_ran_total", "counter", "Requests with an Idempotency-Key that ran."
    ),
    "idempotency.replayed": Metric(
        "trunkline_idempotency_replayed_total", "counter", "Answers given again, unbilled."
    ),
    "idempotency.waiting": Metric(
        "trunkline_idempotency_waiting_total",
        "counter",
        "Requests told to come back: the first under their key was still under way.",
    ),
    "idempotency.mismatched": Metric(
        "trunkline_idempotency_mismatched_total",
        "counter",
        "Requests refused: something else was asked under their key.",
    ),
    "idempotency.retention_seconds": Metric(
        "trunkline_idempotency_retention_seconds", "gauge", "How long such answers are kept."
    ),
    "bodies.logging": Metric("trunkline_bodies_logging", "gauge", "1 while bodies are logged."),
    "bodies.waiting": Metric(
        "trunkline_bodies_waiting", "gauge", "Requests whose bodies wait to be written."
    ),
    "bodies.waiting_bytes": Metric(
        "trunkline_bodies_waiting_bytes", "gauge", "The size of these bodies."
    ),
    "bodies.logged": Metric(
        "trunkline_bodies_logged_total", "counter", "Requests whose bodies were written."
    ),
    "bodies.dropped": Metric(
        "trunkline_bodies_dropped_total", "counter", "Those dropped: too many were waiting."
    ),
    "bodies.failed": Metric(
        "trunkline_bodies_failed_total", "counter", "Those dropped: they could not be redacted."
    ),
    "bodies.expired": Metric(
        "trunkline_bodies_expired_total", "counter", "Those that grew too old."
    ),
    "background.running": Metric(
        "trunkline_background_responses", "gauge", "Background responses being made here."
    ),
    "background.begun": Metric(
        "trunkline_background_begun_total", "counter", "Background responses that clients began."
    ),
    "background.taken_over": Metric(
        "trunkline_background_taken_over_total",
        "counter",
        "Background responses begun anew after another worker or an earlier start.",
    ),
    "background.refused": Metric(
        "trunkline_background_refused_total", "counter", "Background responses refused for room."
    ),
    "background.cancelled": Metric(
        "trunkline_background_cancelled_total", "counter", "Background responses cancelled."
    ),
    "webhooks.in_flight": Metric(
        "trunkline_webhooks_in_flight", "gauge", "Attempts to deliver a webhook under way."
    ),
    "webhooks.failing": Metric(
        "trunkline_webhooks_failing_endpoints", "gauge", "Endpoints that failed times in a row."
    ),
    "webhooks.attempts": Metric(
        "trunkline_webhooks_attempts_total", "counter", "Attempts to deliver a webhook."
    ),
    "webhooks.delivered": Metric(
        "trunkline_webhooks_delivered_total", "counter", "Webhooks that were taken."
    ),
    "webhooks.failed": Metric(
        "trunkline_webhooks_failed_total", "counter", "Attempts that another will follow."
    ),
    "webhooks.dead": Metric(
        "trunkline_webhooks_dead_total", "counter", "Webhooks given up after the last attempt."
    ),
}
"""By the place of the statistic: room and field. What is not here is shown all the same, untyped."""
