"""Requests as attackers and broken clients send them, and what must come back."""

from collections.abc import Iterator

# `@` stands for the path: each row is tried on the hot path and on the application's.
_HOST = "Host: localhost\r\n"


def _request(*lines: str, body: str = "", target: str = "@", version: str = "HTTP/1.1") -> bytes:
    head = "".join(f"{line}\r\n" for line in lines)
    return f"POST {target} {version}\r\n{head}\r\n{body}".encode("latin-1")


def _hosts() -> Iterator[tuple[str, int, bytes]]:
    yield "host missing", 400, _request("Content-Length: 0")
    yield "host missing in HTTP/1.0", 400, _request("Content-Length: 0", version="HTTP/1.0")
    yield "host twice", 400, _request("Host: localhost", "Host: localhost")
    yield "host twice, other case", 400, _request("Host: localhost", "hOST: evil")
    for host in (
        *(
            "",
            " ",
            "a/v1/models?",
            "a?b",
            "a#b",
            "a b",
            "a\tb",
            "user@a",
            "a,b",
            "a;b",
            '"a"',
            "<a>",
        ),
        *("a:", "a:port", "a:80:80", "a:99999", "a:-1", "a:123456", "::1", "[::1", "::1]", "[]"),
        *("[zz]", "[1.2.3.4]", "[::1%25eth0]", "[:::]", "a\\b", "a%2fb", "%61", "\xe9", "a\x7f"),
        *("-a", ".a", "a" * 300, "http://a", "a'b", "(a)", "a|b", "a=b", "{a}", "a\x0bb"),
    ):
        yield f"host {host[:20]!r}", 400, _request(f"Host: {host}", "Content-Length: 0")


