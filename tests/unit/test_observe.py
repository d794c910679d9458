"""reactor.users.observe on the fake: what is read, in how many rounds, and what an error does."""

from datetime import timedelta
from typing import Any

import pytest

from reactor.errors import OutOfTime, Transient, Unsettled
from reactor.guard.identity import Standing
from reactor.model import Cause, Compliance, Subject, SubjectKind, TriggerKind
from reactor.users.bulk import SoFar
from reactor.users.observe import FEW
from reactor.users.ports import CREDENTIAL_READS, READS
from reactor.users.state import Device, Presence, UserState
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import (
    about_device,
    about_everyone,
    about_root,
    about_user,
    created,
    detached,
    trigger,
)
from tests.fakes.harness import Harness, settings
from tests.fakes.iam import Call

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/phones/of-alice"
PASSKEY = f"arn:aws:iam::{ACCOUNT}:u2f/user/alice/key-1"
HARDWARE = "GAKT12345678"
PLAIN = ("attached_policies", "group_path", "groups_of", "groups_with", "policy", "user")


def prepared(exemptions: str | None = None, **chosen: str) -> Harness:
    """Return a harness with the guard and alice, who has a device and a password."""
    harness = Harness(settings(**chosen), exemptions=exemptions)
    harness.account.put_policy()
    harness.account.put_user("alice", password=True, devices=(Device(SERIAL, START),))
    return harness


def states(harness: Harness) -> list[UserState]:
    """Return the states that a sweep observes."""
    return [each.state for each in harness.observer.observe(about_everyone()) if each.state]


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        pytest.param("everyone", (), id="everyone: neither devices nor the password's scope"),
        pytest.param("without-mfa", ("devices_of",), id="without-mfa: devices"),
        pytest.param("console", ("devices_of",), id="console: devices, and the password once"),
    ],
)
def test_reads_of_a_single_user(scope: str, more: tuple[str, ...]) -> None:
    """One round of calls, each once, and only what the rules need in this scope."""
    harness = prepared(scope=scope)
    (seen,) = harness.observer.observe(about_user("alice"))
    expected = sorted((*PLAIN, *CREDENTIAL_READS, *more))
    assert sorted(harness.iam.reads) == expected
    assert harness.rounds.sizes == [len(expected)]
    assert seen.reads == tuple(sorted(READS[each] for each in expected))


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        pytest.param("everyone", (), id="everyone"),
        pytest.param("without-mfa", ("devices_of",), id="without-mfa"),
        pytest.param("console", ("devices_of", "has_password"), id="console"),
    ],
)
def test_reads_of_a_new_user(scope: str, more: tuple[str, ...]) -> None:
    """A user created just now is not asked for credentials: their lack would say nothing."""
    harness = prepared(scope=scope)
    (seen,) = harness.observer.observe(about_user("alice", created("alice")))
    assert sorted(harness.iam.reads) == sorted((*PLAIN, *more))
    assert seen.state is not None
    assert seen.state.has_credentials is None


def test_exemption_list_is_read_in_the_same_round() -> None:
    """A named list is one more read of the round."""
    harness = prepared(exemptions="bob, Alice", exempt_parameter="/mfa/exempt")
    (seen,) = harness.observer.observe(about_user("alice"))
    assert harness.rounds.sizes == [len(PLAIN) + len(CREDENTIAL_READS) + 1]
    assert "ssm:GetParameter" in seen.reads
    assert seen.state is not None
    assert seen.state.listed_exempt == {"bob", "alice"}


def test_state_of_a_single_user() -> None:
    """The state holds what IAM says, under the name as IAM spells it."""
    harness = prepared(scope="console")
    harness.account.put_group("staff", GUARD_ARN)
    harness.account.change(
        "alice", groups=frozenset({"staff"}), tags=(("a", "b"),), keys=(False,), path="/x/"
    )
    (seen,) = harness.observer.observe(about_user("ALICE"))
    assert (seen.subject.name, seen.subject.account) == ("alice", ACCOUNT)
    assert seen.state == UserState(
        "alice",
        Presence.EXISTS,
        harness.guard,
        guard_standing=Standing.OURS,
        arn=f"arn:aws:iam::{ACCOUNT}:user/x/alice",
        path="/x/",
        tags=(("a", "b"),),
        groups=("staff",),
        guarded_groups=frozenset({"staff"}),
        id=harness.account.world.users["alice"].id,
        devices=(Device(SERIAL, START),),
        has_password=True,
        has_credentials=True,
    )


