"""An IAM of as many users as one likes, which answers a sweep's reads with generated pages.

benches/page_server.py listens for it. Everything is in order: users of even numbers have a virtual
device, the others carry the guard. Every user has 10 tags and is in 10 of 100 groups. Pages are as
large as they are asked for, at most 1,000 items, groups and users in one row; each call takes 20 ms
longer than the making of its page, which is kept. The form is IAM's (the query protocol of
botocore's service model).
"""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from reactor.guard.document import canonical, guard_document
from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard
from reactor.settings import Settings

ACCOUNT = "123456789012"
GUARD = Guard.of(Settings.from_environment({}), partition="aws", account=ACCOUNT)
LATENCY_SECONDS = 0.02
TAGS_EACH = 10
GROUPS_EACH = 10
GROUPS = 100
_MOST = 1000  # items a page
_MADE = "2026-01-01T00:00:00Z"
_DEFAULT = {"VersionId": "v1", "IsDefaultVersion": "true", "CreateDate": _MADE}
_SUMMARY = "<SummaryMap><entry><key>AccountMFAEnabled</key><value>1</value></entry></SummaryMap>"

Parameters = dict[str, str]
Answer = Callable[[Parameters], str]


class Pages:
    """The answers, by operation."""

    def __init__(self, users: int) -> None:
        self._users = users
        self._answers: dict[str, Answer] = {
            "GetAccountAuthorizationDetails": self._details,
            "ListVirtualMFADevices": self._devices,
            "ListMFADevices": lambda asked: _list("MFADevices", _devices_of(asked["UserName"])),
            "GetAccountSummary": lambda _: _SUMMARY,
            "GetPolicy": lambda _: _policy(),
            "GetPolicyVersion": lambda _: _version(self._document),
            "ListPolicyVersions": lambda _: _list("Versions", _elements(**_DEFAULT)),
            "ListEntitiesForPolicy": lambda _: _list("PolicyUsers") + _list("PolicyGroups"),
        }
        document = guard_document("aws", ACCOUNT, Settings.from_environment({}))
        self._document = quote(canonical(document))
        self.calls: list[dict[str, Any]] = []
        self._page = functools.cache(self._make)
        self._lock = threading.Lock()

    def answer(self, asked: Parameters) -> tuple[int, bytes]:
        """Return status and body."""
        started, action = time.time(), asked["Action"]
        found = self._answers.get(action)
        body = _refused("NoSuchEntity") if found is None else _wrapped(action, found(asked))
        time.sleep(LATENCY_SECONDS)
        with self._lock:
            self.calls.append({"action": action, "started": started, "ended": time.time()})
        return 404 if found is None else 200, body.encode()

    def _details(self, asked: Parameters) -> str:
        filters = {value for name, value in asked.items() if name.startswith("Filter.member")}
        groups = GROUPS if "Group" in filters else 0
        return self._paged("details", groups, asked, groups + self._users)

    def _devices(self, asked: Parameters) -> str:
        return self._paged("devices", 0, asked, (self._users + 1) // 2)

    def _paged(self, kind: str, groups: int, asked: Parameters, items: int) -> str:
        start = int(asked.get("Marker", "0"))
        stop = min(items, start + min(_MOST, int(asked.get("MaxItems", "100"))))
        more = f"<Marker>{stop}</Marker>" if stop < items else ""
        page = self._page(kind, groups, start, stop)
        return f"{page}<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}"

    def _make(self, kind: str, groups: int, start: int, stop: int) -> str:
        numbers = range(start, stop)
        if kind == "devices":
            return _list("VirtualMFADevices", *(_device(2 * each) for each in numbers))
        users = [_user(each - groups) for each in numbers if each >= groups]
        others = [_group(each) for each in numbers if each < groups]
        return _list("UserDetailList", *users) + _list("GroupDetailList", *others)


def _list(name: str, *members: str) -> str:
    return f"<{name}>{''.join(f'<member>{each}</member>' for each in members)}</{name}>"


def _elements(**texts: str) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())


def _identity(kind: str, number: int) -> str:
    name = f"{kind.lower()}-{number:06}"
    arn = f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/{name}"
    ids = {f"{kind}Name": name, f"{kind}Id": f"AIDA{number:016}"}
    return _elements(Path="/", **ids, Arn=arn, CreateDate=_MADE)


def _user(number: int) -> str:
    tags = [_elements(Key=f"key-{each}", Value=f"value-{each}") for each in range(TAGS_EACH)]
    groups = [f"group-{(number + each) % GROUPS:06}" for each in range(GROUPS_EACH)]
    guard = [_elements(PolicyName=GUARD.name, PolicyArn=GUARD.arn)] if number % 2 else []
    return "".join(
        (
            _identity("User", number),
            _list("GroupList", *groups),
            _list("AttachedManagedPolicies", *guard),
            _list("Tags", *tags),
        )
    )


def _group(number: int) -> str:
    return _identity("Group", number) + _list("AttachedManagedPolicies")


def _serial(number: int) -> str:
    return f"arn:aws:iam::{ACCOUNT}:mfa/user-{number:06}"


def _device(number: int) -> str:
    owner = f"<User>{_identity('User', number)}</User>"
    return _elements(SerialNumber=_serial(number), EnableDate=_MADE) + owner


def _devices_of(user: str) -> str:
    number = int(user.rpartition("-")[2])
    return _elements(UserName=user, SerialNumber=_serial(number), EnableDate=_MADE)


def _policy() -> str:
    tag = _list("Tags", _elements(Key=TAG_KEY, Value=TAG_VALUE))
    about = _elements(PolicyName=GUARD.name, Arn=GUARD.arn, DefaultVersionId="v1")
    return f"<Policy>{about}{tag}</Policy>"


def _version(document: str) -> str:
    return f"<PolicyVersion>{_elements(Document=document, **_DEFAULT)}</PolicyVersion>"


def _wrapped(action: str, result: str) -> str:
    return f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


def _refused(code: str) -> str:
    error = _elements(Type="Sender", Code=code, Message="not there")
    return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
