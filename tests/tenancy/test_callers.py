"""Keys first, then tokens; a token once found good is good until it ends, and no other for it."""

import asyncio

import pytest
from msgspec import convert, structs

from tests.tenancy.net import Net
from tests.tenancy.signers import (
    AUDIENCE,
    ISSUER,
    NOW,
    SECRET,
    claims,
    ec_key,
    jwk,
    jwks,
    rsa_key,
    signed,
)
from trunkline.canon.errors import Forbidden, IssuerUnavailable, Unauthenticated, UnknownKey
from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Limit, Unit
from trunkline.config.schema import IssuerConfig
from trunkline.storage.holders import KeySet
from trunkline.tenancy.admin import AdminGate
from trunkline.tenancy.callers import Callers, Tokens
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.holding import Hold
from trunkline.tenancy.issuers import trusted
from trunkline.tenancy.jwks import Jwks
from trunkline.tenancy.keyring import Keyring
from trunkline.tenancy.keys import Mac
from trunkline.testing.fakes import ManualClock

FOREVER = float("inf")
ADMIN_KEY = "tl_admin_of-these-tests"


class Grants:
    """Every tenant is allowed what its `plan` says; "barred" is."""

    def __init__(self):
        self.version = 1
        self.plan = "small"
        self.until = FOREVER
        self.limits = ()
        self.asked = 0

    def visitor(self, record, now):
        self.asked += 1
        if record.tenant == "barred":
            raise Forbidden("The tenant is disabled.")
        principal = Principal(
            key_id=record.id,
            tenant=record.tenant,
            user=record.user,
            plan=self.plan,
            limits=self.limits,
        )
        return Hold(principal, min(self.until, record.expires_at or FOREVER))


class NoKeys:
    async def version(self):
        return 1

    async def load(self):
        return KeySet(1, ())


class Scene:
    def __init__(self, most=100, **more):
        said = {"issuer": ISSUER, "audience": AUDIENCE, "secret": SECRET, **more}
        config = convert({k: v for k, v in said.items() if v is not None}, IssuerConfig)
        self.net, self.clock, self.grants = (
            Net(jwks(jwk(ec_key(), kid="e"))),
            ManualClock(),
            Grants(),
        )
        self.jwks = Jwks(self.net, self.clock, pytest.fail)
        self.tokens = Tokens(self.grants, self.jwks, most)
        self.tokens.trust(trusted([config]))
        mac = Mac(bytes(32))
        self.keyring = Keyring(mac)
        self.follower = KeyringFollower(self.keyring, NoKeys(), pytest.fail)
        self.callers = Callers(self.keyring, self.follower, self.tokens, AdminGate(ADMIN_KEY, mac))

    def who(self, token, now=NOW):
        return self.callers.authenticate(token, now)

    @property
    def checked(self):
        return self.tokens.statistics().checked


def published():
    return Scene(secret=None, jwks_url="https://login.example.com/jwks")


def test_a_token_is_checked_once():
    """After that it is known, for as long as it is good."""
    it = Scene()
    token = signed(claims())

    for _ in range(5):
        assert "jwt:login-example-com:alice" == it.who(token).key_id
    assert (1, 1) == (it.checked, it.grants.asked)


def test_tokens_that_begin_alike_are_two_callers():
    """CVE-2026-35030: a cache by a token's first characters gave one user another's rights."""
    it = Scene()
    one, two = signed(claims(sub="alice")), signed(claims(sub="alicf"))
    assert one[:60] == two[:60]

    subjects = [it.who(token).user for token in (one, two, one, two)]

    assert ["alice", "alicf"] * 2 == subjects
    # Nor is one that ends otherwise the same.
    with pytest.raises(Unauthenticated, match="signature is wrong"):
        it.who(one[:-2] + (b"AA" if one[-2:] != b"AA" else b"BB"))


def test_what_is_remembered_ends_with_the_token():
    """To the second, leeway included; and then it takes no room."""
    it = Scene()
    token = signed(claims(exp=int(NOW) + 10))
    it.who(token)

    assert it.who(token, NOW + 39.9)
    with pytest.raises(Unauthenticated, match="expired"):
        it.who(token, NOW + 40)
    assert 0 == it.tokens.statistics().remembered


def test_what_we_know_ourselves_is_asked_anew_when_it_changes():
    """Plans, limits, a tenant that was disabled; the signature is not checked again for it."""
    it = Scene()
    token = signed(claims())
    it.who(token)

    it.grants.plan, it.grants.version = "large", 2
    assert "large" == it.who(token).plan
    it.grants.until = NOW + 5
    it.grants.version = 3
    it.who(token)
    it.grants.plan = "none"
    assert "large" == it.who(token, NOW + 4.9).plan
    assert "none" == it.who(token, NOW + 5).plan
    assert 1 == it.checked


def test_a_disabled_tenants_token_is_refused_each_time():
    """Nothing of it is remembered as good."""
    it = Scene()
    for _ in range(2):
        with pytest.raises(Forbidden):
            it.who(signed(claims(tenant="barred")))
    assert 0 == it.tokens.statistics().remembered


