"""Abuse that is reported, not only repaired: successful calls to IAM by users and by root.

One function a kind, each a ladder: the first reason why it is none ends it.
"""

from collections.abc import Callable

from reactor.model import Alarm, AlarmKind
from reactor.settings import Settings
from reactor.triggers.records import ROOT_USER, items, mapping
from reactor.watch.calls import Call, brief

# The name that the console gives root's virtual device (seen in root's serials).
_ROOT_DEVICE = ":mfa/root-account-mfa-device"
_ENROLMENT = {"CreateVirtualMFADevice", "EnableMFADevice"}


def abuse(call: Call, settings: Settings) -> tuple[Alarm, ...]:
    """Return an alarm for each kind of abuse that a call to IAM is."""
    if call.service != "iam" or call.error is not None:
        return ()
    found = (judge(call, settings) for judge in _JUDGES)
    return tuple(alarm for alarm in found if alarm is not None)


def _root_mfa_deactivated(call: Call, settings: Settings) -> Alarm | None:  # noqa: ARG001 - a judge
    serial = call.request.get("serialNumber")
    if not _takes_roots_device(call, serial):
        return None
    return Alarm(
        AlarmKind.ROOT_MFA_DEACTIVATED,
        f"{call.by} took away an MFA device of the root user: {brief(call.name)}",
        "sign in as root, see which MFA devices it has, enrol one, and change the password if it"
        " was not you",
        {"serial": brief(serial) if isinstance(serial, str) else None},
    )


def _takes_roots_device(call: Call, serial: object) -> bool:
    if call.name == "DeactivateMFADevice":
        # Without a name the caller's own device is meant (API reference, DeactivateMFADevice).
        named = call.request.get("userName", ROOT_USER if call.caller.is_root else None)
        return bool(named == ROOT_USER)
    # The second chance to hear of it: root deletes the device after it was deactivated.
    is_roots = isinstance(serial, str) and serial.endswith(_ROOT_DEVICE)
    return call.name == "DeleteVirtualMFADevice" and call.caller.is_root and is_roots


def _self_exemption(call: Call, settings: Settings) -> Alarm | None:
    user, target = call.caller.user, _target(call)
    if user is None or target is None or target.casefold() != user.casefold():
        return None
    how = _exemption_given(call, settings)
    if how is None:
        return None
    return Alarm(
        AlarmKind.SELF_EXEMPTION,
        f"{call.by} exempted itself: {how}",
        "ask whether that was agreed; if not, take the exemption back, and the user's right to"
        f" {brief(call.name)} on itself",
        {"user": user, "how": how, "certain": True},
    )


def _group_exempted(call: Call, settings: Settings) -> Alarm | None:
    """Judge the way to exempt oneself without a call on oneself: one's group gets an exempt name.

    Who is in it would have to be read, and the watch reads nothing. Roles are in no group.
    """
    caller, request = call.caller, call.request
    if call.name != "UpdateGroup" or not (caller.is_root or caller.user is not None):
        return None
    group = _exempt_group(request.get("newGroupName"), settings)
    if group is None:
        return None
    how = f"by its new name {brief(group)}"
    return Alarm(
        AlarmKind.SELF_EXEMPTION,
        f"{call.by} exempted a group, and may be a member: {how}",
        "ask whether that was agreed; if not, give the group its old name back, see who is in it"
        " (mfa-reactor check), and take the caller's right to UpdateGroup",
        {
            "user": caller.user,
            "group": brief(request.get("groupName")),
            "how": how,
            "certain": False,
        },
    )


def _exemption_given(call: Call, settings: Settings) -> str | None:
    """Return what exempts the user whom a call is about, if it does."""
    request = call.request
    if call.name == "TagUser":
        return _exempt_tag(request.get("tags"), settings)
    if call.name == "AddUserToGroup":
        group = _exempt_group(request.get("groupName"), settings)
        return None if group is None else f"by joining the group {group}"
    if call.name != "UpdateUser":
        return None
    name, path = request.get("newUserName"), request.get("newPath")
    pattern = settings.exempts_name(name) if isinstance(name, str) else None
    if pattern is not None:
        return f"by a name that matches {pattern}"
    below = _exempt_path(path, settings)
    return None if below is None else f"by a path below {below}"