def _framing() -> Iterator[tuple[str, int, bytes]]:
    chunked, empty = "Transfer-Encoding: chunked", "0\r\n\r\n"
    smuggled = "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    host = "Host: localhost"
    for name, lines, body in (
        ("length and chunked", (host, "Content-Length: 5", chunked), smuggled),
        ("chunked and length", (host, chunked, "Content-Length: 5"), smuggled),
        ("length twice, equal", (host, "Content-Length: 1", "Content-Length: 1"), "x"),
        ("length twice, unequal", (host, "Content-Length: 1", "Content-Length: 44"), smuggled),
        ("chunked twice", (host, chunked, chunked), empty),
        ("chunked and identity in two", (host, chunked, "Transfer-Encoding: identity"), empty),
        ("length space colon", (host, "Content-Length : 0"), ""),
        ("chunked space colon", (host, "Transfer-Encoding : chunked"), empty),
        ("chunked tab colon", (host, "Transfer-Encoding\t: chunked"), empty),
        ("folded header", (host, "X: a", " b"), ""),
        ("folded chunked", (host, "Transfer-Encoding:", " chunked"), empty),
        ("space before the first header", (" " + host,), ""),
        ("header without colon", (host, "Nonsense"), ""),
        ("header without name", (host, ": x"), ""),
        ("space in a header name", (host, "X Y: z"), ""),
        ("NUL in a header name", (host, "X\0Y: z"), ""),
        ("NUL in a header value", (host, "X: a\0b"), ""),
        ("bare CR in a header value", (host, "X: a\rb"), ""),
        ("bare CR before a header", (host, "X: a\rTransfer-Encoding: chunked"), empty),
        ("bare LF between headers", (host, "X: a\nContent-Length: 0"), ""),
        ("non-ASCII header name", (host, "X\xe9: a"), ""),
        ("underscore lookalike", (host, "Content_Length: 5", "Content-Length: 5x"), "hello"),
    ):
        yield name, 400, _request(*lines, body=body)
    for value in (
        *("+5", "-1", "0x5", "5 5", "5,5", "5, 5", "", "5;", "five", "1e1", "5.0", "\x0b5", "0_5"),
        *("99999999999999999999", "18446744073709551616"),
    ):
        yield f"length {value!r}", 400, _request(host, f"Content-Length: {value}", body="hello")
    for value in (
        *("identity", "gzip", "gzip, chunked", "chunked, identity", "chunked, chunked", "xchunked"),
        *(
            "chunked;q=1",
            "chunked,",
            ", chunked",
            '"chunked"',
            "chunk",
            "",
            "\x0bchunked",
            "CHUNKEDX",
        ),
    ):
        yield f"coding {value!r}", 400, _request(host, f"Transfer-Encoding: {value}", body=empty)
    yield "chunked in HTTP/1.0", 400, _request(host, chunked, body=empty, version="HTTP/1.0")
    for body in (
        *("zz\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "-1\r\n\r\n", "+5\r\nhello\r\n"),
        *("\r\n\r\n", "5hello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\nhello\n0\n\n"),
        *("FFFFFFFFFFFFFFFFF\r\nx\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n"),
        *("0\r\nBad Trailer\r\n\r\n", "0\r\nX: a\nY: b\r\n\r\n", "5;a=\0\r\nhello\r\n0\r\n\r\n"),
    ):
        yield f"chunks {body[:12]!r}", 400, _request(host, chunked, body=body)


def _lines() -> Iterator[tuple[str, int, bytes]]:
    for name, line in (
        ("no method", " @ HTTP/1.1"),
        ("lower-case method", "post @ HTTP/1.1"),
        ("unknown method", "HACK @ HTTP/1.1"),
        ("tabs", "POST\t@\tHTTP/1.1"),
        ("no target", "POST HTTP/1.1"),
        ("lower-case version", "POST @ http/1.1"),
        ("version 1.2", "POST @ HTTP/1.2"),
        ("version 11", "POST @ HTTP/11"),
        ("bad version", "POST @ HTTP/1.x"),
        ("something behind", "POST @ HTTP/1.1 x"),
        ("another protocol", "POST @ XTTP/1.1"),
        ("NUL in the target", "POST @\0 HTTP/1.1"),
        ("space in the target", "POST @ x HTTP/1.1"),
        ("non-ASCII query", "POST @?a=\xe9 HTTP/1.1"),
        ("control byte in the query", "POST @?a=\x01 HTTP/1.1"),
        ("fragment", "POST @#x HTTP/1.1"),
        ("fragment in the query", "POST @?a#x HTTP/1.1"),
        ("absolute form", "POST http://localhost@ HTTP/1.1"),
        ("absolute form elsewhere", "POST http://evil@ HTTP/1.1"),
        ("without slash", "POST x@ HTTP/1.1"),
        ("asterisk", "OPTIONS * HTTP/1.1"),
        ("connect", "CONNECT localhost:80 HTTP/1.1"),
        ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n"),
        ("SSH", "SSH-2.0-OpenSSH_9.2"),
        ("nothing but noise", "\xff\xfe\xfd\xfc"),
    ):
        yield name, 400, f"{line}\r\n{_HOST}\r\n".encode("latin-1")
    yield "LF alone in the request line", 400, b"POST @ HTTP/1.1\nHost: localhost\n\n"
    yield "version 0.9", 505, _request("Host: localhost", version="HTTP/0.9")
    yield "version 2.0", 505, _request("Host: localhost", version="HTTP/2.0")
    yield "no version", 505, b"GET @\r\nHost: localhost\r\n\r\n"


def _sizes() -> Iterator[tuple[str, int, bytes]]:
    host = "Host: localhost"
    yield "101 headers", 431, _request(host, *(f"X-{n}: 1" for n in range(100)))
    yield "2000 headers", 431, _request(host, *(f"X-{n}: 1" for n in range(2000)))
    yield "one header 101 times", 431, _request(host, *(["X: 1"] * 100))
    yield "80 KB in one header", 431, _request(host, "X: " + "a" * 80_000)
    yield "80 KB in many headers", 431, _request(host, *(f"X-{n}: {'a' * 1000}" for n in range(80)))
    yield "80 KB in a name", 431, _request(host, "X" * 80_000 + ": a")
    yield "9 KB of query", 414, _request(host, target="@?" + "a" * 9000)
    yield "9 KB of path", 414, _request(host, target="@/" + "a" * 9000)
    yield "300 KB of path", 414, _request(host, target="@/" + "a" * 300_000)
    yield "a length over the cap", 413, _request(host, f"Content-Length: {(64 << 20) + 1}")
    yield "a length of 17 digits", 413, _request(host, "Content-Length: 10000000000000000")
    yield "gzip", 415, _request(host, "Content-Encoding: gzip", "Content-Length: 1", body="x")
    yield "br twice", 415, _request(host, "Content-Encoding: br", "Content-Encoding: br")
    yield "an odd expectation", 417, _request(host, "Expect: 200-ok")
    yield "two expectations", 400, _request(host, "Expect: 100-continue", "Expect: 100-continue")


ANYWHERE: tuple[tuple[str, int, bytes], ...] = (*_hosts(), *_framing(), *_lines(), *_sizes())
"""Name, status, bytes with `@` for the path."""

PATHS: tuple[str, ...] = (
    *("//hot", "/hot//", "/a//b", "//evil/hot", "/.", "/..", "/./hot", "/../hot", "/a/../hot"),
    *(
        "/hot/.",
        "/hot/..",
        "/a/..;/hot/..",
        "/%2e/hot",
        "/%2e%2e/hot",
        "/a/%2E%2E/hot",
        "/.%2e/hot",
    ),
    *("/a%2fb", "/a%2Fb", "/hot%2f..", "/a%5cb", "/a\\b", "/..\\hot", "/a%5C..%5Chot", "/%68ot"),
    *("/hot%00", "/hot%0a", "/hot%0d%0aX:%20y", "/hot%7f", "/hot%1f", "/%ff", "/%c0%af", "/%zz"),
    *("/%", "/%2", "/a%252fb", "/a%25", "/a<b", "/a>b", '/a"b', "/a`b", "/a{b}", "/a|b", "/a^b"),
    *("/v1/models/..%2fadmin", "/v1/models/a%2f..%2fb", "/v1/models/a%2f%2fb", "/v1/models/%2f"),
    *("/v1/models/a%2f.%2fb", "/v1/models%2fa", "/v1/modelsx/a%2fb", "/v1/models/a%5cb", "/[a]"),
)
"""All refused with 400."""

GOOD_PATHS: tuple[tuple[str, str], ...] = (
    ("/v1/models/openai%2Fgpt-4o", "/v1/models/openai/gpt-4o"),
    ("/v1/models/openai%2fgpt-4o", "/v1/models/openai/gpt-4o"),
    ("/v1/models/openai/gpt-4o", "/v1/models/openai/gpt-4o"),
    ("/v1/models/llama3:8b@x", "/v1/models/llama3:8b@x"),
    ("/v1/models/qwen%203%3A4b", "/v1/models/qwen 3:4b"),
    ("/v1/models/caf%C3%A9", "/v1/models/café"),
    ("/v1/models/", "/v1/models/"),
    ("/a/b.c/...", "/a/b.c/..."),
    ("/a/.well-known", "/a/.well-known"),
)
"""As sent, and as the application sees them."""

_CHUNKED = "Transfer-Encoding: chunked"
_H = "Host: localhost"
_TRICK = "GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n"

ACCEPTED: tuple[tuple[str, tuple[int, ...], bytes], ...] = (
    ("plain", (200,), _request(_H, "Content-Length: 2", body="hi")),
    ("no body", (200,), _request(_H)),
    ("host with port", (200,), _request("Host: localhost:8080")),
    ("host upper-case", (200,), _request("HOST: LocalHost")),
    ("host with underscore", (200,), _request("Host: my_service:1")),
    ("host with dot behind", (200,), _request("Host: example.com.")),
    ("IPv4 host", (200,), _request("Host: 127.0.0.1:65535")),
    ("IPv6 host", (200,), _request("Host: [::1]:80")),
    ("IPv6 host in full", (200,), _request("Host: [2001:db8::ff00:42:8329]")),
    ("tabs around a value", (200,), _request("Host:\t localhost \t")),
    ("more spaces", (200,), b"POST  @  HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("empty lines before", (200,), b"\r\n\r\n" + _request(_H)),
    ("100 headers", (200,), _request(_H, *(f"X-{n}: 1" for n in range(99)))),
    ("60 KB of headers", (200,), _request(_H, *(f"X-{n}: {'a' * 1000}" for n in range(59)))),
    ("8 KB of query", (200,), _request(_H, target="@?" + "a" * 8000)),
    ("leading zeros", (200,), _request(_H, "Content-Length: 0005", body="hello")),
    ("chunked", (200,), _request(_H, _CHUNKED, body="2\r\nhi\r\n0\r\n\r\n")),
    ("Chunked", (200,), _request(_H, "transfer-encoding: Chunked", body="2\r\nhi\r\n0\r\n\r\n")),
    ("chunk extension", (200,), _request(_H, _CHUNKED, body="2;a=b\r\nhi\r\n0;c\r\n\r\n")),
    ("chunk size with zeros", (200,), _request(_H, _CHUNKED, body="0002\r\nhi\r\n0\r\n\r\n")),
    ("trailers", (200,), _request(_H, _CHUNKED, body="0\r\nHost: evil\r\nX: y\r\n\r\n")),
    ("identity", (200,), _request(_H, "Content-Encoding: identity")),
    ("obs-text", (200,), _request(_H, "X: caf\xe9")),
    ("TE header", (200,), _request(_H, "TE: trailers")),
    ("HTTP/1.0", (200,), _request(_H, "Content-Length: 2", body="hi", version="HTTP/1.0")),
    ("expectation in 1.0", (200,), _request(_H, "Expect: 100-continue", version="HTTP/1.0")),
    ("a request as a body", (200,), _request(_H, f"Content-Length: {len(_TRICK)}", body=_TRICK)),
    ("garbage behind", (200, 400), _request(_H, "Content-Length: 2", body="hi!?\r\n\r\n")),
    ("a short length", (200, 400), _request(_H, "Content-Length: 1", body="x\0\0\r\n\r\n")),
    ("bad host behind", (200, 400), _request(_H) + _request("Host: a/b")),
    ("smuggling behind", (200, 400), _request(_H) + _request(_H, "Content-Length: 4", _CHUNKED)),
    ("two", (200, 200), _request(_H, "Content-Length: 2", body="hi") * 2),
    ("two, the first to close", (200,), _request(_H, "Connection: close") * 2),
    ("two, the first 1.0", (200,), _request(_H, version="HTTP/1.0") * 2),
    (
        "upgrade",
        (200,),
        _request(_H, "Connection: upgrade", "Upgrade: h2c", "Content-Length: 1", body="x"),
    ),
    ("upgrade not meant", (200,), _request(_H, "Upgrade: h2c", "Content-Length: 1", body="x")),
)
"""Name, the statuses in order, bytes: what is let through is understood in one way only."""