def test_so_many_are_remembered_and_no_more():
    """Those that have ended go first, then the oldest; they are only checked again."""
    it = Scene(most=3)
    tokens = [signed(claims(sub=f"u{number}", exp=int(NOW) + 100)) for number in range(4)]
    brief = signed(claims(exp=int(NOW) + 10))
    for token in (brief, tokens[0], tokens[1]):
        it.who(token)

    it.who(tokens[2], NOW + 60)
    for token in tokens[:3]:
        it.who(token, NOW + 60)
    assert (4, 3) == (it.checked, it.tokens.statistics().remembered)
    it.who(tokens[3], NOW + 60)
    it.who(tokens[1], NOW + 60)
    assert (5, 3) == (it.checked, it.tokens.statistics().remembered)
    it.who(tokens[0], NOW + 60)
    assert 6 == it.checked


def test_without_issuers_a_token_is_told_what_is_missing():
    """Rather than that its prefix is wrong."""
    it = Scene()
    it.tokens.trust({})

    with pytest.raises(Unauthenticated, match=r"\[\[auth.issuers\]\]"):
        it.who(signed(claims()))


def test_an_issuer_that_nobody_named_is_refused():
    """Compared letter by letter."""
    it = Scene()
    for iss in (ISSUER.rstrip("/"), ISSUER.upper(), "", None):
        with pytest.raises(Unauthenticated, match="issuer"):
            it.who(signed(claims(iss=iss)))


def test_keys_go_to_the_keyring():
    """As does all that has no dots in it."""
    it = Scene()
    for token in (b"tl_x", b"eyJhbGciOiJIUzI1NiJ9", b"sk-test", b""):
        with pytest.raises(Unauthenticated, match="API key"):
            it.who(token)
    assert 0 == it.checked


def test_a_huge_token_costs_nothing():
    """It is refused by its length alone."""
    it = Scene()
    with pytest.raises(Unauthenticated, match="8192"):
        it.who(signed(claims(more="x" * 10_000)))
    assert 0 == it.checked


def test_a_token_whose_key_is_unknown_is_known_after_a_look():
    """UnknownKey makes the endpoint wait for one."""
    it = published()
    token = signed(claims(), ec_key(), "ES256", kid="e")

    async def run():
        with pytest.raises(UnknownKey):
            it.who(token)
        assert it.callers.has_room(token, 1 << 20)
        assert not it.callers.has_room(token, 1 << 27)
        await it.callers.look_again(token)
        return it.who(token)

    assert "acme" == asyncio.run(run()).tenant
    assert 1 == len(it.net.asked)


def test_a_withdrawn_keys_tokens_are_refused_at_once():
    """What was remembered of them is forgotten with the key."""
    it = published()
    token = signed(claims(), ec_key(), "ES256", kid="e")

    async def run():
        await it.callers.look_again(token)
        it.who(token)
        it.net.document = jwks(jwk(rsa_key(), kid="r"))
        it.clock.advance(20)
        await it.jwks.refresh()
        with pytest.raises(UnknownKey):
            it.who(token)

    asyncio.run(run())


def test_a_look_for_a_key_of_ours_asks_no_issuer():
    """Nor the other way round."""
    it = published()

    async def run():
        await it.callers.look_again(b"tl_unknown")
        assert [] == it.net.asked
        it.net.down = True
        it.jwks._on_problem = lambda what: None
        with pytest.raises(IssuerUnavailable):
            await it.callers.look_again(signed(claims(), ec_key(), "ES256"))

    asyncio.run(run())
    assert 1 == it.keyring.version


def test_who_asked_with_a_token_stands_while_his_issuer_is_trusted():
    """The token may have ended since; his tenant may have been disabled."""
    it = Scene()
    principal = it.who(signed(claims()))

    assert principal == it.callers.standing(principal, NOW + 10_000)
    assert it.callers.standing(structs.replace(principal, tenant="barred"), NOW) is None
    assert it.callers.standing(structs.replace(principal, key_id="tl_x"), NOW) is None
    it.tokens.trust({})
    assert it.callers.standing(principal, NOW) is None


def test_who_asked_with_a_token_has_todays_limits():
    """What his token said stays; what is known of him here may have changed since."""
    it = Scene()
    principal = it.who(signed(claims(scope="chat:write")))
    lower = Limit(counter="c", unit=Unit.COST, most=1, field="cost_total_usd", scope="tenant")
    it.grants.limits = (lower,)
    now = it.callers.standing(principal, NOW)

    assert structs.replace(principal, limits=(lower,)) == now


def test_no_repr_shows_a_token():
    """Or a secret."""
    it = Scene()
    token = signed(claims())
    it.who(token)

    shown = repr(it.callers) + repr(it.tokens) + repr(it.jwks) + repr(it.tokens.statistics())

    assert token.decode() not in shown
    assert SECRET not in shown


def test_the_admin_key_asks_no_models():
    """Its holder is told so, and how to get a key; who has nearly got it learns nothing."""
    it = Scene()

    with pytest.raises(Unauthenticated, match=r"the admin key: .*`trunkline keys create`") as told:
        it.who(ADMIN_KEY.encode())
    assert not isinstance(told.value, UnknownKey)
    for near in (ADMIN_KEY[:-1], f"{ADMIN_KEY}x", f"{ADMIN_KEY[:-1]}S", ADMIN_KEY.upper()):
        with pytest.raises(Unauthenticated) as refused:
            it.who(near.encode())
        assert "admin key" not in str(refused.value)