@pytest.mark.parametrize(
    ("members", "has_credentials"),
    [
        pytest.param({"password": False}, False, id="none"),
        pytest.param({"password": True}, True, id="a password"),
        pytest.param({"password": False, "keys": (False, True)}, True, id="an active key"),
        pytest.param({"password": False, "keys": (False, False)}, False, id="inactive keys"),
        pytest.param({"password": False, "ssh_keys": (True,)}, True, id="an SSH key"),
        pytest.param(
            {"password": False, "service_credentials": (True,)}, True, id="a service credential"
        ),
        pytest.param({"password": False, "certificates": (True,)}, True, id="a certificate"),
    ],
)
def test_credentials(members: dict[str, object], *, has_credentials: bool) -> None:
    """Any active credential of the five kinds is one."""
    harness = prepared()
    harness.account.change("alice", **members)
    (seen,) = harness.observer.observe(about_user("alice"))
    assert seen.state is not None
    assert seen.state.has_credentials is has_credentials


def test_missing_user_is_gone_although_its_other_reads_fail() -> None:
    """NoSuchEntity of the listings is what a missing user gives; GetUser decides."""
    harness = prepared()
    (seen,) = harness.observer.observe(about_user("nobody"))
    assert seen.error is None
    assert seen.state is not None
    assert (seen.state.presence, seen.subject.name) == (Presence.GONE, "nobody")


def test_root_is_not_read() -> None:
    """Nothing is asked about the root user."""
    harness = prepared()
    (seen,) = harness.observer.observe(about_root())
    assert seen.subject.kind is SubjectKind.ROOT
    assert (harness.iam.log, seen.reads) == ([], ())


class TestDevice:
    """Whose device was deleted: its name, the caller, IAM's listing; nobody means everybody."""

    def test_named_after_its_user(self) -> None:
        """The device's name is its user's in most accounts; one round finds and reads it."""
        harness = prepared()
        (seen,) = harness.observer.observe(about_device(SERIAL))
        assert seen.subject.name == "alice"
        assert len(harness.rounds.sizes) == 1
        assert "iam:ListVirtualMFADevices" not in seen.reads

    def test_named_otherwise_and_deleted_by_its_user(self) -> None:
        """The calling user is looked at, in the same round; who is not there is left out."""
        harness = prepared()
        seen = list(harness.observer.observe(about_device(PHONE, caller="alice")))
        assert [each.subject.name for each in seen] == ["alice"]
        assert len(harness.rounds.sizes) == 1

    def test_deleted_by_a_user_who_has_a_device(self) -> None:
        """An administrator who tidies up is not the owner: nobody is settled by that."""
        harness = prepared(scope="without-mfa")
        harness.account.change("alice", devices=(Device(SERIAL, START),))
        (seen,) = harness.observer.observe(about_device(PHONE, caller="alice"))
        assert seen.state is not None
        assert seen.state.presence is Presence.EVERYBODY

    def test_a_listing_that_fails_leaves_the_leads(self) -> None:
        """Who was found otherwise is looked at, and the event is tried again."""
        harness = prepared()
        harness.iam.fail("device_owner")
        seen = list(harness.observer.observe(about_device(SERIAL)))
        kinds = [each.subject.kind for each in seen]
        assert kinds == [SubjectKind.USER, SubjectKind.MFA_SERIAL]
        assert "Throttling" in str(seen[1].error)

    def test_caller_in_another_case_is_the_same_user(self) -> None:
        """A user is read once, however it is spelt."""
        harness = prepared()
        seen = list(harness.observer.observe(about_device(SERIAL, caller="ALICE")))
        assert [each.subject.name for each in seen] == ["alice"]

    def test_still_listed(self) -> None:
        """While IAM still lists the device, its owner is read in a second round."""
        harness = prepared()
        harness.account.change("alice", devices=(Device(PHONE, START),))
        seen = list(harness.observer.observe(about_device(PHONE)))
        assert [each.subject.name for each in seen] == ["alice"]
        assert len(harness.rounds.sizes) == 2

    @pytest.mark.parametrize(
        ("serial", "caller"),
        [
            pytest.param(PHONE, None, id="by a role"),
            pytest.param(PHONE, "gone", id="by a user who is gone since"),
            pytest.param(HARDWARE, None, id="without a name in it"),
            pytest.param(f"{PHONE}{'-long' * 30}", None, id="with a name too long for a user"),
        ],
    )
    def test_nobodys(self, serial: str, caller: str | None) -> None:
        """A device that leads to nobody may have been anybody's: a sweep is asked for."""
        harness = prepared()
        harness.account.put_user("bob")
        run = harness.react(about_device(serial, caller=caller))
        (settled,) = run.settled
        assert settled.observation.subject.kind is SubjectKind.EVERY_USER
        assert settled.decision.verdict.rule == "every-user"
        assert harness.sweeps_asked == 1
        assert "account_pages" not in harness.iam.reads

    def test_error_is_not_nobody(self) -> None:
        """A failing listing is an error of the whole, and no answer."""
        harness = prepared()
        harness.iam.fail("device_owner")
        run = harness.react(about_device(PHONE))
        assert [each.decision.verdict.compliance for each in run.settled] == [
            Compliance.INSUFFICIENT_DATA
        ]
        with pytest.raises(Unsettled):
            run.raise_unsettled()

    def test_unread_lead_is_not_gone(self) -> None:
        """A lead that cannot be read keeps its error; it does not start a sweep as if gone."""
        harness = prepared()
        harness.iam.fail("user", about="of-alice")
        (seen,) = harness.observer.observe(about_device(PHONE))
        assert seen.error is not None
        assert "account_pages" not in harness.iam.reads


