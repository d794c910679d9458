"""Reading buckets' state: one round of parallel calls for one, the ACL first for all.

An answer that is an error is never taken for "no": the bucket's observation then carries the error
instead of a state. Only that a bucket is none of ours settles the matter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reactor.buckets.ports import OF_A_BUCKET, READS, S3, Bucket
from reactor.buckets.state import Block, BucketState, Presence
from reactor.errors import OutOfTime, ReactorError
from reactor.gathering import Call, Calling, answer_of, settled
from reactor.model import Cause, Observation, Subject, SubjectKind

_Answers = dict[str, Any]  # by read; a ReactorError stands in the place of its answer


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads the buckets of one account. `region` is tried for those whose own is not known."""

    s3: S3
    calls: Calling
    region: str
    has_time: Callable[[], bool] = _always

    def observe(self, cause: Cause) -> Iterator[Observation[BucketState]]:
        """Yield an observation for each bucket that the cause's subject stands for.

        Raises ReactorError when what every judgement rests on cannot be read.
        """
        subject = cause.subject
        match subject.kind:
            case SubjectKind.EVERY_BUCKET:
                yield from self._all(subject)
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
        if not isinstance(answers["acl"], ReactorError):
            return _observed(subject, bucket, answers)
        # Another account's bucket is refused, as ours is that we may not read: the list tells.
        try:
            found = self.s3.find(bucket.name)
        except ReactorError as error:
            return Observation(_named(subject, bucket), None, _reads(answers, "find"), error)
        if found is None:
            state = BucketState(bucket.name, Presence.FOREIGN, bucket.region)
            return Observation(_named(subject, bucket), state, _reads(answers, "find"))
        if found.region in {"", bucket.region}:
            return _observed(subject, bucket, answers, "find")
        return _observed(subject, found, self._answers(found), "find")

    def _all(self, subject: Subject) -> Iterator[Observation[BucketState]]:
        """Read all buckets of the account, a few at a time; they are changed within the brake."""
        account_block = settled(self.s3.account_block)
        seen = False
        calls = ((each, self._call(each, account_block)) for each in self.s3.buckets())
        for bucket, answers in self.calls.stream(calls):
            seen = True
            found = replace(bucket, region=bucket.region or self.region)
            if isinstance(answers, ReactorError):
                yield Observation(_named(subject, found), None, (), answers, swept=True)
            else:
                yield replace(_observed(subject, found, answers, "buckets"), swept=True)
        if not seen:
            yield Observation(subject, BucketState("", Presence.NONE), _reads({}, "buckets"))

    def _call(self, bucket: Bucket, account_block: Block | ReactorError) -> Call:
        """Return what asks about one of many; it is asked for when there is room for it."""
        if not self.has_time():
            return partial(_out_of_time)
        return partial(self._one_of_many, bucket, account_block)

    def _one_of_many(self, bucket: Bucket, account_block: Block | ReactorError) -> _Answers:
        """Ask for the ACL, and for the rest where that grants something to everybody."""
        bucket = replace(bucket, region=bucket.region or self.region)
        answers: _Answers = {"acl": settled(partial(self.s3.acl, bucket))}
        acl = answers["acl"]
        if isinstance(acl, ReactorError) or acl is None or not acl.public:
            return answers
        for each in OF_A_BUCKET[1:]:
            answers[each] = settled(partial(getattr(self.s3, each), bucket))
        return {**answers, "account_block": account_block}


def _out_of_time() -> _Answers:
    raise OutOfTime


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
