"""Faults of the answer as a whole: refusals, error statuses, lies about type, usage and encoding."""

import gzip
import zlib
from collections.abc import Iterator
from email.utils import formatdate

from msgspec.structs import replace

from trunkline.canon.exchange import Headers
from trunkline.providers.sim.beats import Wrong
from trunkline.providers.sim.ids import dice
from trunkline.providers.sim.scene import Scene, clean
from trunkline.providers.sim.steps import End, Head, Refuse, Send, Step, Wait

Steps = Iterator[Step]


def refused(scene: Scene) -> Steps:
    """U1: no connection; on a socket, which is open by then, it ends before the first byte."""
    yield Refuse(reset=scene.fault.text("kind", "rst") == "rst")


_HTML = b"<!DOCTYPE html>\n<html><head><title>%b</title></head><body><center><h1>%b</h1></center><hr><center>cloudflare</center></body></html>\n"


def wrong_type(scene: Scene) -> Steps:
    """U9: 200, but not what was asked for: kind html, json (an error object), answer, sse, empty."""
    kind = scene.fault.text("kind", "html")
    if kind == "sse":
        yield Head(200, scene.headers(stream=True))
        for beat in scene.beats():
            yield Send(beat.data, beat)
        yield End()
        return
    html = _HTML % (b"Just a moment...", b"Just a moment...")
    wrong = Wrong(500, "The server had an error while processing your request", "server_error")
    bodies = {
        "html": (b"text/html; charset=UTF-8", html),
        "json": (b"application/json", scene.voice.error(wrong, scene.stamp)),
        "answer": (b"application/json", scene.whole()),
        "empty": (b"text/event-stream; charset=utf-8", b""),
    }
    content_type, body = bodies[kind]
    yield Head(200, ((b"content-type", content_type), *scene.headers()[1:]), len(body))
    yield Send(body, answer=scene.answer if kind == "answer" else None)
    yield End()


def throttled(scene: Scene) -> Steps:
    """U10: 429; `kind` says how, if at all, it tells when to come back."""
    fault = scene.fault
    kind = fault.text("kind", "seconds")
    seconds = fault.number("retry_after", 1)
    openai = scene.voice.dialect != "anthropic-messages"
    if kind in {"spend", "quota"}:
        wrong = (
            Wrong(429, "You exceeded your current quota, please check your plan and billing "
                  "details.", "insufficient_quota", code="insufficient_quota")
            if openai
            else Wrong(429, "You have reached your specified API usage limits. You will regain "
                       "access on 2026-12-01 at 00:00 UTC.")
        )  # fmt: skip
    else:
        wrong = Wrong(
            429,
            f"Rate limit reached for {scene.stamp.model}. Please try again in {seconds:g}s."
            if openai
            else "Number of request tokens has exceeded your per-minute rate limit.",
        )
    yield from scene.refuse(wrong, _retry_headers(kind, seconds, scene.stamp.created))


