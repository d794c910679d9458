"""Reading buckets' state: one round of parallel calls for one; many and all a few at a time.

Each is asked for all that a judgement may rest on, in a crowd as alone: whose ACL is private may be
public by its policy, or exempt, and would be taken for in order if only the ACL were read.

An answer that is an error is never taken for "no": the bucket's observation then carries the error
instead of a state. Only that a bucket is none of ours settles the matter: S3 refuses to tell of
it, and the list of the account's buckets, which may lag behind, has it not.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reactor.buckets.ports import OF_A_BUCKET, READS, S3, Bucket, Refused
from reactor.buckets.state import Block, BucketState, Presence
from reactor.errors import OutOfTime, ReactorError
from reactor.gathering import Call, Calling, always, answer_of, settled
from reactor.model import Cause, Observation, Subject, SubjectKind

_Answers = dict[str, Any]  # by read; a ReactorError stands in the place of its answer


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads the buckets of one account. `region` is tried for those whose own is not known.

    Of a look at all, those of `done` are left out: an earlier try of it has settled them.
    """

    s3: S3
    calls: Calling
    region: str
    has_time: Callable[[], bool] = always
    done: Container[str] = ()

    def observe(self, cause: Cause) -> Iterator[Observation[BucketState]]:
        """Yield an observation for each bucket that the cause's subject stands for.

        Raises ReactorError when what every judgement rests on cannot be read.
        """
        subject = cause.subject
        match subject.kind:
            case SubjectKind.EVERY_BUCKET:
                yield from self._all(subject)
            case SubjectKind.SEVERAL_BUCKETS:
                yield from self._several(subject)
            case SubjectKind.BUCKET if subject.name:
                bucket = Bucket(subject.name, subject.region or self.region)
                yield self._observation(subject, bucket, self._answers(bucket))
            case _:
                raise ValueError(f"not a subject of this guardrail: {subject}")

    def _answers(self, bucket: Bucket) -> _Answers:
        """Ask all about one bucket at the same time."""
        calls: dict[str, Call] = {
            each: partial(getattr(self.s3, each), bucket) for each in OF_A_BUCKET
        }
        return self.calls.gather({**calls, "account_block": self.s3.account_block})

    def _observation(
        self, subject: Subject, bucket: Bucket, answers: _Answers
    ) -> Observation[BucketState]:
        if not isinstance(answers["acl"], Refused):
            return _observed(subject, bucket, answers)
        # Another account's bucket is refused, as ours is that we may not read: the list tells.
        found = self.calls.gather({"find": partial(self.s3.find, bucket.name)})["find"]
        if isinstance(found, ReactorError):
            return Observation(_named(subject, bucket), None, _reads(answers, "find"), found)
        if found is None:
            return _foreign(subject, bucket, answers, "find")
        if found.region in {"", bucket.region}:
            return _observed(subject, bucket, answers, "find")
        return _observed(subject, found, self._answers(found), "find")

    def _all(self, subject: Subject) -> Iterator[Observation[BucketState]]:
        """Read all buckets of the account; they are changed within the brake."""
        listed, account_block = self._of_the_account()
        left = [each for each in listed.values() if each.name not in self.done]
        for seen in self._many(subject, left, listed, account_block):
            yield replace(seen, swept=True)
        if not listed:
            yield Observation(subject, BucketState("", Presence.NONE), _reads({}, "buckets"))

    def _several(self, subject: Subject) -> Iterator[Observation[BucketState]]:
        """Read many buckets by their names; all were asked for, so that no brake holds for them."""
        listed, account_block = self._of_the_account()
        wanted = [listed.get(name, Bucket(name)) for name in sorted(subject.ids)]
        yield from self._many(subject, wanted, listed, account_block)

    def _of_the_account(self) -> tuple[dict[str, Bucket], Block | ReactorError]:
        """Return the account's buckets by name, and its block. Raises when they are not listed."""
        answers = self.calls.gather(
            {"buckets": lambda: list(self.s3.buckets()), "account_block": self.s3.account_block}
        )
        listed: list[Bucket] = answer_of(answers["buckets"])
        return {each.name: each for each in listed}, answers["account_block"]

    def _many(
        self,
        subject: Subject,
        buckets: Iterable[Bucket],
        listed: Container[str],
        account_block: Block | ReactorError,
    ) -> Iterator[Observation[BucketState]]:
        """Read buckets a few at a time; `listed` are the account's."""
        here = (replace(each, region=each.region or self.region) for each in buckets)
        calls = ((each, self._call(each, account_block)) for each in here)
        for bucket, answers in self.calls.stream(calls):
            if isinstance(answers, ReactorError):
                yield Observation(_named(subject, bucket), None, (), answers)
            elif isinstance(answers["acl"], Refused) and bucket.name not in listed:
                yield _foreign(subject, bucket, answers, "buckets")
            else:
                yield _observed(subject, bucket, answers, "buckets")

    def _call(self, bucket: Bucket, account_block: Block | ReactorError) -> Call:
        """Return what asks about one of many; it is asked for when there is room for it."""
        if not self.has_time():
            return partial(_out_of_time)
        return partial(self._one_of_many, bucket, account_block)

    def _one_of_many(self, bucket: Bucket, account_block: Block | ReactorError) -> _Answers:
        """Ask for the ACL, and, unless that says that it is gone or no answer, for the rest."""
        answers: _Answers = {"acl": settled(partial(self.s3.acl, bucket))}
        if answers["acl"] is None or isinstance(answers["acl"], ReactorError):
            return answers
        for each in OF_A_BUCKET[1:]:
            answers[each] = settled(partial(getattr(self.s3, each), bucket))
        return {**answers, "account_block": account_block}


def _out_of_time() -> _Answers:
    raise OutOfTime


def _foreign(
    subject: Subject, bucket: Bucket, answers: _Answers, *more: str
) -> Observation[BucketState]:
    state = BucketState(bucket.name, Presence.FOREIGN, bucket.region)
    return Observation(_named(subject, bucket), state, _reads(answers, *more))


def _observed(
    subject: Subject, bucket: Bucket, answers: _Answers, *more: str
) -> Observation[BucketState]:
    named, reads = _named(subject, bucket), _reads(answers, *more)
    try:
        if answer_of(answers["acl"]) is None:
            state = BucketState(bucket.name, Presence.GONE, bucket.region)
        else:
            found = {each: answer_of(answer) for each, answer in answers.items()}
            state = BucketState(bucket.name, Presence.EXISTS, bucket.region, **found)
    except ReactorError as error:
        return Observation(named, None, reads, error)
    return Observation(named, state, reads)


def _named(subject: Subject, bucket: Bucket) -> Subject:
    return Subject(
        SubjectKind.BUCKET, subject.account, name=bucket.name, region=bucket.region or None
    )


def _reads(answers: _Answers, *more: str) -> tuple[str, ...]:
    return tuple(sorted({READS[each] for each in (*answers, *more)}))