def _by_name(harness: Harness, member: str) -> dict[str | None, Any]:
    """Return a member of everybody's observation, by user."""
    seen = harness.observer.observe(about_everyone())
    return {each.subject.name: getattr(each, member) for each in seen}


class TestEveryUser:
    """Bulk data, and questions only where it leaves a doubt."""

    @pytest.mark.parametrize(
        ("scope", "questions"),
        [
            pytest.param("everyone", [], id="everyone: none"),
            pytest.param("without-mfa", ["virtual_devices", "devices_of"], id="devices"),
            pytest.param(
                "console",
                ["virtual_devices", "devices_of", "has_password"],
                id="console: devices, password",
            ),
        ],
    )
    def test_questions(self, scope: str, questions: list[str]) -> None:
        """Of four users only one is asked about: not who is exempt, guarded, or has a device."""
        harness = prepared(scope=scope)
        harness.account.put_user("bob")
        harness.account.put_user("service", tags=(("userType", "service"),))
        harness.account.put_user("guarded", policies=frozenset({GUARD_ARN}))
        assert len(states(harness)) == 4
        bulk = ["groups_with", "policy", "group_path", "account_pages", "account_pages"]
        assert sorted(harness.iam.reads) == sorted([*bulk, *questions])

    def test_lift_asks_about_the_guarded(self) -> None:
        """Where enrolment lifts the guard, the guarded are asked for devices, too."""
        harness = prepared(scope="without-mfa", lift="compliant")
        harness.account.change("alice", policies=frozenset({GUARD_ARN}))
        (state,) = states(harness)
        assert state.devices == (Device(SERIAL, START),)

    def test_reads_are_named(self) -> None:
        """Each observation names the bulk read and its own questions."""
        harness = prepared(scope="without-mfa")
        harness.account.put_user("bob")
        seen = {
            each.subject.name: each.reads for each in harness.observer.observe(about_everyone())
        }
        bulk = "iam:GetAccountAuthorizationDetails"
        assert seen == {
            "alice": (bulk, "iam:ListVirtualMFADevices"),
            "bob": (bulk, "iam:ListMFADevices"),
        }

    def test_passkey(self) -> None:
        """A device that no bulk data shows is found by asking, and then nobody asks further."""
        harness = prepared(scope="console")
        harness.account.change("alice", devices=(Device(PASSKEY, START),))
        (state,) = states(harness)
        assert state.devices == (Device(PASSKEY, START),)
        assert "has_password" not in harness.iam.reads

    def test_taken_once(self) -> None:
        """A user who is renamed between two pages, and comes twice, is one user."""
        harness = prepared(scope="everyone")
        for number in range(6):
            harness.account.put_user(f"user-{number}")

        def rename(call: Call) -> None:
            if call == Call("account_pages", "page 2"):
                harness.account.rename_user("user-0", "zoe")

        harness.iam.place, harness.iam.on_call = lambda user: user.name, rename
        shown = [each.user.id for page in harness.iam.account_pages() for each in page.users]
        assert len(shown) == len(set(shown)) + 1, "it does not come twice"
        harness.account.rename_user("zoe", "user-0")
        found = [state.id for state in states(harness)]
        assert len(found) == len(set(found)) == 7

    def test_no_time_left(self) -> None:
        """Whom there is no time to ask about is left open, and nobody else is."""
        harness = prepared(scope="without-mfa")
        harness.account.put_user("bob")
        harness.bulk.has_time = lambda: False
        seen = {
            each.subject.name: each.error for each in harness.observer.observe(about_everyone())
        }
        assert seen["alice"] is None
        assert isinstance(seen["bob"], OutOfTime)

    def test_known(self) -> None:
        """Who is done with is not looked at, and who lacks a device is not asked again."""
        harness = prepared(scope="console")
        alice = harness.account.world.users["alice"]
        bob, _ = harness.account.put_user("bob"), harness.account.put_user("carol")
        harness.bulk.known = SoFar(frozenset({alice.id}), frozenset({bob.id}))
        names = [state.name for state in states(harness)]
        assert sorted(names) == ["bob", "carol"]
        asked = [call.about for call in harness.iam.log if call.method == "devices_of"]
        assert asked == ["carol"]

    def test_known_to_have_no_password(self) -> None:
        """Who was asked for both is not asked again for either, and each answer is kept."""
        harness = prepared(scope="console")
        bob, carol = harness.account.put_user("bob"), harness.account.put_user("carol")
        harness.bulk.known = SoFar(lacking=frozenset({bob.id}), passwordless=frozenset({carol.id}))
        found = {state.name: (state.devices, state.has_password) for state in states(harness)}
        assert (found["bob"], found["carol"]) == (((), True), ((), False))
        assert {"devices_of", "has_password"}.isdisjoint(harness.iam.reads)

    def test_who_has_enrolled_since_is_not_taken_for_who_lacks_a_device(self) -> None:
        """What bulk data says now outweighs what a part before was told."""
        harness = prepared(scope="without-mfa")
        alice = harness.account.world.users["alice"]
        harness.bulk.known = SoFar(lacking=frozenset({alice.id}))
        (state,) = states(harness)
        assert state.devices == (Device(SERIAL, START),)

    def test_judged_as_pages_arrive(self) -> None:
        """Whoever is on a page is there for judgement before the next page is asked for."""
        harness = prepared(scope="everyone")
        for number in range(8):
            harness.account.put_user(f"user-{number}")
        seen = iter(harness.observer.observe(about_everyone()))
        for pages in (1, 1, 1, 2, 2, 2, 3, 3, 3):
            next(seen)
            assert harness.iam.reads.count("account_pages") == pages

    def test_devices_that_cannot_be_read(self) -> None:
        """Then nobody is taken for one without a device, and who needs none is judged."""
        harness = prepared(scope="without-mfa")
        harness.account.put_user("bob")
        harness.account.put_user("guarded", policies=frozenset({GUARD_ARN}))
        fault = harness.iam.fail("virtual_devices")
        seen = {
            each.subject.name: each.error for each in harness.observer.observe(about_everyone())
        }
        assert seen == {"guarded": None, "alice": fault.error, "bob": fault.error}
        assert "devices_of" not in harness.iam.reads

    def test_many_users(self) -> None:
        """Every user of a large account is read exactly once."""
        harness = prepared(scope="without-mfa")
        wanted = {f"user-{number}" for number in range(600)} | {"alice"}
        for name in wanted - {"alice"}:
            harness.account.put_user(name)
        names = [state.name for state in states(harness)]
        assert (len(names), set(names)) == (601, wanted)

    def test_same_state_as_single(self) -> None:
        """Bulk data and single reads agree on everything that both ask."""
        harness = prepared(scope="console")
        harness.account.put_group("staff", GUARD_ARN)
        harness.account.change("alice", groups=frozenset({"staff", "x"}), path="/x/")
        (bulk,) = states(harness)
        (seen,) = harness.observer.observe(about_user("alice", created("alice")))
        assert seen.state is not None
        for member in ("id", "name", "arn", "path", "tags", "groups", "policies", "guarded_groups"):
            assert getattr(bulk, member) == getattr(seen.state, member), member