def _retry_headers(kind: str, seconds: float, now: int) -> Headers:
    whole = b"%d" % -(-seconds // 1)
    kinds: dict[str, Headers] = {
        "seconds": ((b"retry-after", whole),),
        "date": ((b"retry-after", formatdate(now + seconds, usegmt=True).encode()),),
        "ms": ((b"retry-after-ms", b"%d" % (seconds * 1000)),),
        "both": ((b"retry-after", whole), (b"retry-after-ms", b"%d" % (seconds * 1000))),
        "fraction": ((b"retry-after", b"%.3f" % seconds),),
        "absurd": ((b"retry-after", b"31536000000"),),
        "negative": ((b"retry-after", b"-5"),),
        "past": ((b"retry-after", formatdate(now - 3600, usegmt=True).encode()),),
        "garbage": ((b"retry-after", b"soon"),),
    }
    return kinds.get(kind, ())


_FAILURES = {
    500: ("The server had an error while processing your request. Sorry about that!", "Internal server error"),
    502: ("Bad gateway.", "Bad gateway"),
    503: ("The engine is currently overloaded, please try again later", "Service unavailable"),
    504: ("The request timed out.", "Request timed out"),
    529: ("Overloaded", "Overloaded"),
}  # fmt: skip


def failed(scene: Scene) -> Steps:
    """U11: 5xx; kind=html as a proxy in front of the provider would say it."""
    status = scene.fault.whole("status", 500)
    extra: Headers = ()
    if "retry_after" in scene.fault.words:
        extra = ((b"retry-after", b"%d" % scene.fault.whole("retry_after", 1)),)
    if scene.fault.text("kind", "json") == "html":
        text = b"%d %b" % (status, _FAILURES.get(status, ("", "Error"))[1].encode())
        body = _HTML % (text, text)
        yield Head(
            status, ((b"content-type", b"text/html"), *scene.headers()[1:], *extra), len(body)
        )
        yield Send(body)
        yield End()
        return
    openai, anthropic = _FAILURES.get(status, ("Error", "Error"))
    message = anthropic if scene.voice.dialect == "anthropic-messages" else openai
    yield from scene.refuse(Wrong(status, message), extra)


def rejected(scene: Scene) -> Steps:
    """U12: 4xx; `kind` context and filter are the 400s that mean something, `leak` tells a secret."""
    fault = scene.fault
    openai = scene.voice.dialect != "anthropic-messages"
    kind = fault.text("kind", "")
    status = fault.whole("status", 400)
    wrong = (
        _MEANT[openai].get(kind)
        or _REJECTIONS[openai].get(status)
        or Wrong(status, "Invalid request")
    )
    if kind == "leak":
        wrong = replace(wrong, message=f"{wrong.message} (internal key: sk-leak-canary-7f3a)")
    yield from scene.refuse(wrong)


_MEANT = {
    True: {
        "context": Wrong(
            400,
            "This model's maximum context length is 128000 tokens. However, your messages resulted "
            "in 250000 tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        ),
        # Azure's words (learn.microsoft.com/azure/ai-services/openai/concepts/content-filter).
        "filter": Wrong(
            400,
            "The response was filtered due to the prompt triggering Azure OpenAI's content "
            "management policy. Please modify your prompt and retry.",
            param="prompt",
            code="content_filter",
        ),
    },
    False: {
        "context": Wrong(400, "prompt is too long: 250000 tokens > 200000 maximum"),
        "filter": Wrong(400, "Output blocked by content filtering policy"),
    },
}
_REJECTIONS = {
    True: {
        400: Wrong(400, "Unsupported value: 'temperature' does not support 3 with this model.", param="temperature", code="unsupported_value"),
        401: Wrong(401, "Incorrect API key provided: sk-sim****************cret. You can find your API key at https://platform.openai.com/account/api-keys."),
        403: Wrong(403, "Country, region, or territory not supported", "request_forbidden", code="unsupported_country_region_territory"),
        404: Wrong(404, "The model `sim-gone` does not exist or you do not have access to it."),
        413: Wrong(413, "Request body too large"),
        422: Wrong(422, "Unprocessable request"),
    },
    False: {
        400: Wrong(400, "temperature: range: 0..1"),
        401: Wrong(401, "invalid x-api-key"),
        403: Wrong(403, "Your API key does not have permission to use the specified resource."),
        404: Wrong(404, "model: sim-gone"),
        413: Wrong(413, "Request exceeds the maximum size"),
        422: Wrong(422, "Unprocessable request"),
    },
}  # fmt: skip


def encoded(scene: Scene) -> Steps:
    """U14: compressed though nobody asked: kind gzip, deflate, bomb (`size` bytes), nested, lie."""
    kind = scene.fault.text("kind", "gzip")
    if kind == "bomb":
        yield Head(200, (*scene.headers(), (b"content-encoding", b"gzip")))
        yield from _bomb(scene.fault.whole("size", 100 << 20))
        yield End()
        return
    body = b"".join(beat.data for beat in scene.beats()) if scene.stream else scene.whole()
    name, data = {
        "gzip": (b"gzip", gzip.compress(body, mtime=0)),
        "deflate": (b"deflate", zlib.compress(body)),
        "nested": (b"gzip, gzip", gzip.compress(gzip.compress(body, mtime=0), mtime=0)),
        "lie": (b"br", body),
    }[kind]
    yield Head(200, (*scene.headers(), (b"content-encoding", name)), len(data))
    yield Send(data, answer=scene.answer)
    yield End()


def _bomb(size: int) -> Steps:
    """White space, a thousand times smaller on the wire than in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    for _ in range(size >> 20):
        if data := packer.compress(block):
            yield Send(data)
    yield Send(packer.flush())


def redirected(scene: Scene) -> Steps:
    """U15: `to` another host, or kind=trap to a path here whose log row shows who followed."""
    status = scene.fault.whole("status", 307)
    host = scene.fault.text("to", "redirected.invalid")
    trap = scene.fault.text("kind", "host") == "trap"
    location = b"/trap/v1/chat/completions" if trap else b"https://%b/v1/" % host.encode()
    yield Head(status, (*scene.headers(stream=False), (b"location", location)), 0)
    yield End()


def miscounted(scene: Scene) -> Steps:
    """U17: the usage is wrong in the way `kind` says."""
    yield from clean(scene, skew=scene.fault.text("kind", "missing"))


_EVIL: dict[str, Headers] = {
    "cookie": ((b"set-cookie", b"session=stolen; Path=/; Domain=example.com"),),
    "hop": (
        (b"connection", b"keep-alive, x-hop"),
        (b"x-hop", b"1"),
        (b"keep-alive", b"timeout=1"),
        (b"proxy-authenticate", b"Basic realm=evil"),
        (b"te", b"trailers"),
        (b"trailer", b"x-late"),
    ),
    "crlf": ((b"x-note", b"ok\r\nx-injected: yes\r\nset-cookie: injected=1"),),
    "forged": (
        (b"x-trunkline-cost-usd", b"0"),
        (b"x-trunkline-request-id", b"req_forged"),
        (b"www-authenticate", b"Basic realm=evil"),
        (b"location", b"https://evil.invalid/"),
        (b"access-control-allow-origin", b"*"),
        (b"strict-transport-security", b"max-age=0"),
        (b"x-accel-redirect", b"/etc/passwd"),
    ),
    "nul": ((b"x-nul", b"a\x00b"),),
    "fold": ((b"x-fold", b"a\r\n b"),),
    "smuggle": ((b"transfer-encoding", b"chunked"), (b"content-length", b"3")),
}
_PARSEABLE = ("cookie", "hop", "crlf", "forged")
EVIL_KINDS = ("all", *_EVIL)


def evil_headers(scene: Scene) -> Steps:
    """U18: a good answer under headers that must not get through; nul, fold, smuggle break HTTP."""
    kind = scene.fault.text("kind", "all")
    kinds = _PARSEABLE if kind == "all" else (kind,)
    yield from clean(scene, extra=tuple(pair for name in kinds for pair in _EVIL[name]))


def brownout(scene: Scene) -> Steps:
    """
    U19: a share of `rate` fails with `status`; kind=slow makes it wait `slow` seconds instead.

    With `period` and `down` it is not dice but time: the first `down` seconds of each `period`.
    """
    fault = scene.fault
    if not _is_down(scene):
        yield from clean(scene)
    elif fault.text("kind", "errors") == "slow":
        yield Wait(fault.number("slow", 20))
        yield from clean(scene)
    else:
        status = fault.whole("status", 503)
        yield from scene.refuse(Wrong(status, _FAILURES.get(status, ("Error", ""))[0]))


def _is_down(scene: Scene) -> bool:
    period = scene.fault.number("period", 0)
    if period > 0:
        return scene.monotonic % period < scene.fault.number("down", period / 2)
    return dice(scene.stamp.seed, "brownout") < scene.fault.number("rate", 0.5)
