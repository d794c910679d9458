"""Signing in to the console, and enrolling a device there or by calls."""

from reactor.cli.rescue.person import CHANGE_PASSWORD, Person
from reactor.cli.rescue.sessions import session_by_code
from reactor.cli.rescue.steps import CODES, Step, Steps, Who, command, user, you
from reactor.settings import Enrol


def enrol(person: Person) -> Steps:
    """Enrol a device, in whatever way is open to a user that has none."""
    if person.facts.password is not None:
        return enrol_in_console(person)
    if person.facts.active_keys:
        return enrol_for_keys(person)
    return (*new_password(person), *enrol_in_console(person))


def enrol_in_console(person: Person) -> Steps:
    """Sign in, enrol, and sign in again: a session does not come to have MFA."""
    again = "sign out and in again with the device, for the session from before it has no MFA"
    changed = "; then change the password" if person.cannot_change_password else ""
    return (
        *clear_orphans(person),
        *keep_password(person),
        *sign_in(person),
        assign(person),
        user(again + changed),
        *_use_with_keys(person),
    )


def enrol_beside(person: Person) -> Steps:
    """Enrol a device that shows codes beside passkeys, for the access keys."""
    return (*clear_orphans(person), assign(person), *_use_with_keys(person))


def enrol_for_keys(person: Person) -> Steps:
    """Enrol an authenticator app by calls: the user's own where the guard lets keys do it."""
    by_user = person.settings.guard_enrol is Enrol.ANYWHERE
    who = Who.USER if by_user else Who.ADMINISTRATOR
    make = command(
        "aws iam create-virtual-mfa-device",
        virtual_mfa_device_name=person.device_name,
        outfile="qr.png",
        bootstrap_method="QRCodePNG",
    )
    scan = "scan qr.png" if by_user else f"have {person.name} scan qr.png"
    whose = "two codes" if by_user else f"two codes of {person.name}'s"
    enable = person.iam("enable-mfa-device", serial_number=person.device_serial, **CODES)
    return (
        *clear_orphans(person),
        Step(who, f"make a device, {scan} with an authenticator app, delete qr.png", (make,)),
        Step(who, f"enable it with {whose}, one after the other", (enable,)),
        session_by_code(person, person.device_serial),
    )


def assign(person: Person) -> Step:
    """Enrol a device in the console, once signed in."""
    kind = "a passkey or an authenticator app"
    if person.facts.active_keys:
        kind = "an authenticator app, since access keys take no passkey"
    way = "Security credentials > Multi-factor authentication (MFA) > Assign MFA device"
    return user(f"top right, {person.name} > {way}; name it {person.device_name}, choose {kind}")


def _use_with_keys(person: Person) -> Steps:
    """Use the device just enrolled with the access keys, if there are any."""
    if not person.facts.active_keys:
        return ()
    return (session_by_code(person, person.device_serial, other_ways=False),)


def sign_in(person: Person, *, with_device: bool = False) -> Steps:
    """Sign in to the console, and set a new password where one is asked for."""
    given_now = person.facts.password is None and person.may_change_password
    asked = person.must_change_password and not person.cannot_change_password
    what = f"sign in at {person.sign_in_address} with the password"
    what += " and the device" if with_device else ""
    what += "; set a new password when asked" if asked or given_now else ""
    return (user(what), *(_permit_password(person) if asked else ()))


def new_password(person: Person) -> Steps:
    """Give a password to a user who has none."""
    # Who is not known to be allowed to change it would be stopped at the sign-in.
    create = person.iam(
        "create-login-profile",
        password="NEW-PASSWORD",  # noqa: S106 - to be replaced
        password_reset_required=person.may_change_password,
    )
    return (you("give it a password, and tell it where nobody else hears it", create),)


def keep_password(person: Person) -> Steps:
    """Take back that another password must be set, where the guard lets nobody set one."""
    if not person.cannot_change_password:
        return ()
    why = "without MFA the guard lets nobody set another (REACTOR_GUARD_PASSWORD_CHANGE=false)"
    return (you(f"let it keep its password for now: {why}", _keep(person)),)


def clear_orphans(person: Person) -> Steps:
    """Make room for a device of the user's own name."""
    if not person.facts.orphans:
        return ()
    clear = command("mfa-reactor user", person.name, clear_orphan_device=True)
    why = f"a new device named {person.name} fails on it (EntityAlreadyExists)"
    return (you(f"delete the leftover device: {why}", clear),)


def _permit_password(person: Person) -> Steps:
    """Help where AWS refuses the new password that it asks for."""
    if person.may_change_password:
        return ()
    policy = person.policy_of_aws(CHANGE_PASSWORD)
    permit = person.iam("attach-user-policy", policy_arn=policy)
    can_permit = person.settings.guard_password_change and person.facts.has_room_for_a_policy
    what = "only if AWS refuses the new password for want of iam:ChangePassword"
    return (you(what, permit if can_permit else _keep(person)),)


def _keep(person: Person) -> str:
    return person.iam("update-login-profile", no_password_reset_required=True)
