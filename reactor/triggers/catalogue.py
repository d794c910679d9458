"""The events that can weaken MFA, or look as if they could: one row an event.

The rules' patterns, what the parser makes of an event, docs/events.md and the tests come from this
table and from nothing else.

Two functions share them, so that what merely might matter never holds up what takes the guard or a
device off: `react` hears the urgent ones, `review` the rest. The `keeper` hears what is done to the
guard itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reactor.model import Claim
from reactor.names import Function
from reactor.settings import Lift, Scope, Settings

IAM_EVENT_SOURCE = "iam.amazonaws.com"
PARAMETER_EVENT_SOURCE = "ssm.amazonaws.com"


class Names(StrEnum):
    """How an event names whom it concerns."""

    NEW_USER = "`requestParameters.userName`, else `responseElements.user.userName`"
    USER = "`requestParameters.userName`"
    RENAMED_USER = "`requestParameters.newUserName`, else `userName`"
    USER_OR_CALLER = (
        "`requestParameters.userName`, else the user in `responseElements`, else the caller"
    )
    SERIAL = "whoever had the device `requestParameters.serialNumber`"
    MEMBERS = "the members of `requestParameters.groupName`"
    RENAMED_MEMBERS = "the members of `requestParameters.newGroupName`, else `groupName`"
    HOLDERS = (
        "whoever `requestParameters.policyArn` is attached to; every user once the guard is deleted"
    )
    EVERYONE = "every user"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Condition:
    """Under which settings a row can change a verdict, or what follows from one."""

    words: str
    holds: Callable[[Settings], bool]


ALWAYS = Condition("always", lambda _: True)
WITH_TAGS = Condition("REACTOR_EXEMPT_TAGS is set", lambda settings: bool(settings.exempt_tags))
WITH_GROUPS = Condition(
    "REACTOR_EXEMPT_GROUPS is set", lambda settings: bool(settings.exempt_groups)
)
WITH_LIST = Condition(
    "REACTOR_EXEMPT_PARAMETER is set", lambda settings: bool(settings.exempt_parameter)
)
FOR_DEVICES = Condition(
    "REACTOR_SCOPE is not `everyone`", lambda settings: settings.scope is not Scope.EVERYONE
)
FOR_PASSWORDS = Condition(
    "REACTOR_SCOPE is `console`", lambda settings: settings.scope is Scope.CONSOLE
)
FOR_POWERS = Condition(
    "REACTOR_SCOPE is `privileged`", lambda settings: settings.scope is Scope.PRIVILEGED
)
WITH_LIFT = Condition(
    "REACTOR_LIFT is not `never`", lambda settings: settings.lift is not Lift.NEVER
)


def _either(one: Condition, other: Condition) -> Condition:
    return Condition(
        f"{one.words} or {other.words}",
        lambda settings: one.holds(settings) or other.holds(settings),
    )


WITH_GROUPS_OR_FOR_POWERS = _either(WITH_GROUPS, FOR_POWERS)
WITH_LIFT_OR_FOR_POWERS = _either(WITH_LIFT, FOR_POWERS)
# Kept as rows so that the parser knows whom they concern, and nobody wonders where they are.
NEVER = Condition("never: no scope looks at what it changes", lambda _: False)


@dataclass(frozen=True, slots=True)
class Row:
    """One event: how it names its subject, who hears it and when, what it claims, why it matters.

    `about` is the member of requestParameters that the claim is about, empty for the subject's own
    name. `of_the_guard`: it is urgent only when its policyArn is the guard's, or cannot be read; of
    other policies `review` hears it under `of_others`. `failed_with`: the errorCode of the failure
    that is listened to, in place of success.
    """

    event: str
    names: Names
    function: Function
    matters: Condition
    why: str
    claim: Claim | None = None
    about: str = ""
    of_the_guard: bool = False
    of_others: Condition = NEVER
    failed_with: str = ""


_REVIVED = "a credential brings a user back who was taken for one being deleted"
_PERMISSIONS = "changes what a user may do"
_BOUNDARY = "a boundary only narrows what policies allow, and those alone are looked at"

CATALOGUE = {
    row.event: row
    for row in (
        Row(
            "CreateUser",
            Names.NEW_USER,
            Function.REACT,
            ALWAYS,
            "a new user has neither a device nor the guard",
            Claim.USER_CREATED,
        ),
        Row(
            "UpdateUser",
            Names.RENAMED_USER,
            Function.REVIEW,
            ALWAYS,
            "events under its old name find nobody any more; an exemption by name or path may go",
            Claim.USER_RENAMED,
            "newUserName",
        ),
        Row(
            "DeleteUser",
            Names.USER,
            Function.REACT,
            ALWAYS,
            "failed because something still hangs on the user: it may be the guard",
            Claim.DELETION_BLOCKED,
            failed_with="DeleteConflictException",
        ),
        Row(
            "DetachUserPolicy",
            Names.USER,
            Function.REACT,
            ALWAYS,
            "the policy may be the guard",
            Claim.POLICY_DETACHED,
            "policyArn",
            of_the_guard=True,
            of_others=ALWAYS,
        ),
        Row(
            "DeactivateMFADevice",
            Names.USER_OR_CALLER,
            Function.REACT,
            ALWAYS,
            "it may have been the user's last device",
            Claim.DEVICE_REMOVED,
            "serialNumber",
        ),
        Row(
            "DeleteVirtualMFADevice",
            Names.SERIAL,
            Function.REVIEW,
            ALWAYS,
            "follows a deactivation; the last that is heard of the device if that event is lost",
            Claim.DEVICE_REMOVED,
            "serialNumber",
        ),
        Row(
            "RemoveUserFromGroup",
            Names.USER,
            Function.REACT,
            ALWAYS,
            "the group may have carried the guard, or have made the user exempt",
            Claim.GROUP_LEFT,
            "groupName",
        ),
        Row(
            "DetachGroupPolicy",
            Names.MEMBERS,
            Function.REACT,
            ALWAYS,
            "the policy may be the guard",
            Claim.POLICY_DETACHED,
            "policyArn",
            of_the_guard=True,
            of_others=ALWAYS,
        ),
        Row(
            "DeletePolicy",
            Names.HOLDERS,
            Function.REACT,
            ALWAYS,
            "the policy may be the guard, which is then made anew and put back on everyone",
            of_the_guard=True,
        ),
        Row(
            "CreateLoginProfile",
            Names.USER_OR_CALLER,
            Function.REACT,
            ALWAYS,
            f"a password puts a user into scope `console`; {_REVIVED}",
            Claim.PASSWORD_MADE,
        ),
        Row(
            "UpdateLoginProfile",
            Names.USER_OR_CALLER,
            Function.REVIEW,
            NEVER,
            "a user had a password before it, and has one after it",
        ),
        Row(
            "DeleteLoginProfile",
            Names.USER_OR_CALLER,
            Function.REVIEW,
            FOR_PASSWORDS,
            "takes a user out of scope `console`",
        ),
        *(
            Row(
                event,
                Names.USER_OR_CALLER,
                Function.REVIEW,
                ALWAYS,
                _REVIVED,
                Claim.CREDENTIAL_MADE,
            )
            for event in (
                "CreateAccessKey",
                "UpdateAccessKey",
                "CreateServiceSpecificCredential",
                "UpdateServiceSpecificCredential",
                "UploadSSHPublicKey",
                "UpdateSSHPublicKey",
                "UploadSigningCertificate",
                "UpdateSigningCertificate",
            )
        ),
        Row(
            "EnableMFADevice",
            Names.USER_OR_CALLER,
            Function.REVIEW,
            FOR_DEVICES,
            "a device takes a user out of every scope but `everyone`",
        ),
        Row(
            "ResyncMFADevice",
            Names.USER_OR_CALLER,
            Function.REVIEW,
            NEVER,
            "the device stays enabled",
        ),
        Row(
            "CreateVirtualMFADevice",
            Names.NOBODY,
            Function.REVIEW,
            NEVER,
            "the device is nobody's yet; `watch` hears it when a long-term key made it",
        ),
        Row(
            "TagUser",
            Names.USER,
            Function.REVIEW,
            WITH_TAGS,
            "the tag may exempt the user, or put another in the place of one that did",
        ),
        Row(
            "UntagUser",
            Names.USER,
            Function.REVIEW,
            WITH_TAGS,
            "the tag may have exempted the user",
        ),
        Row(
            "AddUserToGroup",
            Names.USER,
            Function.REVIEW,
            WITH_GROUPS_OR_FOR_POWERS,
            f"the group may exempt the user; it {_PERMISSIONS}",
            Claim.PERMISSIONS_GIVEN,
            "groupName",
        ),
        Row(
            "UpdateGroup",
            Names.RENAMED_MEMBERS,
            Function.REVIEW,
            ALWAYS,
            "events under its old name find no members any more; its name may exempt them",
            Claim.GROUP_RENAMED,
            "newGroupName",
        ),
        Row(
            "DeleteGroup",
            Names.MEMBERS,
            Function.REVIEW,
            NEVER,
            "IAM deletes a group only when it has no members and no policies any more",
        ),
        Row(
            "AttachUserPolicy",
            Names.USER,
            Function.REVIEW,
            WITH_LIFT_OR_FOR_POWERS,
            f"the policy may be the guard, on somebody who need not carry it; it {_PERMISSIONS}",
            Claim.PERMISSIONS_GIVEN,
            "policyArn",
        ),
        Row(
            "AttachGroupPolicy",
            Names.MEMBERS,
            Function.REVIEW,
            FOR_POWERS,
            _PERMISSIONS,
            Claim.PERMISSIONS_GIVEN,
            "policyArn",
        ),
        *(
            Row(
                event,
                names,
                Function.REVIEW,
                FOR_POWERS,
                _PERMISSIONS,
                Claim.PERMISSIONS_CHANGED,
                "policyName",
            )
            for event, names in (
                ("PutUserPolicy", Names.USER),
                ("DeleteUserPolicy", Names.USER),
                ("PutGroupPolicy", Names.MEMBERS),
                ("DeleteGroupPolicy", Names.MEMBERS),
            )
        ),
        Row("PutUserPermissionsBoundary", Names.USER, Function.REVIEW, NEVER, _BOUNDARY),
        Row("DeleteUserPermissionsBoundary", Names.USER, Function.REVIEW, NEVER, _BOUNDARY),
        Row(
            "CreatePolicyVersion",
            Names.HOLDERS,
            Function.KEEPER,
            ALWAYS,
            f"the policy may be the guard, whose document is then restored; it {_PERMISSIONS}",
            Claim.PERMISSIONS_CHANGED,
            "policyArn",
            of_the_guard=True,
            of_others=FOR_POWERS,
        ),
        Row(
            "SetDefaultPolicyVersion",
            Names.HOLDERS,
            Function.KEEPER,
            ALWAYS,
            f"the policy may be the guard, whose document is then restored; it {_PERMISSIONS}",
            Claim.PERMISSIONS_CHANGED,
            "policyArn",
            of_the_guard=True,
            of_others=FOR_POWERS,
        ),
        Row(
            "DeletePolicyVersion",
            Names.HOLDERS,
            Function.KEEPER,
            NEVER,
            "IAM never deletes the default version, so what the policy says stays",
        ),
        *(
            Row(
                event,
                Names.EVERYONE,
                Function.REVIEW,
                WITH_LIST,
                "the parameter may be the exemption list: whoever it names no more must be guarded",
            )
            for event in ("PutParameter", "DeleteParameter", "DeleteParameters")
        ),
    )
}
# About the parameter store, whose event source and subject are others than IAM's.
PARAMETER_EVENTS = frozenset({"PutParameter", "DeleteParameter", "DeleteParameters"})


def delivered(settings: Settings, function: Function) -> list[Row]:
    """Return the rows that a function hears under these settings."""
    return [
        row
        for row in CATALOGUE.values()
        if row.function is function and row.matters.holds(settings)
    ]
