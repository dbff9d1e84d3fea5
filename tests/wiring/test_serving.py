"""Tests of wiring/serving.py: what is served where."""

from msgspec import json

from tests.gateway import World, within
from trunkline.config.schema import ServerConfig
from trunkline.wiring.serving import edge, endpoints


def test_every_face_is_mounted(tmp_path):
    """By method and path."""
    mounted = set[tuple[bytes, bytes]]()

    async def test(w):
        mounted.update(endpoints(w.gateway))

    within(tmp_path, test)

    assert {
        (b"POST", b"/v1/chat/completions"),
        (b"POST", b"/v1/messages"),
        (b"POST", b"/v1/messages/count_tokens"),
        (b"POST", b"/v1/responses"),
        (b"POST", b"/v1/responses/input_tokens"),
        (b"POST", b"/v1/completions"),
        (b"POST", b"/v1/embeddings"),
        (b"POST", b"/api/v1/completions"),
        (b"POST", b"/api/v1/embeddings"),
        (b"POST", b"/gateway/openai/v1/chat/completions"),
        (b"POST", b"/gateway/anthropic/v1/messages"),
        (b"POST", b"/gateway/anthropic/v1/messages/count_tokens"),
        (b"POST", b"/api/v1/chat/completions"),
        *(
            (b"POST", b"/%b/{model}:%b" % (version, method))
            for version in (b"v1beta", b"v1beta1", b"v1")
            for method in (
                *(b"generateContent", b"streamGenerateContent", b"countTokens"),
                *(b"embedContent", b"batchEmbedContents"),
            )
        ),
    } == mounted


def test_the_edge_counts_in_the_statistics(tmp_path):
    """Once there is one; limits and stages come from the configuration."""

    async def test(w: World) -> None:
        assert "edge" not in w.gateway.statistics()
        made = edge(w.gateway, ServerConfig(max_body_bytes=7, drain_timeout=1.0))

        assert 7 == made.context.limits.body_bytes
        assert made.statistics() == w.gateway.statistics()["edge"]
        assert b"trunkline_edge_requests_total 0\n" in (await w.ask("GET", "/metrics")).body

    within(tmp_path, test)


def test_unknown_paths_are_told_what_there_is(tmp_path):
    """In JSON, by the control plane, with the hot paths among the hints."""

    async def test(w: World) -> None:
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completion",
            "raw_path": b"/v1/chat/completion",
            "headers": [],
        }
        made = edge(w.gateway, ServerConfig())
        await made._application(scope, None, send)

        assert 404 == sent[0]["status"]
        assert (
            "did you mean /v1/chat/completions" in json.decode(sent[1]["body"])["error"]["message"]
        )

    within(tmp_path, test)