@pytest.mark.parametrize("scope", ["without-mfa", "console"])
def test_many_users_against_the_read(scope: str) -> None:
    """A large group that still seems to carry the guard is mended on the event's word alone."""
    harness = Harness(settings(scope=scope))
    harness.account.put_policy()
    harness.account.put_group("crew", GUARD_ARN)
    names = [f"user-{number}" for number in range(FEW + 1)]
    for name in names:
        harness.account.put_user(name, password=True, groups=frozenset({"crew"}))
    crew = Subject(SubjectKind.GROUP_MEMBERS, ACCOUNT, name="crew")
    run = harness.react(Cause(trigger(), crew, (detached(GUARD_ARN),)))
    run.raise_unsettled()
    assert {call.about for call in harness.iam.writes} == set(names)


SINGLE_READS = sorted({*PLAIN, *CREDENTIAL_READS, "devices_of"})


@pytest.mark.parametrize("read", SINGLE_READS)
def test_error_of_a_single_users_read_is_no_answer(read: str) -> None:
    """Whichever read fails: INSUFFICIENT_DATA, nothing is changed, and it is tried again."""
    harness = prepared(scope="console")
    fault = harness.iam.fail(read)
    run = harness.react(about_user("alice"))
    (settled,) = run.settled
    assert fault.raised == 1
    assert settled.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert (settled.decision.plan, harness.iam.writes) == ((), [])
    with pytest.raises(Unsettled):
        run.raise_unsettled()


