"""What stands in a user's way and what to do about it, as a decision table. Nothing is read."""

import shlex
from dataclasses import replace
from typing import Any

import pytest

from reactor.cli.rescue.advice import Advice, advise, advise_gone, advise_root
from reactor.cli.rescue.steps import Step, Who
from reactor.guard.identity import Guard, Standing
from reactor.users.rescue import VirtualDevice
from reactor.users.state import Device
from tests.fakes.account import GUARD_ARN
from tests.fakes.harness import settings
from tests.unit.rescued import (
    APP,
    ARN,
    IDLE_KEY,
    KEY,
    NEW_PASSWORD,
    ORPHAN,
    PASSKEY,
    PASSWORD,
    SERIAL,
    SUMMARY,
    TOKEN,
    rescued,
)

GIVEN_ARN = "arn:aws:iam::123456789012:policy/team/Guard"
GIVEN = {
    "guard": Guard(GIVEN_ARN, given=True),
    "guard_standing": Standing.GIVEN,
    "policies": frozenset({GIVEN_ARN}),
}
MANY = {f"{ARN}policy/{number}" for number in range(9)}
FULL = {"policies": frozenset({GUARD_ARN, *MANY})}
MAY_CHANGE = {"policies": frozenset({GUARD_ARN, "arn:aws:iam::aws:policy/IAMUserChangePassword"})}
MAY_LOG_IN = {
    "policies": frozenset({GUARD_ARN, "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"})
}
SERVICE = {"tags": (("userType", "Service"),)}
UNGUARDED = {"policies": frozenset[str]()}
TAG_AS_JSON = """'[{"Key": "user type", "Value": "a"}]'"""
BOBS = VirtualDevice(SERIAL, "bob")

# Steps in short: who does it, and the command or the first words.
SIGN_IN = ("alice: sign in at",)
ENROL = ("alice: top right, alice", "alice: sign out and")
CLEAR = ("you: mfa-reactor user alice",)
KEEP = ("you: aws iam update-login-profile",)
PERMIT = ("you: aws iam attach-user-policy",)
NEW = ("you: aws iam create-login-profile",)
BY_CODE = ("alice: aws configure mfa-login",)
BY_CODE_OR_OLDER = ("alice: aws configure mfa-login, aws sts get-session-token",)
BY_BROWSER = ("alice: aws login",)
BY_CALL = ("you: aws iam create-virtual-mfa-device", "you: aws iam enable-mfa-device")
DENIALS = ("you: aws cloudtrail lookup-events",)
READ_GUARD = ("you: aws iam get-policy, aws iam get-policy-version",)
OFF = ("you: aws iam detach-user-policy",)
SURE = ("you: make sure that",)
DEACTIVATE_APP = ("you: aws iam deactivate-mfa-device, aws iam delete-virtual-mfa-device",)
DEACTIVATE = ("you: aws iam deactivate-mfa-device",)
RESYNC = ("you: aws iam resync-mfa-device",)
AT_HAND, REFUSED, LOST = (
    "if a device is at hand",
    "if its codes are refused",
    "if a device is lost",
)
NEEDS_KEYS = "if it needs its access keys"
KEYS, CONSOLE, PROGRAM = (
    "if a person needs only the access keys",
    "if a person needs the console",
    "if it is a program, which cannot have MFA",
)


