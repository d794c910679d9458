"""Who calls: from the access key of a request to the identity that AWS would see behind it.

There are four kinds: the root user, a user with a long-term key, a user's session (from
GetSessionToken or the console, with or without MFA) and a role's session. Keys nobody issued, and
keys that were deleted or made inactive, are nobody's. Signatures are not checked: the sandbox is no
place for secrets.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Literal

from moto.iam.models import IAMBackend, Role, User, iam_backends
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

from sandbox.wire import Refusal

_LAST_SIGN_IN = "password_last_used"  # declared by moto to be None, and shown if it is not


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What a temporary credential says about itself."""

    created: dt.datetime
    mfa: bool = False
    console: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity behind a call. A role's session has its `role`, a user its `user_name`."""

    kind: Literal["Root", "IAMUser", "AssumedRole"]
    account: str
    partition: str
    access_key_id: str
    principal_id: str
    arn: str
    user_name: str | None = None
    role: Role | None = None
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class _UserSession:
    user: User  # the object, not its name: a session survives a rename
    session: Session


class Callers:
    """The keys this account has issued.

    moto keeps users' and roles' keys; sessions of users and the root user's keys, which moto hands
    out as constants, are kept here.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self._user_sessions: dict[str, _UserSession] = {}
        self._root_keys: dict[str, str] = {}

    def open_user_session(
        self, partition: str, user_name: str, *, mfa: bool, console: bool
    ) -> Credentials:
        """A session of the user's, from GetSessionToken or the console."""
        user = self._iam(partition).get_user(user_name)
        credentials = self._new_credentials()
        session = Session(_now(), mfa=mfa, console=console)
        if console and user.password:
            setattr(user, _LAST_SIGN_IN, session.created)
        self._user_sessions[credentials.access_key_id] = _UserSession(user, session)
        return credentials

    def open_root_session(self, partition: str) -> Credentials:
        """A session of the account's root user."""
        credentials = self._new_credentials()
        self._root_keys[credentials.access_key_id] = partition
        return credentials

    def assume_role(self, region: str, role_arn: str, session_name: str) -> Credentials:
        """A session of the role, as Lambda or STS would open it."""
        session = sts_backends[self.account][get_partition(region)].assume_role(
            region_name=region,
            role_session_name=session_name,
            role_arn=role_arn,
            policy="",
            duration=3600,
            external_id="",
        )
        return Credentials(session.access_key_id, session.secret_access_key, session.session_token)

    def identify(self, access_key_id: str, region: str) -> Caller:
        """Raises Refusal(InvalidClientTokenId) for a key that nobody holds."""
        partition = get_partition(region)
        if self._root_keys.get(access_key_id) == partition:
            arn = f"arn:{partition}:iam::{self.account}:root"
            return Caller("Root", self.account, partition, access_key_id, self.account, arn)
        if user_session := self._user_sessions.get(access_key_id):
            return self._user(user_session.user, partition, access_key_id, user_session.session)
        key = self._iam(partition).access_keys.get(access_key_id)
        if key is not None and key.role_arn:
            return self._role_session(key.access_key_id, partition)
        if key is not None and key.user_name and key.status == "Active":
            user = self._iam(partition).get_user(key.user_name)
            return self._user(user, partition, access_key_id, None)
        message = "The security token included in the request is invalid."
        raise Refusal("InvalidClientTokenId", message, 403)

    def _new_credentials(self) -> Credentials:
        access_key_id = generate_access_key_id_from_account_id(self.account, prefix="ASIA")
        return Credentials(access_key_id, secrets.token_hex(20), secrets.token_hex(32))

    def _iam(self, partition: str) -> IAMBackend:
        return iam_backends[self.account][partition]

    def _user(
        self, user: User, partition: str, access_key_id: str, session: Session | None
    ) -> Caller:
        return Caller(
            "IAMUser",
            self.account,
            partition,
            access_key_id,
            principal_id=user.id,
            arn=user.arn,
            user_name=user.name,
            session=session,
        )

    def _role_session(self, access_key_id: str, partition: str) -> Caller:
        assumed = self._assumed_role(access_key_id, partition)
        role = self._iam(partition).get_role_by_arn(assumed.role_arn)
        return Caller(
            "AssumedRole",
            self.account,
            partition,
            access_key_id,
            principal_id=f"{role.id}:{assumed.session_name}",
            arn=assumed.arn,
            role=role,
            session=Session(assumed.access_key.create_date),
        )

    def _assumed_role(self, access_key_id: str, partition: str) -> AssumedRole:
        sessions = sts_backends[self.account][partition]
        assumed = sessions.get_assumed_role_from_access_key(access_key_id)
        if assumed is None:
            raise LookupError(f"moto knows the role's key {access_key_id} without its session")
        return assumed


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