@pytest.mark.parametrize("read", ["groups_with", "group_path", "policy", "account_pages"])
def test_error_of_a_sweeps_common_read_is_no_answer(read: str) -> None:
    """What every judgement rests on stops the sweep before it changes anything."""
    harness = prepared(scope="everyone")
    harness.iam.fail(read)
    run = harness.sweep()
    assert [each.decision.verdict.compliance for each in run.settled] == [
        Compliance.INSUFFICIENT_DATA
    ]
    assert harness.iam.writes == []
    with pytest.raises(Unsettled):
        run.raise_unsettled()


@pytest.mark.parametrize("read", ["devices_of", "has_password"])
def test_error_of_a_sweeps_question_concerns_one_user(read: str) -> None:
    """A failing question leaves its user unjudged, the others are put into order."""
    harness = prepared(scope="console")
    harness.account.change("alice", devices=())
    harness.account.put_user("bob", password=True)
    harness.iam.fail(read, about="alice")
    run = harness.sweep()
    verdicts = {each.observation.subject.name: each.decision.verdict for each in run.settled}
    assert verdicts["alice"].compliance is Compliance.INSUFFICIENT_DATA
    assert [call.about for call in harness.iam.writes] == ["bob"]
    with pytest.raises(Unsettled, match="1 of 2 subjects"):
        run.raise_unsettled()


@pytest.mark.parametrize("single", [True, False], ids=["a reaction", "a sweep"])
def test_missing_exemption_list_stops_the_run(*, single: bool) -> None:
    """A named list that is not there is not "nobody": nothing is changed, and it is tried again."""
    harness = prepared(exempt_parameter="/mfa/exempt")
    run = harness.react(about_user("alice") if single else about_everyone())
    (settled,) = run.settled
    assert settled.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert harness.iam.writes == []
    with pytest.raises(Unsettled, match="the exemption list does not exist"):
        run.raise_unsettled()


def test_empty_exemption_list_is_an_answer() -> None:
    """A list that is there and empty exempts nobody."""
    harness = prepared(exemptions="", exempt_parameter="/mfa/exempt")
    harness.sweep().raise_unsettled()
    assert harness.carries_guard("alice")