def outline(advice: Advice) -> dict[str, tuple[str, ...]]:
    """Return the steps in short, by their case, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for step in advice.steps:
        who = "you" if step.who is Who.ADMINISTRATOR else "alice"
        done = ", ".join(_operation(each) for each in step.commands)
        what = done or " ".join(step.what.split()[:3])
        found[step.case] = (*found.get(step.case, ()), f"{who}: {what}")
    return found


def _operation(line: str) -> str:
    return line.partition(" --")[0]


def commands(steps: tuple[Step, ...]) -> list[str]:
    """Return all commands, in order."""
    return [each for step in steps for each in step.commands]


@pytest.mark.parametrize(
    ("members", "chosen", "situation", "expected"),
    [
        pytest.param(
            {"password": PASSWORD},
            {},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="guarded, with a password and no device: enrol in the console",
        ),
        pytest.param(
            {"password": PASSWORD, "keys": (KEY,)},
            {},
            "no-device",
            {"": (*SIGN_IN, *ENROL, *BY_CODE)},
            id="who has keys, too, gets a session for them with the new device",
        ),
        pytest.param(
            {"password": PASSWORD, "keys": (IDLE_KEY,)},
            {},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="an inactive key is no key",
        ),
        pytest.param(
            {"password": PASSWORD, "namesakes": (ORPHAN,)},
            {},
            "no-device",
            {"": (*CLEAR, *SIGN_IN, *ENROL)},
            id="a leftover device goes first",
        ),
        pytest.param(
            {"password": PASSWORD, "namesakes": (BOBS,)},
            {},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="another user's device of this user's name is none of its business",
        ),
        pytest.param(
            {"password": NEW_PASSWORD},
            {},
            "no-device",
            {"": (*SIGN_IN, *PERMIT, *ENROL)},
            id="a new password is due: permission for it, where AWS says it lacks",
        ),
        pytest.param(
            {"password": NEW_PASSWORD, **MAY_CHANGE},
            {},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="a new password is due, and the user may set one",
        ),
        pytest.param(
            {"password": NEW_PASSWORD},
            {"guard_self_service": "credentials"},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="a new password is due, and the guard itself allows to set one",
        ),
        pytest.param(
            {"password": NEW_PASSWORD, **FULL},
            {},
            "no-device",
            {"": (*SIGN_IN, *KEEP, *ENROL)},
            id="a new password is due, and no more policies can be attached: keep the old one",
        ),
        pytest.param(
            {"password": NEW_PASSWORD},
            {"guard_password_change": "false"},
            "no-device-password-change-denied",
            {"": (*KEEP, *SIGN_IN, *ENROL)},
            id="a new password is due, and the guard lets nobody set one: keep the old one",
        ),
        pytest.param(
            {"password": PASSWORD},
            {"guard_password_change": "false"},
            "no-device",
            {"": (*SIGN_IN, *ENROL)},
            id="no new password is due: it does not matter that nobody may set one",
        ),
        pytest.param(
            {"keys": (KEY,)},
            {},
            "no-device-keys-only",
            {
                KEYS: (*BY_CALL, *BY_CODE_OR_OLDER),
                CONSOLE: (*NEW, *SIGN_IN, *ENROL, *BY_CODE),
                PROGRAM: ("you: aws iam tag-user", *OFF),
            },
            id="keys only: the administrator enrols, or gives a password, or exempts",
        ),
        pytest.param(
            {"keys": (KEY,), "namesakes": (ORPHAN,)},
            {},
            "no-device-keys-only",
            {
                KEYS: (*CLEAR, *BY_CALL, *BY_CODE_OR_OLDER),
                CONSOLE: (*NEW, *CLEAR, *SIGN_IN, *ENROL, *BY_CODE),
                PROGRAM: ("you: aws iam tag-user", *OFF),
            },
            id="keys only, and a leftover device: a program does not care for that",
        ),
        pytest.param(
            {"keys": (KEY,)},
            {"guard_enrol": "anywhere"},
            "no-device-keys-only",
            {
                KEYS: (
                    "alice: aws iam create-virtual-mfa-device",
                    "alice: aws iam enable-mfa-device",
                    *BY_CODE_OR_OLDER,
                ),
                CONSOLE: (*NEW, *SIGN_IN, *ENROL, *BY_CODE),
                PROGRAM: ("you: aws iam tag-user", *OFF),
            },
            id="keys only, and the guard lets keys enrol: the user does it itself",
        ),
        pytest.param(
            {"keys": (IDLE_KEY,), "namesakes": (ORPHAN,)},
            {},
            "no-credential",
            {"": (*NEW, *CLEAR, *SIGN_IN, *ENROL)},
            id="neither password nor active key: a password first",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (APP,)},
            {},
            "has-device",
            {
                AT_HAND: ("alice: sign in at",),
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE_APP, *SIGN_IN, *ENROL),
            },
            id="a virtual device: it is not left over when it was lost",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (TOKEN,), "keys": (KEY,)},
            {},
            "has-device",
            {
                AT_HAND: ("alice: sign in at", *BY_CODE_OR_OLDER),
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE, *SIGN_IN, *ENROL, *BY_CODE),
            },
            id="a hardware token shows codes, too",
        ),
        pytest.param(
            {"devices": (APP,), "keys": (KEY,)},
            {},
            "has-device",
            {
                AT_HAND: BY_CODE_OR_OLDER,
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE_APP, *BY_CALL, *BY_CODE_OR_OLDER),
            },
            id="a device and keys, no password: calls all the way",
        ),
        pytest.param(
            {"devices": (APP,)},
            {},
            "has-device",
            {
                AT_HAND: (*NEW, "alice: sign in at"),
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE_APP, *NEW, *SIGN_IN, *ENROL),
            },
            id="a device and nothing to sign in with: a password first",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (APP, PASSKEY), "keys": (KEY,)},
            {},
            "has-device",
            {
                AT_HAND: ("alice: sign in at", *BY_CODE_OR_OLDER),
                REFUSED: RESYNC,
                LOST: (
                    *SURE,
                    f"{DEACTIVATE_APP[0]}, aws iam deactivate-mfa-device",
                    "alice: go on with",
                ),
            },
            id="of two devices one is lost: the other is good",
        ),
        pytest.param(
            {"password": NEW_PASSWORD, "devices": (APP,)},
            {"guard_password_change": "false"},
            "has-device",
            {
                AT_HAND: ("alice: sign in at", *KEEP),
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE_APP, *KEEP, *SIGN_IN, *ENROL),
            },
            id="a new password is due, with a device: its sign-in may have MFA",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (APP,)},
            {"guard_session_hours": "8"},
            "has-device",
            {
                AT_HAND: ("alice: sign in at", "alice: do so again"),
                REFUSED: RESYNC,
                LOST: (*SURE, *DEACTIVATE_APP, *SIGN_IN, *ENROL),
            },
            id="MFA counts for some hours only: sign in again",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (PASSKEY,)},
            {},
            "passkeys-only",
            {
                AT_HAND: ("alice: sign in at", *PERMIT, *BY_BROWSER),
                LOST: (*SURE, *DEACTIVATE, *SIGN_IN, *ENROL),
            },
            id="passkey only: the browser signs the command line in",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (PASSKEY,), "keys": (KEY,), **MAY_LOG_IN},
            {},
            "passkeys-only",
            {
                AT_HAND: ("alice: sign in at", *BY_BROWSER),
                NEEDS_KEYS: ("alice: top right, alice", *BY_CODE),
                LOST: (*SURE, *DEACTIVATE, *SIGN_IN, *ENROL, *BY_CODE),
            },
            id="passkey only, and keys: a device that shows codes beside it",
        ),
        pytest.param(
            {
                "password": PASSWORD,
                "devices": (PASSKEY,),
                "keys": (KEY,),
                "namesakes": (ORPHAN,),
                **FULL,
            },
            {},
            "passkeys-only",
            {
                AT_HAND: ("alice: sign in at", "you: let it use", *BY_BROWSER),
                NEEDS_KEYS: (*CLEAR, "alice: top right, alice", *BY_CODE),
                LOST: (*SURE, *DEACTIVATE, *CLEAR, *SIGN_IN, *ENROL, *BY_CODE),
            },
            id="no more policies can be attached: aws login through a group",
        ),
        pytest.param(
            {"devices": (PASSKEY,), "keys": (KEY,)},
            {},
            "passkeys-only",
            {
                AT_HAND: (*NEW, "alice: sign in at", *PERMIT, *BY_BROWSER),
                NEEDS_KEYS: ("alice: top right, alice", *BY_CODE),
                LOST: (*SURE, *DEACTIVATE, *BY_CALL, *BY_CODE_OR_OLDER),
            },
            id="passkey and keys, no password: a passkey is good with a password only",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (PASSKEY,) * 8, "keys": (KEY,)},
            {},
            "passkeys-only",
            {
                AT_HAND: ("alice: sign in at", *PERMIT, *BY_BROWSER),
                NEEDS_KEYS: ("you: deactivate a device,",),
                LOST: (
                    *SURE,
                    f"you: {', '.join(['aws iam deactivate-mfa-device'] * 8)}",
                    "alice: go on with",
                ),
            },
            id="eight devices: one must go before another comes",
        ),
        pytest.param(
            {"password": PASSWORD, **SERVICE},
            {},
            "exempt-but-guarded",
            {"": OFF},
            id="exempt, and still guarded: take the guard off",
        ),
        pytest.param(
            {
                **UNGUARDED,
                **SERVICE,
                "groups": ("MfaReactorGuard",),
                "guarded_groups": frozenset({"MfaReactorGuard"}),
            },
            {},
            "exempt-but-guarded",
            {"": ("you: aws iam remove-user-from-group",)},
            id="exempt, and guarded through the guard's group: out of it",
        ),
        pytest.param(
            {"password": PASSWORD, **UNGUARDED, **SERVICE},
            {},
            "not-guarded",
            {"": DENIALS},
            id="exempt and not guarded: something else is in the way",
        ),
        pytest.param(
            {"password": PASSWORD, **UNGUARDED},
            {},
            "not-guarded",
            {"": DENIALS, "before the guard is put on": (*SIGN_IN, *ENROL)},
            id="not guarded yet: enrol before it is",
        ),
        pytest.param(
            {"password": PASSWORD, "devices": (APP,), **UNGUARDED},
            {},
            "not-guarded",
            {"": DENIALS},
            id="not guarded yet, with a device: nothing to prepare",
        ),
        pytest.param(
            UNGUARDED,
            {},
            "not-guarded",
            {"": (*NEW, *SIGN_IN, *DENIALS)},
            id="not guarded, and nothing to sign in with",
        ),
        pytest.param(
            {"password": PASSWORD, "guard_standing": Standing.FOREIGN},
            {},
            "not-guarded",
            {"": DENIALS, "before the guard is put on": (*SIGN_IN, *ENROL)},
            id="a policy of the guard's name that is not ours is no guard",
        ),
        pytest.param(
            {"password": PASSWORD, **GIVEN},
            {"guard_policy": GIVEN_ARN},
            "no-device",
            {"": (*READ_GUARD, *SIGN_IN, *ENROL)},
            id="someone else keeps the guard: see first what it opens",
        ),
    ],
)
def test_situations(
    members: dict[str, Any],
    chosen: dict[str, str],
    situation: str,
    expected: dict[str, tuple[str, ...]],
) -> None:
    """The facts and the settings lead to one situation, and to these steps in this order."""
    advice = advise(rescued(settings(**chosen), **members), settings(**chosen))
    assert (advice.situation.value, outline(advice)) == (situation, expected)


def test_each_lost_device_is_named_by_its_serial() -> None:
    """A virtual one is deleted besides, for it would be in the way of the next."""
    facts = rescued(settings(), password=PASSWORD, devices=(APP, TOKEN, PASSKEY))
    lost = tuple(step for step in advise(facts, settings()).steps if step.case == LOST)
    deactivate = "aws iam deactivate-mfa-device --user-name alice --serial-number"
    assert commands(lost) == [
        f"{deactivate} {SERIAL}",
        f"aws iam delete-virtual-mfa-device --serial-number {SERIAL}",
        f"{deactivate} GAKT12345678",
        f"{deactivate} {PASSKEY.serial}",
    ]


@pytest.mark.parametrize(
    ("devices", "which"),
    [((APP,), "deactivate it (or"), ((APP, TOKEN), "deactivate the lost one of these (or")],
    ids=("one", "two"),
)
def test_of_several_devices_only_the_lost_one_is_to_go(
    devices: tuple[Device, ...], which: str
) -> None:
    """The commands for all of them are given, since the facts do not tell which it is."""
    advice = advise(rescued(settings(), password=PASSWORD, devices=devices), settings())
    assert any(step.case == LOST and step.what.startswith(which) for step in advice.steps)


def test_a_device_made_by_calls_is_enabled_under_the_name_that_it_was_made_with() -> None:
    """And the session is asked for with its serial."""
    facts = rescued(settings(), keys=(KEY,))
    made, enabled, session, *_ = advise(facts, settings()).steps
    make = "aws iam create-virtual-mfa-device --virtual-mfa-device-name alice"
    assert made.commands == (f"{make} --outfile qr.png --bootstrap-method QRCodePNG",)
    enable = f"aws iam enable-mfa-device --user-name alice --serial-number {SERIAL}"
    assert enabled.commands == (
        f"{enable} --authentication-code1 CODE1 --authentication-code2 CODE2",
    )
    assert session.commands == (
        f"aws configure mfa-login --serial-number {SERIAL} --update-profile alice-mfa",
        f"aws sts get-session-token --serial-number {SERIAL} --token-code CODE",
    )


@pytest.mark.parametrize(
    ("namesake", "name"),
    [
        pytest.param(BOBS, "Alice-2", id="taken by another user"),
        pytest.param(VirtualDevice(SERIAL, f"{ARN}root"), "Alice-2", id="taken by root"),
        pytest.param(ORPHAN, "Alice", id="left over, and deleted first"),
        pytest.param(VirtualDevice(SERIAL, "alice"), "Alice", id="its own, and lost"),
    ],
)
def test_the_new_device_gets_a_name_that_is_free(namesake: VirtualDevice, name: str) -> None:
    """CreateVirtualMFADevice fails on a name that is taken."""
    facts = rescued(settings(), name="Alice", keys=(KEY,), namesakes=(namesake,))
    (make,) = (
        each for each in commands(advise(facts, settings()).steps) if "create-virtual" in each
    )
    assert f"--virtual-mfa-device-name {name} " in make


def test_sessions_last_as_long_as_their_mfa_counts() -> None:
    """Credentials that outlive it would be denied everything, and not say why."""
    chosen = settings(guard_session_hours="2")
    advice = advise(rescued(chosen, devices=(APP,), keys=(KEY,)), chosen)
    sessions = [each for each in commands(advice.steps) if "session" in each or "login" in each]
    assert sessions
    assert all(each.endswith("--duration-seconds 7200") for each in sessions)
    (again,) = (step.what for step in advice.steps if "again" in step.what and not step.commands)
    assert again == "do so again every 2 hours: older MFA counts as none"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({}, True, id="who is allowed to"),
        pytest.param({"guard_password_change": "false"}, False, id="not where the guard denies it"),
    ],
)
def test_a_password_given_must_be_changed_only_by_who_can(
    chosen: dict[str, str], *, expected: bool
) -> None:
    """Else the first sign-in would lock the user out again."""
    facts = rescued(settings(**chosen), **MAY_CHANGE)
    (create, *_) = commands(advise(facts, settings(**chosen)).steps)
    assert create.endswith(" --password-reset-required") is expected
    asked = [step for step in advise(facts, settings(**chosen)).steps if "asked" in step.what]
    assert bool(asked) is expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param(
            {},
            ["aws iam tag-user --user-name alice --tags Key=userType,Value=Service"],
            id="by the first tag",
        ),
        pytest.param(
            {"exempt_tags": "user type:a, b:c"},
            ["aws iam tag-user --user-name alice --tags " + TAG_AS_JSON],
            id="by a tag that the shell would split",
        ),
        pytest.param(
            {"exempt_tags": "", "exempt_groups": "robots,others"},
            ["aws iam add-user-to-group --user-name alice --group-name robots"],
            id="by the first group",
        ),
        pytest.param(
            {"exempt_tags": "", "exempt_parameter": "/mfa/exempt"},
            [
                "mfa-reactor exempt list --parameter /mfa/exempt > exempt.txt",
                "printf '%s\\n' alice >> exempt.txt",
                "mfa-reactor exempt import exempt.txt --parameter /mfa/exempt",
            ],
            id="by the list",
        ),
        pytest.param({"exempt_tags": "", "exempt_paths": "/svc/"}, [], id="in no way"),
    ],
)
def test_a_program_is_exempted_in_the_way_that_the_settings_have(
    chosen: dict[str, str], expected: list[str]
) -> None:
    """Then the guard, which is not lifted by itself, is taken off."""
    facts = rescued(settings(**chosen), keys=(KEY,))
    program = tuple(
        step for step in advise(facts, settings(**chosen)).steps if step.case == PROGRAM
    )
    assert ("which name no way now" in program[0].what) is not bool(expected)
    off = f"aws iam detach-user-policy --user-name alice --policy-arn {GUARD_ARN}"
    assert commands(program) == [*expected, off]


def test_a_name_with_a_comma_cannot_be_put_on_the_list() -> None:
    """There a comma ends the name."""
    chosen = settings(exempt_tags="", exempt_parameter="/mfa/exempt")
    advice = advise(rescued(chosen, name="a,b", keys=(KEY,)), chosen)
    assert not any("exempt import" in each for each in commands(advice.steps))


def test_the_guard_is_taken_off_by_a_role_unless_someone_else_keeps_it() -> None:
    """Ours denies its holders to detach it from anybody; what another's does is not known."""
    (ours,) = advise(rescued(settings(), **SERVICE), settings()).steps
    assert ours.what == "take the guard off, in a role's session: users who carry it may not"
    chosen = settings(guard_policy=GIVEN_ARN)
    (given,) = advise(rescued(chosen, **GIVEN, **SERVICE), chosen).steps
    assert given.what == "take the guard off"


