"""reactor.guard.comparison: what is another document, and what only another way of writing one."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from reactor.guard.comparison import RECORD_LIMIT, TEXT_LIMIT, for_record, parse, same_document
from reactor.guard.document import canonical, guard_document
from tests.fakes.account import ACCOUNT, DEFAULTS

DEEP = "[" * 100_000
Document = dict[str, Any]


def guard() -> Document:
    """Return the guard's document, to be written otherwise."""
    return guard_document("aws", ACCOUNT, DEFAULTS)


def rewritten(change: Callable[[Document], object]) -> Document:
    """Return the guard's document after a change of it."""
    document: Document = json.loads(canonical(guard()))
    change(document)
    return document


def shuffled(value: object, chance: random.Random) -> object:
    """Return a value with its members, and the items of its lists, in another order."""
    if isinstance(value, dict):
        names = chance.sample(list(value), len(value))
        return {name: shuffled(value[name], chance) for name in names}
    if isinstance(value, list):
        return [shuffled(each, chance) for each in chance.sample(value, len(value))]
    return value


def bracketed(value: object, member: str = "") -> object:
    """Return a value whose single values are lists of one, where IAM takes either."""
    if isinstance(value, dict):
        return {name: bracketed(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [bracketed(each) for each in value]
    return [value] if member in {"Resource", "aws:MultiFactorAuthPresent"} else value


def unbracketed(value: object) -> object:
    """Return a value whose lists of one are single values."""
    if isinstance(value, dict):
        return {name: unbracketed(each) for name, each in value.items()}
    if isinstance(value, list):
        items = [unbracketed(each) for each in value]
        return items[0] if len(items) == 1 else items
    return value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(canonical(guard()), id="as we write it"),
        pytest.param(json.dumps(guard(), indent="\t"), id="white space"),
        pytest.param("\r\n " + json.dumps(guard()) + " \n", id="white space round it"),
        pytest.param(json.dumps(bracketed(guard())), id="lists of one"),
        pytest.param(json.dumps(unbracketed(guard())), id="single values"),
        pytest.param(canonical(guard()).replace("iam:", r"i\u0061m:"), id="escaped characters"),
        *(
            pytest.param(json.dumps(shuffled(guard(), chance)), id=f"order {number}")
            for number, chance in enumerate([random.Random(0)] * 5)  # noqa: S311 - no secret
        ),
    ],
)
def test_ways_of_writing(text: str) -> None:
    """What says the same is the same document, from either side."""
    assert same_document(parse(text), guard())
    assert same_document(guard(), parse(text))


def test_a_single_statement() -> None:
    """One statement may stand without a list."""
    one = guard()["Statement"][0]
    assert same_document({"Statement": one}, {"Statement": [one]})
    assert not same_document({"Statement": one}, {"Statement": [one, one]})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda it: it.pop("Version"), id="no version"),
        pytest.param(lambda it: it.update(Version="2008-10-17"), id="another version"),
        pytest.param(lambda it: it.update(Id="x"), id="another member"),
        pytest.param(lambda it: it.update(statement=it["Statement"]), id="a member in other case"),
        pytest.param(lambda it: it["Statement"].pop(), id="a statement less"),
        pytest.param(lambda it: it["Statement"].append(it["Statement"][0]), id="a statement twice"),
        pytest.param(lambda it: it["Statement"].append({}), id="a statement more"),
        pytest.param(lambda it: it["Statement"].append(None), id="nothing more"),
        pytest.param(lambda it: it["Statement"][0].update(Effect="Allow"), id="allowed"),
        pytest.param(lambda it: it["Statement"][0].update(Sid="x"), id="another name"),
        pytest.param(lambda it: it["Statement"][0].pop("Condition"), id="no condition"),
        pytest.param(lambda it: it["Statement"][0]["NotAction"].append("s3:*"), id="an action"),
        pytest.param(lambda it: it["Statement"][0]["NotAction"].pop(), id="an action less"),
        pytest.param(
            lambda it: it["Statement"][0]["NotAction"].append("sts:getcalleridentity"),
            id="an action in other case",
        ),
        pytest.param(
            lambda it: it["Statement"][0].update(Action=it["Statement"][0].pop("NotAction")),
            id="the others",
        ),
        pytest.param(
            lambda it: it["Statement"][0]["Condition"].update(Bool={"aws:SecureTransport": "no"}),
            id="one more condition",
        ),
        pytest.param(
            lambda it: it["Statement"][0]["Condition"]["BoolIfExists"].update(
                {"aws:MultiFactorAuthPresent": ["false", "true"]}
            ),
            id="one more value",
        ),
        pytest.param(
            lambda it: it["Statement"][0]["Condition"]["BoolIfExists"].update(
                {"aws:MultiFactorAuthPresent": False}
            ),
            id="a value of another kind",
        ),
        pytest.param(
            lambda it: it.update(Statement=[canonical(each) for each in it["Statement"]]),
            id="statements as text",
        ),
    ],
)
def test_other_documents(change: Callable[[Document], object]) -> None:
    """Whatever says something else, or might, is another document, from either side."""
    assert not same_document(rewritten(change), guard())
    assert not same_document(guard(), rewritten(change))


