"""reactor.users.privileges: what documents allow and deny for good, and what follows for a user."""

from typing import Any

import pytest

from reactor.users.privileges.documents import Document, Statement, read
from reactor.users.privileges.powers import Policy, danger_of, is_of_aws

ADMIN_ARN = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = Statement("", ("*",))


def statement(action: object = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows on everything, unless told otherwise."""
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def without(member: str, **more: Any) -> dict[str, Any]:
    """A statement without one of its members."""
    return {name: each for name, each in statement(**more).items() if name != member}


def document(*statements: object) -> dict[str, Any]:
    """A policy's document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def deny(action: object = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies on everything, unless told otherwise."""
    return statement(action, Effect="Deny", **more)


ALL_BUT = {"Effect": "Deny", "NotAction": ["iam:Get*", "sts:*"], "Resource": "*"}


class TestDocuments:
    """What is read of a document."""

    @pytest.mark.parametrize(
        ("given", "allows"),
        [
            pytest.param(statement("s3:Get*"), ("s3:Get*",), id="an action"),
            pytest.param(statement(["s3:Get*", "*"]), ("s3:Get*", "*"), id="several"),
            pytest.param(statement([]), (), id="none"),
            pytest.param(statement("s3:*", Resource="arn:aws:s3:::b"), ("s3:*",), id="somewhere"),
            pytest.param(
                statement("s3:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                ("s3:*",),
                id="under a condition",
            ),
        ],
    )
    def test_allowed(self, given: object, allows: tuple[str, ...]) -> None:
        """On whatever resource, under whatever condition; one statement needs no list."""
        expected = Document((Statement("statement 1", allows),))
        assert read(document(given)) == expected
        assert read({"statement": given}) == expected

    def test_all_but(self) -> None:
        """Of NotAction, what is no pattern in IAM's grammar takes nothing away."""
        given = {"Effect": "Allow", "NotAction": ["iam:*", "s*:x", "sts"], "Resource": "*"}
        assert read(document(given)).allows == (Statement("statement 1", ("iam:*",), but=True),)

    @pytest.mark.parametrize(
        "given",
        [
            pytest.param("no document", id="text"),
            pytest.param(None, id="null"),
            pytest.param([], id="a list"),
            pytest.param({"Version": "2012-10-17"}, id="no statement"),
            pytest.param({"Statement": [], "statement": []}, id="statements twice"),
            pytest.param(document("Allow"), id="a statement that is none"),
            pytest.param(document({}), id="an empty one"),
            pytest.param(document(statement(Effect="allow")), id="an effect in lower case"),
            pytest.param(document(statement(Effect=["Allow"])), id="an effect in a list"),
            pytest.param(document(without("Action")), id="no actions"),
            pytest.param(document(statement(["s3:*", 7])), id="an action that is a number"),
            pytest.param(document(statement(NotAction="s3:*")), id="both kinds of actions"),
            pytest.param(document({**statement("s3:*"), "action": "s3:*"}), id="actions twice"),
        ],
    )
    def test_what_cannot_be_read_allows_everything(self, given: object) -> None:
        """IAM would not have taken it, so it is we who do not understand."""
        assert read(given) == Document((EVERYTHING,))

    @pytest.mark.parametrize(
        ("given", "denied"),
        [
            pytest.param(deny("iam:*"), ("iam:*",), id="a service"),
            pytest.param(deny(["*", "iam:Get?*"]), ("*", "iam:Get?*"), id="several"),
            pytest.param(deny("*", Resource=["a", "*"]), ("*",), id="everywhere, among others"),
            pytest.param(deny("*", Condition={}), ("*",), id="no condition in words"),
            pytest.param(deny(["i*:*", "iam*", "*:*", "iam:a b", "iam:X"]), ("iam:X",), id="odd"),
            pytest.param(deny("*", Resource="arn:aws:s3:::b"), None, id="somewhere"),
            pytest.param(deny("*", Resource="arn:*"), None, id="on whatever has an ARN"),
            pytest.param(without("Resource", Effect="Deny"), None, id="nowhere"),
            pytest.param(deny(NotResource="arn:aws:s3:::b"), None, id="but somewhere"),
            pytest.param(deny(Condition={"Bool": {"aws:x": "true"}}), None, id="on a condition"),
            pytest.param(deny(Condition="odd"), None, id="on a condition that is none"),
            pytest.param(deny(["*", 7]), None, id="with an action that is a number"),
            pytest.param(deny([]), None, id="nothing"),
            pytest.param({"Effect": "Deny", "NotAction": [], "Resource": "*"}, None, id="no but"),
        ],
    )
    def test_denied(self, given: object, denied: tuple[str, ...] | None) -> None:
        """A denial counts only where it certainly always holds."""
        found = read(document(given))
        assert found.allows == ()
        expected = () if denied is None else (Statement("statement 1", denied),)
        assert found.denies == expected

    def test_denied_but_some(self) -> None:
        """A denial of all but some actions counts, with all that it may leave."""
        assert read(document(ALL_BUT)).denies == (
            Statement("statement 1", ("iam:Get*", "sts:*"), but=True),
        )

    def test_labels(self) -> None:
        """A statement goes by its Sid, else by its number; foreign text is cut short."""
        given = document(
            statement(), statement(Sid="Writes"), statement(Sid=7), statement(Sid="s" * 200)
        )
        labels = [each.label for each in read(given).allows]
        assert labels[:3] == ["statement 1", "statement Writes", "statement 3"]
        assert len(labels[3]) < 80

    def test_the_same_words_are_the_same_document(self) -> None:
        """What is found of one is found of the other."""
        one, other = read(document(statement())), read(document(statement()))
        assert (one, hash(one)) == (other, hash(other))


def policy(*statements: object, **more: str) -> Policy:
    """A policy with these statements."""
    return Policy(**{"name": "own", **more}, document=read(document(*statements)))


def reason(*policies: Policy, dangerous: str = "iam:*", only_custom: bool = False) -> str | None:
    """What makes a user with these policies dangerous."""
    found = danger_of(policies, tuple(dangerous.split(",")), only_custom=only_custom)
    return None if found is None else found.describe()


class TestPowers:
    """What follows for a user."""

    @pytest.mark.parametrize(
        ("allowed", "dangerous", "is_dangerous"),
        [
            pytest.param("*", "iam:CreateUser", True, id="an administrator"),
            pytest.param("IAM:createuser", "iam:CreateUser", True, id="in any case"),
            pytest.param("iam:Get*", "iam:CreateUser", False, id="a reader"),
            pytest.param("s3:???Object", "s3:Get*", True, id="question marks"),
            pytest.param("s3:???Object", "s3:Delete*", False, id="too few question marks"),
            pytest.param("s3:*", "*", True, id="everything is dangerous"),
            pytest.param("sts:AssumeRole", "iam:*,sts:AssumeRole", True, id="the second pattern"),
        ],
    )
    def test_allowed(self, allowed: str, dangerous: str, *, is_dangerous: bool) -> None:
        """A statement allows a dangerous action if some action matches both patterns."""
        assert (reason(policy(statement(allowed)), dangerous=dangerous) is not None) is is_dangerous

    @pytest.mark.parametrize(
        ("but", "dangerous", "is_dangerous"),
        [
            pytest.param("s3:*", "iam:CreateUser", True, id="of another service"),
            pytest.param("iam:*", "iam:CreateUser", False, id="it is left out"),
            pytest.param("iam:Create*", "iam:*", True, id="some are left"),
            pytest.param(["iam:Create*", "iam:*"], "iam:Put*", False, id="by one of two"),
            pytest.param("IAM:*", "iam:x", False, id="in any case"),
            pytest.param([], "iam:x", True, id="nothing is left out"),
        ],
    )
    def test_all_but(self, but: object, dangerous: str, *, is_dangerous: bool) -> None:
        """NotAction allows what none of its patterns matches."""
        given = policy({"Effect": "Allow", "NotAction": but, "Resource": "*"})
        assert (reason(given, dangerous=dangerous) is not None) is is_dangerous

    @pytest.mark.parametrize(
        ("denial", "is_dangerous"),
        [
            pytest.param(deny("iam:*"), False, id="that covers it"),
            pytest.param(deny("*"), False, id="of everything"),
            pytest.param(deny("IAM:*"), False, id="in any case"),
            pytest.param(deny("iam:Create*"), True, id="that covers a part of it"),
            pytest.param(deny(["iam:?*", "iam:Create*"]), False, id="that covers it in parts"),
            pytest.param(deny("s3:*"), True, id="of something else"),
            pytest.param(deny("*", Condition={"Bool": {"aws:x": "true"}}), True, id="conditional"),
            pytest.param(deny("*", Resource="arn:aws:iam::*:user/x"), True, id="on some resources"),
            pytest.param(ALL_BUT, True, id="of all but what is dangerous, too"),
            pytest.param({**ALL_BUT, "NotAction": "s3:*"}, False, id="of all but what is not"),
        ],
    )
    def test_denials(self, denial: object, *, is_dangerous: bool) -> None:
        """What is denied for good is taken away, in the same policy or another, of any origin."""
        for user in (
            [policy(statement(), denial)],
            [policy(statement()), policy(denial, group="staff")],
            [policy(statement()), policy(denial, arn="arn:aws:iam::aws:policy/AWSDenyAll")],
        ):
            assert (reason(*user) is not None) is is_dangerous

    def test_a_reason_names_policy_statement_and_pattern(self) -> None:
        """And how the policy comes to the user."""
        ways = {"attached": {"arn": "arn:x"}, "inline": {}, "through group a": {"group": "a"}}
        for how, more in ways.items():
            found = reason(policy(statement("s3:*"), statement("iam:Put*", Sid="W"), **more))
            assert found == f"may do iam:*: policy own ({how}), statement W, allows iam:Put*"
        but = {"Effect": "Allow", "NotAction": [f"s{n}:*" for n in range(4)], "Resource": "*"}
        found = reason(policy(but), dangerous="iam:PassRole")
        assert found is not None
        assert found.endswith("statement 1, allows all but s0:*, s1:*, s2:*, …")

    def test_an_unreadable_policy_is_told_of(self) -> None:
        """It may allow anything, unless all of that is denied for good."""
        unreadable = Policy("odd", read("no document"))
        assert (
            reason(unreadable)
            == "may do anything, for all that is known: policy odd (inline) cannot be read"
        )
        assert reason(unreadable, policy(deny())) is None

    def test_the_first_reason_is_always_the_same(self) -> None:
        """The user's own policies come first, attached ones first, then by name."""
        carried = [
            policy(statement(), group="a"),
            policy(statement()),
            policy(statement(), arn="arn:b", name="b"),
            policy(statement(), arn="arn:a", name="a"),
        ]
        assert reason(*carried) == reason(*reversed(carried))
        assert reason(*carried) == "may do iam:*: policy a (attached), statement 1, allows *"

    def test_only_custom_policies(self) -> None:
        """Then what AWS's own allow counts for nothing, and what they deny for what it is."""
        of_aws = policy(statement(), arn=ADMIN_ARN, name="AdministratorAccess")
        assert reason(of_aws) is not None
        assert reason(of_aws, only_custom=True) is None
        for custom in (policy(statement()), policy(statement(), arn="arn:aws:iam::1:policy/x")):
            assert reason(of_aws, custom, only_custom=True) is not None
            denying = policy(deny(), arn="arn:aws:iam::aws:policy/AWSDenyAll")
            assert reason(custom, denying, only_custom=True) is None

    @pytest.mark.parametrize(
        ("arn", "expected"),
        [
            (ADMIN_ARN, True),
            ("arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess", True),
            ("arn:aws:iam::123456789012:policy/aws/x", False),
            ("", False),
        ],
    )
    def test_whose_policy_it_is(self, arn: str, *, expected: bool) -> None:
        """By the account in the ARN."""
        assert is_of_aws(arn) is expected
