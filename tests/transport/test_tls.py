"""Whom we believe."""

import ssl

import pytest
import trustme

from tests.transport.upstream import OK, always, call, run, serve, server_context
from trunkline.canon.errors import Unreachable
from trunkline.kernel.clock import SystemClock
from trunkline.transport.base import Origin
from trunkline.transport.http import HttpTransport
from trunkline.transport.tls import TlsContexts, client_context

ORIGIN_A = Origin("https", "a.example", 443)
ORIGIN_B = Origin("https", "b.example", 443)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def test_contexts_verify():
    """Chain and name are checked, TLS 1.2 is the least, and the authorities are not none."""
    context = client_context()

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)
    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version


def test_contexts_are_made_once():
    """Loading a bundle takes long; every origin without a file of its own shares one."""
    contexts = TlsContexts()
    first = contexts(ORIGIN_A)

    assert first is contexts(ORIGIN_B)
    assert "<TlsContexts 1 loaded>" == repr(contexts)


def test_an_extra_authority_counts_for_its_origin_alone(ca, tmp_path):
    """A company's own authority vouches for the company's own server."""
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(file)

    async def main():
        tls = server_context(ca, "127.0.0.1")
        async with serve(always(OK), tls=tls) as trusted, serve(always(OK), tls=tls) as other:
            contexts = TlsContexts({trusted.origin: file})
            transport = HttpTransport(SystemClock(), contexts)

            assert (200, b"ok") == await call(transport, trusted.post())
            with pytest.raises(Unreachable):
                await call(transport, other.post())
            await transport.aclose()

    run(main)


def test_an_extra_file_without_a_certificate_is_an_error(tmp_path):
    """Rather than trusting nobody, or everybody, in silence."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")

    with pytest.raises(OSError):
        client_context(file)