@pytest.mark.parametrize("value", [None, True, 0, "", [], {}, [{}], canonical(guard()), "no JSON"])
def test_no_documents(value: object) -> None:
    """A value that is no document is not ours; nor is ours as text that nobody has parsed."""
    assert not same_document(value, guard())


def test_nested_without_end() -> None:
    """A value that is nested deeper than any policy is another document, and no crash."""
    value: Any = guard()
    for _ in range(10_000):
        value = {"Condition": value}
    assert not same_document(value, guard())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("no JSON", id="words"),
        pytest.param('{"Version":"2012-10-17"', id="cut off"),
        pytest.param(canonical(guard()) * 2, id="two documents"),
        pytest.param(
            canonical(guard())[:-1] + ',"Statement":' + json.dumps(guard()["Statement"]) + "}",
            id="a member twice",
        ),
        pytest.param('{"Statement":{"Effect":"Allow","Effect":"Deny"}}', id="twice, further in"),
        pytest.param(DEEP, id="nested without end"),
        pytest.param("1" * 5_000, id="a number without end"),
        pytest.param(canonical(guard()) + " " * TEXT_LIMIT, id="longer than IAM takes"),
    ],
)
def test_what_is_not_parsed(text: str) -> None:
    """It stays text, which is no document."""
    assert parse(text) == text
    assert not same_document(parse(text), guard())


def test_longest_text() -> None:
    """As much white space as IAM takes is taken here."""
    text = canonical(guard()).ljust(TEXT_LIMIT)
    assert same_document(parse(text), guard())


class TestForRecord:
    """What a record repeats of a document."""

    def test_document(self) -> None:
        """A document that IAM would take is repeated whole, as JSON."""
        assert for_record(guard()) == guard()

    def test_text(self) -> None:
        """What is no JSON is cut short."""
        assert for_record("a\nb") == "a b"
        assert len(str(for_record("x" * 1_000))) == 300

    def test_too_long(self) -> None:
        """A document too long for a record is cut short, as text, by what it takes in the log."""
        at_limit = {"x": "y" * (RECORD_LIMIT - len('{"x":""}'))}
        assert for_record(at_limit) == at_limit
        for longer in ({"x": at_limit["x"] + "y"}, {"x": "é" * (RECORD_LIMIT // 4)}):
            said = for_record(longer)
            assert isinstance(said, str)
            assert len(said) == RECORD_LIMIT

    def test_no_json(self) -> None:
        """A number that JSON does not know would make the record unreadable: left out."""
        assert for_record({"x": float("inf")}) == "a document that is no JSON"
