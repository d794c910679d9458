"""Getting a session with MFA on the command line, and what to do about a device that fails."""

from reactor.cli.rescue.person import AWS_LOGIN, Person
from reactor.cli.rescue.steps import CODES, Step, Steps, command, user, you
from reactor.users.rescue import DeviceKind, kind_of


def session_by_code(person: Person, serial: str, *, other_ways: bool = True) -> Step:
    """Get a session for access keys, from a device that shows codes."""
    hours, profile = person.settings.guard_session_hours, f"{person.name}-mfa"
    # Credentials that outlive their MFA are denied everything, and do not say why.
    lasting = {"duration_seconds": str(hours * 3600)} if hours else {}
    by_profile = {"serial_number": serial, "update_profile": profile}
    login = command("aws configure mfa-login", **by_profile, **lasting)
    what = f"for access keys, get the profile {profile}"
    if not other_ways:
        return user(what, login)
    by_code = {"serial_number": serial, "token_code": "CODE"}
    older = command("aws sts get-session-token", **by_code, **lasting)
    what += " (by the second command, where the AWS CLI has no mfa-login)"
    return user(f"{what}; a role's profile takes mfa_serial", login, older)


def session_by_browser(person: Person) -> Steps:
    """Get a session from the browser's sign-in, which takes passkeys (aws-cli 3607)."""
    login = user(
        "for the command line, sign in by the browser (AWS CLI 2.32 or later):"
        " sts:GetSessionToken takes no passkeys",
        "aws login",
    )
    policy = person.policy_of_aws(AWS_LOGIN)
    if policy in person.facts.user.policies:
        return (login,)
    what = "let it use aws login (signin:AuthorizeOAuth2Access and signin:CreateOAuth2Token)"
    if not person.facts.has_room_for_a_policy:
        return (you(f"{what} through a group: it has as many policies as it may"), login)
    return (you(what, person.iam("attach-user-policy", policy_arn=policy)), login)


def resync(person: Person) -> Steps:
    """Bring a device whose codes are refused into time again."""
    return (
        you(
            "see that the device's clock is right; else, with two codes, one after the other",
            *(
                person.iam("resync-mfa-device", serial_number=each.serial, **CODES)
                for each in person.facts.code_devices
            ),
        ),
    )


def deactivate(person: Person) -> Steps:
    """Take a lost device away, once it is certain who asks for it."""
    devices, commands = person.facts.devices, list[str]()
    for each in devices:
        commands.append(person.iam("deactivate-mfa-device", serial_number=each.serial))
        if kind_of(each.serial) is DeviceKind.VIRTUAL:
            # Left over, it would be in the way of the next.
            delete = "aws iam delete-virtual-mfa-device"
            commands.append(command(delete, serial_number=each.serial))
    sure = f"make sure that it is {person.name} who asks: call back on a number that you know"
    which = "the lost one of these" if len(devices) > 1 else "it"
    way = f"IAM > Users > {person.name} > Security credentials > Remove"
    return (you(sure), you(f"deactivate {which} (or in the console: {way})", *commands))