def _exempt_tag(tags: object, settings: Settings) -> str | None:
    for given in items(tags):
        tag = mapping(given)
        for exempt in settings.exempt_tags:
            if exempt.covers(str(tag.get("key")), str(tag.get("value"))):
                return f"by the tag {exempt.key}={exempt.value}"
    return None


def _exempt_group(name: object, settings: Settings) -> str | None:
    # Unique in an account without regard to case (API reference, CreateGroup).
    given = name.casefold() if isinstance(name, str) else ""
    return next((each for each in settings.exempt_groups if each.casefold() == given), None)


def _exempt_path(path: object, settings: Settings) -> str | None:
    given = path if isinstance(path, str) else ""
    return next((each for each in settings.exempt_paths if given.startswith(each)), None)


def _device_by_access_key(call: Call, settings: Settings) -> Alarm | None:  # noqa: ARG001 - a judge
    # Only users and root have such keys.
    if call.name not in _ENROLMENT or not call.caller.by_long_term_key:
        return None
    target = _target(call)
    return Alarm(
        AlarmKind.DEVICE_BY_ACCESS_KEY,
        f"{call.by} used a long-term access key for {brief(call.name)}: whoever has the key may"
        " have an MFA device now",
        "people enrol in the console: make the key inactive, and deactivate the device unless its"
        " owner has it",
        {"user": None if target is None else brief(target)},
    )


def _write_without_mfa(call: Call, settings: Settings) -> Alarm | None:
    caller, target = call.caller, _target(call)
    if not (caller.is_root or caller.kind == "IAMUser"):
        return None
    # A key says nothing of MFA in its record, and is none.
    if caller.with_mfa and not caller.by_long_term_key:
        return None
    # A policy for a user can be padded until CloudTrail leaves out whose it is.
    hides_a_user = call.hides_its_request and "User" in call.name
    if not hides_a_user and (target is None or _is_the_caller(target, call)):
        return None
    if _is_exempt_service(call, settings):
        return None
    whom = brief(target) if target is not None else "that the record does not name"
    return Alarm(
        AlarmKind.WRITE_WITHOUT_MFA,
        f"{call.by} changed the user {whom} without MFA: {brief(call.name)}",
        "ask the caller; if nobody meant it, undo the change and make the caller's credentials"
        " inactive; see why the guard did not stop the call: mfa-reactor check",
        {"user": None if target is None else brief(target)},
    )


def _is_the_caller(target: str, call: Call) -> bool:
    if call.caller.is_root:
        return target == ROOT_USER
    return target.casefold() == (call.caller.user or "").casefold()


def _is_exempt_service(call: Call, settings: Settings) -> bool:
    """Tell whether the caller is a user excused by name or path: it works with a key by design.

    Tags, groups and the exemption list would have to be read, and the watch reads nothing.
    """
    if call.caller.user is None:
        return False
    # arn:PARTITION:iam::ACCOUNT:user/PATH/NAME
    path = (call.caller.arn or "").partition(":user")[2].rpartition("/")[0] + "/"
    by_name = settings.exempts_name(call.caller.user) is not None
    return by_name or _exempt_path(path, settings) is not None


def _target(call: Call) -> str | None:
    """Return the user whom a call names, as it was before a change of its name.

    None where it names none, which is the caller itself: that of an access key, for one.
    """
    name = call.request.get("userName")
    return name if isinstance(name, str) and name else None


_JUDGES: tuple[Callable[[Call, Settings], Alarm | None], ...] = (
    _root_mfa_deactivated,
    _self_exemption,
    _group_exempted,
    _device_by_access_key,
    _write_without_mfa,
)
