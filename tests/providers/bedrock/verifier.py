"""
Signature Version 4 as the receiving side checks it, written apart from the signer under test.

docs.aws.amazon.com, IAM User Guide, "Create a signed AWS API request", seen 2026-11-21.
"""

import hashlib
import hmac
import re
from urllib.parse import quote

_TOLD = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


def faults(method, target, headers, body, secret, *, region, service="bedrock"):
    """What is wrong with a signed request, as it came over the wire. `headers`: lower-case names."""
    match = _TOLD.fullmatch(headers.get("authorization", ""))
    if match is None:
        return ["no authorization of this kind"]
    _, day, told_region, told_service, names, signature = match.groups()
    wrong = []
    if (told_region, told_service) != (region, service):
        wrong.append(f"scope {told_region}/{told_service}")
    if not headers.get("x-amz-date", "").startswith(day + "T"):
        wrong.append("the day is not that of x-amz-date")
    signed = names.split(";")
    needed = {"host", "x-amz-date"} | {"x-amz-security-token"} & set(headers)
    wrong += [f"{name} is not signed" for name in sorted(needed - set(signed))]
    path, _, query = target.partition("?")
    canonical = "\n".join([
        method,
        "/".join(quote(part, safe="-_.~") for part in path.split("/")),
        "&".join(sorted(query.split("&"))),
        *(f"{name}:{' '.join(headers[name].split())}" for name in signed),
        "",
        names,
        hashlib.sha256(body).hexdigest(),
    ])  # fmt: skip
    scope = f"{day}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashed}"
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    if hmac.new(key, text.encode(), "sha256").hexdigest() != signature:
        wrong.append("the signature does not match")
    return wrong
