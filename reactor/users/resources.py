"""Users as AWS Config's resources: which of its resources lead to users, and what ids users have.

AWS Config knows a user by its id, AIDA…, and a managed policy by another, ANPA…
"""

from reactor.model import USER_NAME, Claim, Hint, Resource, Subject, SubjectKind
from reactor.reconcile import Settled

USER_TYPE = "AWS::IAM::User"
POLICY_TYPE = "AWS::IAM::Policy"


def user_of(resource: Resource, account: str) -> Subject:
    """Return the user that a resource is: by its id, with the name that it had as a lead."""
    name = resource.name or (resource.arn or "").rpartition("/")[2]
    lead = name if USER_NAME.fullmatch(name) else None
    return Subject(SubjectKind.USER, account, name=lead, id=resource.id)


def holders_of(resource: Resource, account: str) -> Subject | None:
    """Return those whom a policy reaches; None without its ARN: IAM knows it by nothing else."""
    if resource.arn is None:
        return None
    return Subject(SubjectKind.POLICY_HOLDERS, account, arn=resource.arn)


def hints_of(resource: Resource, subject: Subject) -> tuple[Hint, ...]:
    """Return what a resource claims: a user made just now may not be visible in IAM yet."""
    if resource.type != USER_TYPE or resource.created_at is None or subject.name is None:
        return ()
    return (Hint(Claim.USER_CREATED, resource.created_at, subject.name),)


def id_of(settled: Settled) -> str | None:
    """Return the id of a settled user; None where none is known, and of what stands for users."""
    seen = settled.observation
    if seen.subject.kind is not SubjectKind.USER:
        return None
    return getattr(seen.state, "id", "") or seen.subject.id