def test_error_on_a_later_page() -> None:
    """Who was on the pages before is put into order; that the rest is missing raises."""
    harness = prepared()
    for number in range(600):
        harness.account.put_user(f"user-{number}")
    harness.iam.fail("account_pages", about="page 100")
    run = harness.sweep()
    assert 0 < len(harness.iam.writes) <= 50
    kinds = [each.observation.subject.kind for each in run.settled]
    assert kinds.count(SubjectKind.EVERY_USER) == 1
    with pytest.raises(Unsettled):
        run.raise_unsettled()


@pytest.mark.parametrize(
    ("received", "rule"),
    [
        pytest.param(299, "must-carry-guard", id="created less than five minutes ago"),
        pytest.param(300, "being-deleted", id="created five minutes ago"),
    ],
)
def test_a_new_user_need_not_have_a_credential(received: float, rule: str) -> None:
    """For five minutes after its creation, a user without credentials is new, not leaving."""
    harness = Harness(settings())
    harness.account.put_policy()
    harness.account.put_user("alice")
    at = START + timedelta(seconds=received)
    run = harness.react(about_user("alice", created("alice"), received_at=at))
    assert [each.decision.verdict.rule for each in run.settled] == [rule]


class TestById:
    """A user who is known by its id."""

    @staticmethod
    def of(unique_id: str, name: str | None = None) -> Cause:
        """Return the cause that AWS Config gives."""
        subject = Subject(SubjectKind.USER, ACCOUNT, name=name, id=unique_id)
        return Cause(trigger(TriggerKind.CONFIG), subject)

    def test_by_the_name_that_came_with_it(self) -> None:
        """One round, and nobody is listed."""
        harness = prepared()
        unique_id = harness.account.world.users["alice"].id
        (seen,) = harness.observer.observe(self.of(unique_id, "Alice"))
        assert seen.subject == Subject(SubjectKind.USER, ACCOUNT, name="alice", id=unique_id)
        assert "names_by_id" not in harness.iam.reads
        assert len(harness.rounds.sizes) == 1

    @pytest.mark.parametrize("name", [None, "bob", "nobody"])
    def test_by_its_id_alone(self, name: str | None) -> None:
        """Where no name came with it, or one that is another's or nobody's now."""
        harness = prepared()
        harness.account.put_user("bob")
        unique_id = harness.account.world.users["alice"].id
        (seen,) = harness.observer.observe(self.of(unique_id, name))
        assert seen.state is not None
        assert (seen.state.name, seen.subject.id) == ("alice", unique_id)
        assert harness.iam.reads.count("names_by_id") == 1
        assert "iam:ListUsers" in seen.reads

    @pytest.mark.parametrize("name", [None, "alice", "nobody"])
    def test_an_id_that_nobody_has(self, name: str | None) -> None:
        """It is gone, whoever has its name."""
        harness = prepared()
        (seen,) = harness.observer.observe(self.of("AIDAGONE", name))
        assert seen.state is not None
        assert (seen.state.presence, seen.subject.id) == (Presence.GONE, "AIDAGONE")

    @pytest.mark.parametrize("method", ["user", "attached_policies"])
    def test_one_who_cannot_be_read_is_not_gone(self, method: str) -> None:
        """Its name may be another's: nobody can tell."""
        harness = prepared()
        harness.iam.fail(method)
        (seen,) = harness.observer.observe(self.of("AIDAGONE", "alice"))
        assert (seen.state, seen.error is None, seen.subject.id) == (None, False, "AIDAGONE")

    def test_users_cannot_be_listed(self) -> None:
        """An error of the whole, as where any other list cannot be had."""
        harness = prepared()
        harness.iam.fail("names_by_id")
        with pytest.raises(Transient):
            list(harness.observer.observe(self.of("AIDAGONE")))

    def test_one_who_is_renamed_meanwhile_is_tried_again(self) -> None:
        """Between the list and the read, another has got its name."""
        harness = prepared()
        unique_id = harness.account.world.users["alice"].id

        def rename(call: Call) -> None:
            if call.method == "user":
                harness.account.rename_user("alice", "alina")
                harness.account.put_user("alice")
                harness.iam.on_call = lambda _: None

        harness.iam.on_call = rename
        (seen,) = harness.observer.observe(self.of(unique_id))
        assert (seen.state, seen.subject.id) == (None, unique_id)
        assert "was renamed or deleted while it was read" in str(seen.error)