def test_to_leave_a_group_takes_more_than_the_guard() -> None:
    """Where it is not the guard's own group."""
    members = {"groups": ("staff",), "guarded_groups": frozenset({"staff"})}
    (step,) = advise(rescued(settings(), **UNGUARDED, **SERVICE, **members), settings()).steps
    assert step.commands == ("aws iam remove-user-from-group --user-name alice --group-name staff",)
    assert step.what.endswith("; what else staff gives it goes, too")


@pytest.mark.parametrize(
    ("partition", "address"),
    [
        ("aws", "https://123456789012.signin.aws.amazon.com/console"),
        ("aws-cn", "https://123456789012.signin.amazonaws.cn/console"),
        ("aws-us-gov", "https://123456789012.signin.amazonaws-us-gov.com/console"),
    ],
)
def test_each_partition_has_its_own_addresses(partition: str, address: str) -> None:
    """Of the sign-in, of AWS's own policies, and of a new device."""
    arn = ARN.replace("aws", partition, 1)
    members = {"arn": f"{arn}user/team/alice", "devices": (PASSKEY,), "keys": (KEY,)}
    steps = advise(rescued(settings(), password=PASSWORD, **members), settings()).steps
    assert address in steps[0].what
    given = " ".join(commands(steps))
    assert f"arn:{partition}:iam::aws:policy/SignInLocalDevelopmentAccess" in given
    assert f"--serial-number {arn}mfa/alice" in given


