"""A policy document that somebody else wrote: read with suspicion, and taken apart for questions.

A denial under a condition on a context key that a session is not known to have proves nothing: with
another value the same request may pass. So the questions are first asked of the *firm* part of the
document, without such denials; what is open there and closed in the whole is what could not be
judged. (The simulator's own MissingContextValues do not tell: they are the keys of the whole
document, whether they decide or not; boto3, issue 3111.)
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reactor.guard.comparison import TEXT_LIMIT, parse
from reactor.guard.document import canonical

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*", "?", "$"}  # `${*}` stands for the character itself (IAM user guide, variables)
_ACCOUNT = re.compile(r"arn:[\w-]+:(?:iam|sts)::([0-9]{12}):", re.ASCII)
_OF_IAM = re.compile(r"arn:[^:]+:(?:iam|sts|\*):", re.ASCII)
_EFFECTS = ("Allow", "Deny")

Statement = Mapping[str, Any]


class NotAPolicy(Exception):  # noqa: N818 - what the text is not
    """A text is no policy document. `str(error)` says what it is, or lacks."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document: its statements, and what else it has (Version, Id)."""

    statements: tuple[Statement, ...]
    head: Mapping[str, Any]

    @classmethod
    def of_text(cls, text: str) -> "Policy":
        """Read a document. Raises NotAPolicy."""
        if len(text) > TEXT_LIMIT:
            raise NotAPolicy(
                f"{len(text):,} characters are no policy: AWS takes {TEXT_LIMIT:,} at the most"
            )
        return cls.of(parse(text))

    @classmethod
    def of(cls, document: object) -> "Policy":
        """Take a document, a JSON value, apart. Raises NotAPolicy."""
        if isinstance(document, str):
            raise NotAPolicy("not JSON, or a member is in it twice")
        if not isinstance(document, dict) or "Statement" not in document:
            raise NotAPolicy("not a policy document: it has no Statement")
        statements = _listed(document["Statement"])
        for each in statements:
            if not isinstance(each, dict) or each.get("Effect") not in _EFFECTS:
                raise NotAPolicy("not a policy document: a statement has no Effect, Allow or Deny")
            if not isinstance(each.get("Condition", {}), dict):
                raise NotAPolicy("not a policy document: a Condition is not an object")
        head = {name: value for name, value in document.items() if name != "Statement"}
        return cls(tuple(statements), head)

    @property
    def text(self) -> str | None:
        """The document as it is sent, None when no statement is left of it."""
        if not self.statements:
            return None
        return canonical({**self.head, "Statement": list(self.statements)})

    def firm(self, known: Iterable[str]) -> "Policy":
        """Return the document without the denials that depend on keys other than those known."""
        keys = frozenset(each.lower() for each in known)
        kept = [each for each in self.statements if not (_denies(each) and _unknown(each, keys))]
        return Policy(tuple(kept), self.head)

    def unknown(self, known: Iterable[str]) -> frozenset[str]:
        """Return the keys other than those known that denials depend on."""
        keys = frozenset(each.lower() for each in known)
        denials = [each for each in self.statements if _denies(each)]
        return frozenset(key for each in denials for key in _unknown(each, keys))

    @property
    def excepted_actions(self) -> tuple[str, ...]:
        """The patterns of actions that denials leave out by name (NotAction), sorted."""
        return self._left_out("NotAction")

    @property
    def excepted_resources(self) -> tuple[str, ...]:
        """The patterns of resources that denials leave out by name (NotResource), sorted."""
        return self._left_out("NotResource")

    @property
    def excepted_elsewhere(self) -> tuple[str, ...]:
        """Those of them that are no resource of IAM's, and not simply any."""
        return tuple(
            each
            for each in self.excepted_resources
            if not _OF_IAM.match(each) and each.strip("*:") not in {"", "arn"}
        )

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts (12 digits) whose users, groups and so on the document names, sorted."""
        return tuple(sorted(set(_ACCOUNT.findall(self.text or ""))))

    def _left_out(self, member: str) -> tuple[str, ...]:
        found = [
            pattern
            for each in self.statements
            if _denies(each)
            for pattern in _listed(each.get(member, []))
            if isinstance(pattern, str)
        ]
        return tuple(sorted(set(found)))


def keys_of(statement: Statement) -> frozenset[str]:
    """Return the context keys that a statement asks for, in conditions and in variables.

    A policy variable may have a default after a comma: `${aws:username, 'nobody'}`.
    """
    conditions = [
        each for each in statement.get("Condition", {}).values() if isinstance(each, dict)
    ]
    keys = {key for each in conditions for key in each}
    keys |= {
        each.partition(",")[0].strip()
        for each in _VARIABLE.findall(canonical(statement))
        if each not in _LITERALS
    }
    return frozenset(keys)


def _unknown(statement: Statement, known: frozenset[str]) -> frozenset[str]:
    return frozenset(key for key in keys_of(statement) if key.lower() not in known)


def _denies(statement: Statement) -> bool:
    return bool(statement["Effect"] == "Deny")


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
