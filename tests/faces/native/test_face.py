"""The native face adds nothing to what the dialects say."""

import pytest
from msgspec import Raw

from trunkline.canon.errors import Malformed, Overloaded
from trunkline.dialects.registry import DIALECTS, EMBEDDING_SERVERS, TEXT_ONLY
from trunkline.faces.native.face import SPEC, Native


@pytest.mark.parametrize("mount", SPEC.mounts)
def test_errors_are_the_dialects_own(mount):
    """Byte by byte."""
    server = {**DIALECTS, **TEXT_ONLY, **EMBEDDING_SERVERS}[mount.dialect]
    error = Overloaded("busy", retry_after=3)

    assert server.render_error(error, "req_1") == Native().refuse(error, "req_1", server)


def test_bodies_pass():
    """In both directions."""
    envelope = {"model": Raw(b'"m"'), "plexor_mode": Raw(b'"eco"')}

    assert not Native().prepare(envelope, {})
    assert {"model", "plexor_mode"} == set(envelope)
    assert b"not even JSON" == Native().extend(b"not even JSON", None)


@pytest.mark.parametrize("name", (b"x-trunkline-pipe", b"x-prxy-pipe"))
def test_a_pipeline_of_unknown_modules_is_refused(name):
    """All are, as yet: to be served without one is not what was asked for. An empty one is none."""
    with pytest.raises(Malformed, match="none yet") as refused:
        Native().prepare({}, {name: b"classify,cache"})

    assert name.decode() == refused.value.param
    assert not Native().prepare({}, {name: b""})


def test_where_it_stands():
    """The paths that the SDKs append to their base URL."""
    assert {
        b"/v1/chat/completions": "openai-chat",
        b"/v1/responses": "openai-responses",
        b"/v1/messages": "anthropic-messages",
        b"/v1/messages/count_tokens": "anthropic-messages",
        b"/v1/responses/input_tokens": "openai-responses",
        b"/v1/completions": "openai-completions",
        b"/v1/embeddings": "openai-embeddings",
        **{
            b"/%b/{model}:%b" % (version, method): "gemini"
            for version in (b"v1beta", b"v1beta1", b"v1")
            for method in (b"generateContent", b"streamGenerateContent", b"countTokens")
        },
        **{
            b"/%b/{model}:%b" % (version, method): "gemini-embeddings"
            for version in (b"v1beta", b"v1beta1", b"v1")
            for method in (b"embedContent", b"batchEmbedContents")
        },
    } == {mount.path: mount.dialect for mount in SPEC.mounts}
