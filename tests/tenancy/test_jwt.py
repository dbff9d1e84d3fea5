"""Which tokens are believed, who then calls, and what everybody else is told to do."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

import jwt
import msgspec
import pytest
from msgspec import convert

from tests.tenancy.signers import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    claims,
    ec_key,
    forged,
    jwk,
    jwks,
    pem,
    rsa_key,
    signed,
)
from trunkline.canon.errors import Forbidden, Unauthenticated, UnknownKey
from trunkline.config.schema import IssuerConfig
from trunkline.tenancy.issuers import trusted
from trunkline.tenancy.jwt import caller, looks_like_one, read
from trunkline.tenancy.signing import key_set


def issuer(**more):
    said = {"issuer": ISSUER, "audience": AUDIENCE, "secret": SECRET, **more}
    config = convert({k: v for k, v in said.items() if v is not None}, IssuerConfig)
    return trusted([config])[ISSUER]


def called(token, keys=None, *, now=NOW, **more):
    return caller(read(token), issuer(**more), keys, now)


who = called


def refusal(token, keys=None, *, error=Unauthenticated, **more):
    with pytest.raises(error) as caught:
        called(token, keys, **more)
    assert error is type(caught.value)
    return caught.value.message


def test_a_good_token_says_who_calls():
    """Tenant, user, scopes, plan, models; an id for the books."""
    token = signed(
        claims(scope="chat:write openid", plan="keyplex-monthly", models=["fast", "slow"])
    )

    caller = who(token)

    assert ("jwt:login-example-com:alice", "acme", "alice", "keyplex-monthly") == (
        caller.id,
        caller.tenant,
        caller.user,
        caller.plan,
    )
    assert (("chat:write",), ("fast", "slow")) == (
        caller.scopes,
        caller.models,
    )


def test_it_is_good_until_it_ends_and_the_clocks_have_their_way():
    """exp and the leeway; not a moment longer."""
    token = signed(claims(exp=int(NOW) + 10))

    assert NOW + 40 == called(token).expires_at
    assert called(token, now=NOW + 39)
    assert "expired" in refusal(token, now=NOW + 40)


def test_it_is_not_good_before_it_begins():
    """nbf and iat, beyond what clocks may differ."""
    assert who(signed(claims(nbf=NOW + 29)))
    assert "not valid yet (nbf)" in refusal(signed(claims(nbf=NOW + 31)))
    assert "not valid yet (iat)" in refusal(signed(claims(iat=int(NOW) + 31)))


@pytest.mark.parametrize("exp", ("soon", True, [1], {"a": 1}))
def test_an_end_that_is_no_time_is_refused(exp):
    """As is none at all: such a token would be good for ever."""
    assert "`exp`" in refusal(signed(claims(exp=exp)) if exp is True else forged_hs(exp=exp))
    assert "`exp`" in refusal(signed(claims(exp=None)))


@pytest.mark.parametrize("name", ("exp", "nbf", "iat"))
def test_a_time_that_no_clock_reaches_is_refused(name):
    """As a number of 400 digits, which JSON allows."""
    said = msgspec.json.encode(claims(**{name: 12345})).replace(b"12345", b"1" + b"0" * 400)

    assert f"`{name}`" in refusal(jwt.PyJWS().encode(said, SECRET, "HS256").encode())


def forged_hs(**more):
    """Signed, with claims that a library would not write."""
    return jwt.PyJWS().encode(msgspec.json.encode(claims(**more)), SECRET, "HS256").encode()


@pytest.mark.parametrize("aud", (None, "other", ["a", "b"], [5], {"trunkline": 1}, "trunk"))
def test_a_token_for_another_audience_is_refused(aud):
    """It was given to somebody else's server, which must not spend it here."""
    assert "audience is `trunkline`" in refusal(forged_hs(aud=aud))


def test_one_audience_of_several_is_enough():
    """On either side."""
    assert who(signed(claims(aud=["a", AUDIENCE])))
    assert who(signed(claims(aud="b")), audience=["a", "b"])


def test_an_unsigned_token_is_refused():
    """`none`, in any spelling, with a signature and without."""
    for algorithm in ("none", "None", "NONE", ""):
        for signature in (b"", b"x"):
            token = forged({"alg": algorithm, "typ": "JWT"}, claims(), signature)
            assert "takes HS256" in refusal(token)