def test_no_name_is_taken_for_an_option() -> None:
    """A name may begin with a dash."""
    chosen = settings(exempt_tags="", exempt_parameter="/mfa/exempt")
    facts = rescued(
        chosen, name="--yes", keys=(KEY,), namesakes=(VirtualDevice(f"{ARN}mfa/--yes"),)
    )
    for line in commands(advise(facts, chosen).steps):
        words = shlex.split(line)
        assert "--yes" not in words or words[words.index("--yes") - 1] in {"--", "%s\\n"}


@pytest.mark.parametrize(
    ("name", "names", "looks"),
    [
        pytest.param(
            "alic", ["bob", "Alice"], ["mfa-reactor user Alice"], id="a letter is missing"
        ),
        pytest.param("BOBBY", ["bob", "Alice"], ["mfa-reactor user bob"], id="another case"),
        pytest.param("bobby", ["BOB", "Alice"], ["mfa-reactor user BOB"], id="IAM's in capitals"),
        pytest.param("zoe", ["bob", "Alice"], [], id="nobody is near"),
        pytest.param("zoe", [], [], id="there are no users"),
        pytest.param("-a", ["-a1"], ["mfa-reactor user -- -a1"], id="a dash first"),
    ],
)
def test_a_name_that_nobody_has(name: str, names: list[str], looks: list[str]) -> None:
    """Names like it are suggested, in IAM's spelling; and perhaps it is no IAM user at all."""
    advice = advise_gone(name, names)
    assert (advice.situation.value, commands(advice.steps)) == ("no-such-user", looks)
    assert "Identity Center" in advice.steps[-1].what


@pytest.mark.parametrize(
    ("mfa", "password", "said"),
    [
        pytest.param(
            True,
            True,
            {
                "if its device is at hand": "and the device",
                "if its device is lost": "Sign in using alternative factors",
            },
            id="with MFA",
        ),
        pytest.param(True, None, {"if its device is at hand": "and the device"}, id="not told"),
        pytest.param(False, True, {"": "assign an MFA device"}, id="without MFA"),
        pytest.param(False, False, {"": "Allow password recovery"}, id="without a password"),
    ],
)
def test_root(mfa: bool, password: bool | None, said: dict[str, str]) -> None:
    """No guard is in its way; its own MFA may be."""
    advice = advise_root(replace(SUMMARY, root_has_mfa=mfa, root_has_password=password))
    assert advice.situation.value == "root"
    found = {step.case: step.what for step in advice.steps}
    for case, words in said.items():
        assert words in found[case]


def test_a_summary_says_why_it_is_exempt() -> None:
    """Or who gets no further would look for the guard."""
    advice = advise(rescued(settings(), **UNGUARDED, **SERVICE), settings())
    assert advice.summary == (
        "alice is exempt (has the tag userType=Service) and does not carry the guard: something"
        " else is in its way"
    )
