"""What reaches a user: the policies of itself and of its groups, with what they say.

Of a few users that is asked for one by one, in three rounds: which policies they and their groups
have; what those say, and which version of their groups' managed ones holds; what that one says. Of
everybody it comes with the account's pages, and what managed policies say in a few pages more.
AWS's own policies are the same for everybody and change every few months: each is read once, and
kept as long as whoever keeps it is there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any

from reactor.errors import ReactorError, Transient
from reactor.gathering import Call, Calling, answer_of, settled
from reactor.users.ports import (
    GROUPS_POLICY_READS,
    POLICY_READS,
    USERS_POLICY_READS,
    GroupDetail,
    Iam,
)
from reactor.users.privileges.documents import Document, read
from reactor.users.privileges.powers import Policy, is_of_aws
from reactor.users.state import UserState

# The reads behind the answers, for the records.
ONE_BY_ONE = (*USERS_POLICY_READS, *GROUPS_POLICY_READS, *POLICY_READS)
IN_BULK = ("managed_documents", *POLICY_READS)

Kept = dict[str, Document]  # what AWS's own policies say, by their ARNs
Documents = dict[str, Document | ReactorError]  # the same of any managed policies
Groups = Mapping[str, GroupDetail | ReactorError]  # by name
Inline = Mapping[str, object] | ReactorError  # what a user's inline policies say, by their names
Answers = Mapping[tuple[str, ...], Any]  # or errors, to Calls by what they ask, and of what
Calls = dict[tuple[str, ...], Call]
Powers = tuple[Policy, ...] | ReactorError  # what reaches a user, or why that is not known


@dataclass(frozen=True, slots=True)
class Policies:
    """Reads what reaches users of one account. `kept` is what was read before, and grows."""

    iam: Iam
    calls: Calling
    kept: Kept

    def one_by_one(self, states: Sequence[UserState]) -> list[Powers]:
        """Return what reaches each of some users, in their order: in three rounds of calls at most.

        Whatever waits for another answer is a call of the next round, and none waits inside of one.
        """
        names = sorted({each.name for each in states})
        in_groups = sorted({group for each in states for group in each.groups})
        guards = _guards(states)
        of_users = {arn for each in states for arn in each.policies} - guards
        listed = self.calls.gather(self._lists(names, in_groups) | self._versions(of_users))
        of_groups = {arn for each in in_groups for arn in _known(listed["attached", each])}
        shown = self.calls.gather(
            _inline("user", names, listed, self.iam.inline_policy_of_user)
            | _inline("group", in_groups, listed, self.iam.inline_policy_of_group)
            | self._documents(listed)
            | self._versions(of_groups - of_users - guards)
        )
        answers = listed | shown | self.calls.gather(self._documents(shown))
        inline = [settled(partial(_said_inline, "user", each.name, answers)) for each in states]
        groups = {each: settled(partial(_group, each, answers)) for each in in_groups}
        return _reaching(states, inline, groups, self._keep(_said(answers)))

    def in_bulk(
        self, states: Sequence[UserState], groups: Mapping[str, GroupDetail]
    ) -> list[Powers]:
        """Return what reaches each of the users that bulk data showed, in their order."""
        through = {group for each in states for group in each.groups} & groups.keys()
        wanted = {arn for each in states for arn in each.policies}
        wanted.update(arn for each in through for arn in groups[each].policies)
        documents = settled(partial(self._listed, wanted - _guards(states)))
        if isinstance(documents, ReactorError):
            return [documents] * len(states)
        return _reaching(states, [each.inline for each in states], groups, documents)

    def _lists(self, users: Iterable[str], groups: Sequence[str]) -> Calls:
        """Return the calls that ask which policies there are; users' managed ones are known."""
        of_user, of_group = self.iam.inline_policies_of_user, self.iam.inline_policies_of_group
        return {
            **{("user", each): partial(of_user, each) for each in users},
            **{("group", each): partial(of_group, each) for each in groups},
            **{("attached", each): partial(self.iam.policies_of_group, each) for each in groups},
        }

    def _versions(self, arns: Iterable[str]) -> Calls:
        """Return the calls that ask for policies' versions, but of those that are kept."""
        unkept = sorted(set(arns) - self.kept.keys())
        return {("policy", each): partial(self._version, each) for each in unkept}

    def _documents(self, answers: Answers) -> Calls:
        """Return the calls that ask what policies say whose version is known by now."""
        return {
            ("document", arn): partial(self._document, arn, version)
            for (what, arn, *_), version in answers.items()
            if what == "policy" and not isinstance(version, ReactorError)
        }

    def _version(self, arn: str) -> str:
        policy = self.iam.policy(arn)
        if policy is None:
            raise Transient(
                f"the policy {arn} is attached, and IAM does not show it",
                remedy="nothing: it is tried again; it was made or deleted just now",
            )
        return policy.default

    def _document(self, arn: str, version: str) -> Document:
        return read(self.iam.policy_version(arn, version).document)

    def _asked(self, arn: str) -> Document:
        return self._document(arn, self._version(arn))

    def _listed(self, wanted: set[str]) -> Documents:
        """Return what policies say: as listed with the account's, or else asked one by one."""
        left, said = wanted - self.kept.keys(), Documents()
        if left:
            listed = self.iam.managed_documents(of_aws=any(map(is_of_aws, left)))
            said.update((arn, read(document)) for arn, document in listed if arn in left)
        missing = {each: partial(self._asked, each) for each in sorted(left - said.keys())}
        said.update(self.calls.stream(missing.items()))
        return self._keep(said)

    def _keep(self, said: Documents) -> Documents:
        """Return what policies say, with all that is kept; keep what AWS's own say."""
        self.kept.update(
            (arn, each)
            for arn, each in said.items()
            if is_of_aws(arn) and not isinstance(each, ReactorError)
        )
        return {**self.kept, **said}