def test_a_public_key_is_never_taken_for_a_secret():
    """CVE-2015-9235: HS256 with the text of the public key, which everybody has."""
    text = pem(rsa_key())
    head = {"alg": "HS256", "typ": "JWT"}
    unsigned = forged(head, claims(), b"").rstrip(b".")
    signature = hmac.digest(text.encode(), unsigned, hashlib.sha256)
    token = forged(head, claims(), signature)

    assert "`HS256`" in refusal(token, secret=None, public_key=text)


def test_an_algorithm_that_is_not_allowed_is_refused_though_the_key_could():
    """The list is the operator's."""
    token = signed(claims(), rsa_key(), "RS256")
    only = {"secret": None, "public_key": pem(rsa_key()), "algorithms": ["PS256"]}

    assert "takes PS256" in refusal(token, **only)


def test_a_wrong_signature_is_refused():
    """Another secret; a signature of another token."""
    token, other = signed(claims()), signed(claims(sub="mallory"))
    grafted = b".".join((*other.split(b".")[:2], token.split(b".")[2]))

    assert "signature is wrong" in refusal(signed(claims(), "x" * 40))
    assert "signature is wrong" in refusal(grafted)


def test_keys_are_found_by_their_kid():
    """Whatever else a header names: keys in the token itself are an attacker's."""
    keys = key_set(jwks(jwk(rsa_key(), kid="r"), jwk(ec_key(), kid="e")))
    published = {"secret": None, "jwks_url": "https://login.example.com/jwks"}
    good = signed(claims(), ec_key(), "ES256", kid="e")

    assert called(good, keys, **published).tenant == "acme"
    for header in ({"kid": "x"}, {"kid": "../../e"}, {"kid": "r"}, {}):
        token = signed(claims(), ec_key(), "ES256", **header)
        assert "does not publish" in refusal(token, keys, error=UnknownKey, **published)
    stranger = rsa_key(3072)
    brought = signed(claims(), stranger, "RS256", kid="r", jwk=jwk(stranger), jku="https://x/")
    assert "signature is wrong" in refusal(brought, keys, **published)


def test_a_token_without_kid_is_checked_with_the_only_key_there_is():
    """Small issuers have one and do not name it."""
    keys = key_set(jwks(jwk(ec_key(), kid="only")))
    published = {"secret": None, "jwks_url": "https://login.example.com/jwks"}

    assert called(signed(claims(), ec_key(), "ES256"), keys, **published)


def test_before_the_keys_were_had_nobody_is_believed():
    """And whoever asks is told to try again."""
    published = {"secret": None, "jwks_url": "https://login.example.com/jwks"}

    assert "try again" in refusal(
        signed(claims(), ec_key(), "ES256", kid="e"), None, error=UnknownKey, **published
    )


@pytest.mark.parametrize(
    "token, told",
    (
        (b"eyJ.eyJ", "three parts"),
        (b"eyJ!.eyJ.x", "three parts"),
        (b"eyJhbGciOiJIUzI1NiJ9..x", "three parts"),
        (b"eyJ.e30.x", "cannot be read"),
        (forged([], {}), "cannot be read"),
        (forged({"alg": 5}, {}), "cannot be read"),
        (forged({"alg": "HS256", "kid": 5}, {}), "cannot be read"),
        (forged({"alg": "HS256", "kid": {"$ne": ""}}, {}), "cannot be read"),
        (forged({"alg": "HS256"}, []), "cannot be read"),
        (forged({"alg": "HS256"}, {"iss": ["a"]}), "cannot be read"),
        (forged({"alg": "HS256", "crit": ["b64"], "b64": False}, {}), "crit"),
        (b"ey" + b"J" * 9000 + b".a.b", "8192"),
    ),
)
def test_what_is_no_token_is_refused_before_it_is_checked(token, told):
    """And says what is wrong with it."""
    with pytest.raises(Unauthenticated, match=told):
        read(token)


@pytest.mark.parametrize("deep", (b'{"a":' * 1200, b"[" * 4000))
def test_a_token_nested_too_deeply_is_refused(deep):
    """No recursion of ours is so deep."""
    part = urlsafe_b64encode(deep).rstrip(b"=")
    with pytest.raises(Unauthenticated):
        read(b".".join((urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"="), part, b"x")))


