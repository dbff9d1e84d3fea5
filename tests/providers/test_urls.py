"""Base URLs: every form people write, joined to one address or refused without being quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers.urls import Address, fill_model, is_loopback, join_url
from trunkline.transport.base import Origin

OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"
CHAT, MESSAGES = "/chat/completions", "/v1/messages"


@pytest.mark.parametrize(
    "base_url, expected",
    (
        ("https://api.openai.com/v1", ("https", "api.openai.com", 443, "/v1/chat/completions")),
        ("https://api.openai.com/v1/", ("https", "api.openai.com", 443, "/v1/chat/completions")),
        ("https://api.openai.com/v1///", ("https", "api.openai.com", 443, "/v1/chat/completions")),
        ("http://127.0.0.1:9100/v1", ("http", "127.0.0.1", 9100, "/v1/chat/completions")),
        ("http://localhost", ("http", "localhost", 80, "/chat/completions")),
        ("https://H.Example:8443/a/b", ("https", "h.example", 8443, "/a/b/chat/completions")),
        ("http://[::1]:8080/v1", ("http", "::1", 8080, "/v1/chat/completions")),
        ("http://[2001:DB8::1]/v1", ("http", "2001:db8::1", 80, "/v1/chat/completions")),
        ("HTTPS://api.x.ai/v1", ("https", "api.x.ai", 443, "/v1/chat/completions")),
        (
            "https://bücher.example/v1",
            ("https", "xn--bcher-kva.example", 443, "/v1/chat/completions"),
        ),
        ("http://my_box:1/v1", ("http", "my_box", 1, "/v1/chat/completions")),
    ),
)
def test_openai_base_urls_stand_as_their_sdk_takes_them(
    base_url: str, expected: tuple[str, str, int, str]
) -> None:
    """The version is part of them; slashes at the end do no harm."""
    assert expected == join_url(base_url, OPENAI, CHAT)


@pytest.mark.parametrize(
    "base_url, path",
    (
        ("https://api.anthropic.com", "/v1/messages"),
        ("https://api.anthropic.com/", "/v1/messages"),
        ("https://api.anthropic.com/v1", "/v1/messages"),
        ("https://api.anthropic.com/v1/", "/v1/messages"),
        ("https://api.deepseek.com/anthropic", "/anthropic/v1/messages"),
        ("https://api.deepseek.com/anthropic/v1", "/anthropic/v1/messages"),
        ("https://host.example/xv1", "/xv1/v1/messages"),
    ),
)
def test_anthropic_base_urls_have_no_version(base_url: str, path: str) -> None:
    """One that has it is accepted, and it is not doubled."""
    assert path == join_url(base_url, ANTHROPIC, MESSAGES).path


def test_cohere_base_urls_have_no_version_either() -> None:
    """Its own SDKs add /v2; base URLs of others end in it."""
    for base_url in ("https://api.cohere.com", "https://api.cohere.com/v2/"):
        assert "/v2/chat" == join_url(base_url, "cohere-chat", "/v2/chat").path
        assert "/v2/embed" == join_url(base_url, "cohere-embeddings", "/v2/embed").path
        assert "/v1/models" == join_url(base_url, "cohere-chat", "/v1/models").path


@pytest.mark.parametrize(
    "base_url, path",
    (
        ("https://generativelanguage.googleapis.com", "/v1beta/models/m"),
        ("https://generativelanguage.googleapis.com/", "/v1beta/models/m"),
        ("https://generativelanguage.googleapis.com/v1beta", "/v1beta/models/m"),
        ("https://generativelanguage.googleapis.com/v1", "/v1/models/m"),
        ("https://gw.example/gemini", "/gemini/v1beta/models/m"),
        ("https://x.example/v1/projects/p/publishers/google", "/v1/projects/p/publishers/google/models/m"),
    ),
)  # fmt: skip
def test_gemini_base_urls_have_no_version(base_url: str, path: str) -> None:
    """Its SDKs add /v1beta; another may be asked for, and Vertex AI's stands in the middle."""
    assert path == join_url(base_url, "gemini", "/models/m").path


def test_a_path_override_is_not_shortened() -> None:
    """The version leaves the base only where the path brings it."""
    assert "/v1/other" == join_url("https://h.example/v1", ANTHROPIC, "/other").path


@pytest.mark.parametrize(
    "base_url",
    (
        "",
        "api.openai.com/v1",
        "ftp://h.example",
        "https://",
        "https://:443/v1",
        "https://user:secret@h.example/v1",
        "https://secret@h.example/v1",
        "https://h.example/v1?key=secret",
        "https://h.example/v1#secret",
        "https://h.example/v1?",
        "https://h.example:0/v1",
        "https://h.example:65536/v1",
        "https://h.example:secret/v1",
        "https://h example/v1",
        "https://h.example/v1\r\nx: secret",
        "https://h.example\\@secret/v1",
        "https://-h.example/v1",
        "https://h..example%2f/v1",
        "http://[::1/v1",
        "http://[secret]/v1",
        "http://h.example/vé",
    ),
)
def test_doubtful_urls_are_refused(base_url: str) -> None:
    """The message says what was expected, and never shows what may be a secret."""
    with pytest.raises(ValueError, match=r"^base_url: ") as caught:
        join_url(base_url, OPENAI, CHAT)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40), st.sampled_from((OPENAI, ANTHROPIC)))
def test_only_value_errors_come_out(text: str, dialect: str) -> None:
    """Whatever stands in a configuration, it is an address or a ValueError."""
    for base_url in (text, "https://" + text, "http://[" + text):
        try:
            address = join_url(base_url, dialect, CHAT)
        except ValueError:
            continue
        assert address.host
        assert 0 < address.port < 65536
        assert address.path.endswith(CHAT)


def test_an_address_has_its_origin() -> None:
    """What connections are pooled by."""
    assert Origin("https", "h", 443) == Address("https", "h", 443, "/v1").origin


@pytest.mark.parametrize(
    "model, path",
    (
        ("gpt-4o", "/openai/deployments/gpt-4o/chat?api-version=1"),
        ("a/b c?", "/openai/deployments/a%2Fb%20c%3F/chat?api-version=1"),
    ),
)
def test_a_model_takes_its_place_in_a_path(model: str, path: str) -> None:
    """Escaped, so that no name can change the path."""
    assert path == fill_model("/openai/deployments/{model}/chat?api-version=1", model)


@pytest.mark.parametrize(
    "base_url, expected",
    (
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://10.0.0.1/v1", False),
        ("https://127.example.com/v1", False),
        ("https://localhost.example.com", False),
    ),
)
def test_this_machine_is_told_from_others(base_url: str, expected: bool) -> None:
    """By the address alone, without a look-up."""
    assert expected == is_loopback(base_url)