def _reaching(
    states: Sequence[UserState], inline: Iterable[Inline], groups: Groups, documents: Documents
) -> list[Powers]:
    """Put together what reaches users: their policies, and those of their groups."""
    guards = _guards(states)
    through = cache(lambda group: tuple(_through(group, groups, documents, guards)))

    def of(state: UserState, own: Inline) -> tuple[Policy, ...]:
        policies = [*_carried(state.policies - guards, answer_of(own), documents)]
        return tuple(chain(policies, *map(through, state.groups)))

    return [settled(partial(of, *each)) for each in zip(states, inline, strict=True)]


def _guards(states: Iterable[UserState]) -> set[str]:
    """Return the guard's ARN: what the guard allows comes and goes with it, and counts for nothing.

    A policy that only has its name counts as any other.
    """
    return {each.guard.arn for each in states if each.guard_is_usable}


def _through(
    group: str, groups: Groups, documents: Documents, guards: set[str]
) -> Iterator[Policy]:
    if group not in groups:
        raise Transient(
            f"what the group {group} carries is not known yet",
            remedy="nothing: it was made just now, and the next sweep looks at it",
        )
    detail = answer_of(groups[group])
    yield from _carried(detail.policies - guards, detail.inline, documents, group)


def _carried(
    arns: Iterable[str], inline: Mapping[str, object], documents: Documents, group: str = ""
) -> Iterator[Policy]:
    for arn in arns:
        yield Policy(arn.rpartition("/")[2], answer_of(documents[arn]), arn, group)
    for name, document in inline.items():
        yield Policy(name, read(document), group=group)


def _inline(
    what: str, owners: Iterable[str], listed: Answers, ask: Callable[[str, str], object]
) -> Calls:
    """Return the calls that ask what the inline policies of users, or of groups, say."""
    return {
        (what, owner, each): partial(ask, owner, each)
        for owner in owners
        for each in _known(listed[what, owner])
    }


def _said_inline(what: str, owner: str, answers: Answers) -> dict[str, object]:
    """Return what the inline policies of a user, or of a group, say; raise what kept it unread."""
    names = answer_of(answers[what, owner])
    return {each: answer_of(answers[what, owner, each]) for each in names}


def _group(name: str, answers: Answers) -> GroupDetail:
    attached = answer_of(answers["attached", name])
    return GroupDetail(name, attached, _said_inline("group", name, answers))


def _said(answers: Answers) -> Documents:
    """Return what managed policies say, or what kept it unread: first the version, or its text."""
    asked = {arn: each for (what, arn, *_), each in answers.items() if what == "policy"}
    return {arn: answers.get(("document", arn), each) for arn, each in asked.items()}


def _known(answer: Any) -> Iterable[str]:  # noqa: ANN401 - names, or an error
    """Return names or ARNs; none where they are not known, which is told when it matters."""
    return () if isinstance(answer, ReactorError) else answer
