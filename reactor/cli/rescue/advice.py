"""What stands in a user's way, and what to do about it: from the facts to the next steps.

A ladder of guard returns, as reactor.users.rules is: the first rung that holds decides. Where the
facts do not tell how it is (the device is at hand, or lost; a person has the keys, or a program),
the steps come by case.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reactor.cli.rescue import enrolment, release, sessions
from reactor.cli.rescue.person import Person
from reactor.cli.rescue.steps import Steps, command, in_case, user, you
from reactor.model import Compliance
from reactor.settings import Settings
from reactor.users.rescue import DEVICES_PER_USER, AccountSummary, Facts

_NEAR = 3  # names that are suggested for one that nobody has


class Situation(StrEnum):
    """What stands in the way, in a word, for scripts."""

    NO_SUCH_USER = "no-such-user"
    ROOT = "root"
    NOT_GUARDED = "not-guarded"
    EXEMPT_BUT_GUARDED = "exempt-but-guarded"
    NO_CREDENTIAL = "no-credential"
    NO_DEVICE = "no-device"
    KEYS_ONLY = "no-device-keys-only"
    MUST_CHANGE = "no-device-password-change-denied"
    PASSKEYS_ONLY = "passkeys-only"
    HAS_DEVICE = "has-device"


@dataclass(frozen=True, slots=True)
class Advice:
    """What stands in the way, in a word and in a sentence, and the next steps in their order."""

    situation: Situation
    summary: str
    steps: Steps


def advise(facts: Facts, settings: Settings) -> Advice:
    """Say what stands in a user's way under the settings, and what to do."""
    person = Person(facts, settings)
    if not facts.guarded:
        return _not_guarded(person)
    if facts.exempt:
        summary = f"{_exempt(facts)} and still carries the guard, which binds it all the same"
        return Advice(Situation.EXEMPT_BUT_GUARDED, summary, release.take_off(person))
    if facts.devices:
        return _with_device(person)
    return _without_device(person)


def advise_gone(name: str, names: Iterable[str]) -> Advice:
    """Say whom a name that nobody has may have been meant for, of the account's users."""
    spelt = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower(), spelt, n=_NEAR)
    near = [spelt[each] for each in found]
    looks = [command("mfa-reactor user", each) for each in near]
    steps = (you(f"see whether it is {' or '.join(near)}", *looks),) if near else ()
    elsewhere = (
        "see whether the person comes through IAM Identity Center or a role: then it has no IAM"
        " user here, and no guard"
    )
    return Advice(Situation.NO_SUCH_USER, f"There is no user {name}", (*steps, you(elsewhere)))


def advise_root(account: AccountSummary) -> Advice:
    """Say how the root user comes in: no guard is in its way, but its own MFA may be."""
    summary = "No policy binds the root user, and so no guard does"
    return Advice(Situation.ROOT, summary, _root_steps(account))


def _root_steps(account: AccountSummary) -> Steps:
    if account.root_has_password is False:
        recovery = (
            "it has no password; in the organization's management account: IAM > Root access"
            " management > this account > Take privileged action > Allow password recovery"
        )
        return (you(recovery),)
    sign_in = "sign in as root user, with the account's e-mail address and the password"
    if not account.root_has_mfa:
        return (user(f"{sign_in}, and assign an MFA device under Security credentials"),)
    lost = (
        f"{sign_in}; where it asks for the device: Troubleshoot MFA > Sign in using alternative"
        " factors (the account's e-mail and phone); then replace the device"
    )
    return (
        *in_case("if its device is at hand", [user(f"{sign_in}, and the device")]),
        *in_case("if its device is lost", [user(lost)]),
    )


def _not_guarded(person: Person) -> Advice:
    facts, steps = person.facts, Steps()
    if not person.can_come_in:
        steps = (*enrolment.new_password(person), *enrolment.sign_in(person))
    steps += release.look_for_denials(person)
    must_carry = facts.verdict.compliance is Compliance.NON_COMPLIANT
    if must_carry and person.can_come_in and not facts.devices:
        steps += in_case("before the guard is put on", enrolment.enrol(person))
    who = f"{_exempt(facts)} and" if facts.exempt else facts.name
    summary = f"{who} does not carry the guard: something else is in its way"
    return Advice(Situation.NOT_GUARDED, summary, steps)


def _without_device(person: Person) -> Advice:
    name, given = person.name, release.read_given_guard(person)
    steps = (*given, *enrolment.enrol(person))
    if not person.can_come_in:
        summary = f"{name} has neither a password nor an active access key to come in with"
        return Advice(Situation.NO_CREDENTIAL, summary, steps)
    if person.facts.password is None:
        summary = f"{name} carries the guard, has no MFA device, and no password to enrol one with"
        return Advice(Situation.KEYS_ONLY, summary, (*given, *_keys_only(person)))
    if person.cannot_change_password:
        summary = f"{name} must set a new password, which the guard does not let it do without MFA"
        return Advice(Situation.MUST_CHANGE, summary, steps)
    summary = f"{name} carries the guard and has no MFA device: it can do nothing but enrol one"
    return Advice(Situation.NO_DEVICE, summary, steps)


def _keys_only(person: Person) -> Steps:
    console = (*enrolment.new_password(person), *enrolment.enrol_in_console(person))
    return (
        *in_case("if a person needs only the access keys", enrolment.enrol_for_keys(person)),
        *in_case("if a person needs the console", console),
        *in_case("if it is a program, which cannot have MFA", release.exempt(person)),
    )


def _with_device(person: Person) -> Advice:
    by_code = bool(person.facts.code_devices)
    steps = in_case("if a device is at hand", _use_device(person))
    if by_code:
        steps += in_case("if its codes are refused", sessions.resync(person))
    elif person.facts.active_keys:
        steps += in_case("if it needs its access keys", _enrol_beside(person))
    steps += in_case("if a device is lost", _replace_device(person))
    if by_code:
        summary = f"{person.name} carries the guard: without its MFA device it can do nothing"
        return Advice(Situation.HAS_DEVICE, summary, steps)
    summary = f"{person.name} has no device that shows codes: its MFA works in the browser only"
    return Advice(Situation.PASSKEYS_ONLY, summary, steps)


def _use_device(person: Person) -> Steps:
    facts, by_code = person.facts, person.facts.code_devices
    # Passkeys are for the browser, which asks for a password besides.
    needs_password = facts.password is None and not (by_code and facts.active_keys)
    steps = enrolment.new_password(person) if needs_password else Steps()
    if facts.password is not None or needs_password:
        steps += enrolment.sign_in(person, with_device=True)
    if by_code and facts.active_keys:
        steps += (sessions.session_by_code(person, by_code[0].serial),)
    if not by_code:
        steps += sessions.session_by_browser(person)
    return (*steps, *_again(person))


def _enrol_beside(person: Person) -> Steps:
    if person.facts.has_room_for_a_device:
        return enrolment.enrol_beside(person)
    return (you(f"deactivate a device, as if it were lost: {DEVICES_PER_USER} are the most"),)


def _replace_device(person: Person) -> Steps:
    if len(person.facts.devices) > 1:
        return (*sessions.deactivate(person), user("go on with another of its devices"))
    return (*sessions.deactivate(person), *enrolment.enrol(person.without_devices()))


def _again(person: Person) -> Steps:
    hours = person.settings.guard_session_hours
    if hours is None:
        return ()
    many = "hour" if hours == 1 else f"{hours} hours"
    return (user(f"do so again every {many}: older MFA counts as none"),)


def _exempt(facts: Facts) -> str:
    return f"{facts.name} is exempt ({'; '.join(facts.verdict.reasons)})"