@pytest.mark.parametrize("name", ("sub", "tenant"))
def test_a_token_that_lacks_a_claim_is_told_which(name):
    """Its issuer is who can add it."""
    assert f"lacks the claim `{name}`" in refusal(signed(claims(**{name: None}), SECRET))


@pytest.mark.parametrize("tenant", ("a/b", "", "a" * 65, ".a", "a b", "a\n", 5, ["acme"], "ä"))
def test_a_tenant_that_is_none_is_refused(tenant):
    """It stands in paths of counters, and in the books."""
    assert "`tenant`" in refusal(forged_hs(tenant=tenant))


def test_an_issuers_tenant_is_fixed_where_the_file_says_so():
    """Whatever its tokens claim: it speaks for its own people alone."""
    assert "acme-eu" == who(signed(claims(tenant="rival")), tenant="acme-eu").tenant


def test_claims_may_have_other_names_and_lie_deeper():
    """A name with dots in it, as Auth0 writes them, or a path, as Keycloak does."""
    names = {"tenant": "https://acme.example/org", "scopes": "realm_access.roles", "user": "email"}
    said = {
        "https://acme.example/org": "globex",
        "realm_access": {"roles": ["models:read", "admin"]},
        "email": "a@acme.example",
    }

    caller = who(signed(claims(tenant=None, **said)), claims=names)

    assert ("globex", ("models:read",), "a@acme.example") == (
        caller.tenant,
        caller.scopes,
        caller.user,
    )


def test_a_token_that_names_no_scope_has_the_issuers():
    """With neither it may do what a key without scopes may."""
    assert ("models:read",) == who(signed(claims()), scopes=["models:read"]).scopes
    assert () == who(signed(claims())).scopes


def test_naming_none_of_our_scopes_does_not_allow_everything():
    """An empty set would; so it is the issuer's default, or nothing."""
    for scope in ("openid profile", "", [], ["admin"]):
        token = signed(claims(scope=scope))
        assert "names no scope" in refusal(token, error=Forbidden)
        assert ("models:read",) == who(token, scopes=["models:read"]).scopes


@pytest.mark.parametrize("more", ({"scope": 5}, {"scope": [5]}, {"models": {"a": 1}}))
def test_a_list_that_is_none_is_refused(more):
    """Rather than read as empty."""
    assert "list of names" in refusal(signed(claims(**more)))


def test_a_token_makes_no_keys():
    """It ends by itself, a key would not; whatever its issuer grants."""
    assert ("chat:write",) == who(signed(claims(scope="keys:write chat:write keys:read"))).scopes


def test_an_empty_list_of_models_allows_none():
    """Unlike no list."""
    assert () == who(signed(claims(models=[]))).models
    assert who(signed(claims())).models is None


def test_a_long_or_strange_subject_becomes_a_short_id():
    """It goes into logs, headers and counters."""
    for subject in ("a" * 500, "a\nb", "ä", "x y"):
        key_id = who(signed(claims(sub=subject)), claims={"user": "none"}).id
        assert len("jwt:login-example-com:~") + 32 == len(key_id)
        assert key_id.isascii()
        assert key_id.isprintable()


def test_no_subject_is_another_s_hash():
    """Whoever may choose a subject could otherwise be taken for whom it is the hash of."""
    hashed = who(signed(claims(sub="ä")), claims={"user": "none"}).id
    beginning, mark, digest = hashed.partition("~")

    assert ("jwt:login-example-com:", "~", 32) == (beginning, mark, len(digest))
    for subject in (digest, f"~{digest}", digest.upper()):
        assert hashed != who(signed(claims(sub=subject)), claims={"user": "none"}).id
    assert beginning + digest == who(signed(claims(sub=digest)), claims={"user": "none"}).id


@pytest.mark.parametrize("more", ({"user": 5}, {"user": "a\x00b"}, {"user": ""}, {"plan": 5}))
def test_a_user_or_plan_that_is_none_is_refused(more):
    """Each is a name."""
    assert "must name a" in refusal(signed(claims(**more)), claims={"user": "user"})


def test_tokens_look_like_no_key():
    """So keys are told apart by one look."""
    assert looks_like_one(signed(claims()))
    assert not looks_like_one(b"tl_abc_def")
    assert not looks_like_one(b"ey.x")
