"""Patterns of actions: is there an action that some match, and others do not? Pure.

`*` stands for any characters, `?` for one (IAM user guide, Action). An action is `service:Name`, of
any characters: which actions there are is not asked, for AWS makes new ones every week. All
patterns here are in lower case; IAM compares without case.

The patterns are walked together, a character at a time: of those that stand in them, and one more
that stands for all others. Of each pattern it is known how far it may have come, as a set of places
in the bits of a number.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

from reactor.users.grammar import matches

Patterns = tuple[str, ...]

# Steps before it is given up, after some ten milliseconds. What people write needs some dozens;
# what somebody makes to be hard must not hold up everybody.
MOST_STEPS = 5_000
_OTHER = ""  # a character that stands in none of the patterns
_WHOLE = 3  # parts of an action that have been met: its service, the colon, its name
_PARTS = {True: {1: 2}, False: {0: 1, 1: 1, 2: 3, 3: 3}}  # what is met next, by "is it a colon?"


@functools.lru_cache(maxsize=50_000)
def overlap(one: str, other: str) -> bool:
    """Tell whether some action may match both patterns. Never False where one does."""
    for pattern, against in ((one, other), (other, one)):
        if _is_literal(pattern):
            return _is_action(pattern) and matches(against, pattern)
    return _ends_agree(one, other) and may_exist(((one,), (other,)))


@functools.lru_cache(maxsize=10_000)
def may_exist(wanted: tuple[Patterns, ...], unwanted: Patterns = ()) -> bool:
    """Tell whether there may be an action that one of each of `wanted` matches, and no `unwanted`.

    Exact, but for patterns that are too hard to tell (MOST_STEPS): of them there may be.
    """
    globs = tuple(tuple(map(_glob, each)) for each in wanted)
    return _Walk(globs, tuple(map(_glob, unwanted))).arrives()


def _is_literal(pattern: str) -> bool:
    return "*" not in pattern and "?" not in pattern


def _is_action(text: str) -> bool:
    service, _, name = text.partition(":")
    return bool(service and name) and ":" not in name


def _ends_agree(one: str, other: str) -> bool:
    """Tell whether two patterns may begin, and end, alike: most do not, and this is quick."""
    heads = _head(one), _head(other)
    tails = _head(one[::-1]), _head(other[::-1])
    return all(
        longer.startswith(shorter)
        for shorter, longer in (sorted(heads, key=len), sorted(tails, key=len))
    )


def _head(pattern: str) -> str:
    """Return what stands before the first wildcard."""
    return pattern.partition("*")[0].partition("?")[0]


@dataclass(frozen=True, slots=True)
class _Glob:
    """A pattern to be walked. Each of its places is a bit: how many of its signs are behind it."""

    by_character: dict[str, int]  # the places that a character leads on from
    by_any: int  # those that any other does: at question marks
    stars: int  # those at which it may stay
    start: int  # before the first sign, and behind it if that is a star
    end: int  # behind the last sign
    any_end: int  # where whatever follows matches, too: at a star that is the last sign

    def step(self, places: int, character: str) -> int:
        """Return where it may be after one more character."""
        moved = (places & self.by_character.get(character, self.by_any)) << 1
        moved |= places & self.stars
        return moved | (moved & self.stars) << 1


@functools.lru_cache(maxsize=10_000)
def _glob(pattern: str) -> _Glob:
    signs = pattern
    while "**" in signs:
        signs = signs.replace("**", "*")
    by_any = _places(signs, "?")
    literals = set(signs) - set("*?")
    end = 1 << len(signs)
    return _Glob(
        {each: by_any | _places(signs, each) for each in literals},
        by_any,
        _places(signs, "*"),
        0b11 if signs.startswith("*") else 0b1,
        end,
        end >> 1 if signs.endswith("*") else 0,
    )


def _places(signs: str, sign: str) -> int:
    return sum(1 << place for place, each in enumerate(signs) if each == sign)


# How far an action has come, and how far each pattern may have: of `wanted`, one after the other,
# and of `unwanted`.
_Place = tuple[int, tuple[tuple[int, ...], ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Looks for an action, from no character on."""

    wanted: tuple[tuple[_Glob, ...], ...]
    unwanted: tuple[_Glob, ...]

    def arrives(self) -> bool:
        """Tell whether there is one, or it is too hard to tell."""
        start: _Place = (
            0,
            tuple(tuple(glob.start for glob in each) for each in self.wanted),
            tuple(glob.start for glob in self.unwanted),
        )
        seen, waiting, steps = {start}, [start], 0
        while waiting:
            place = waiting.pop()
            if self._is_there(place) or steps > MOST_STEPS:
                return True
            for after in self._next(place):
                steps += 1
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return False

    def _next(self, place: _Place) -> Iterator[_Place]:
        met, wanted, unwanted = place
        for character in self._characters(place):
            part = _PARTS[character == ":"].get(met)
            onward = tuple(map(_stepped, self.wanted, wanted, repeat(character)))
            if part is None or not all(map(any, onward)):
                continue
            without = _stepped(self.unwanted, unwanted, character)
            if not any(at & glob.any_end for glob, at in zip(self.unwanted, without, strict=True)):
                yield part, onward, without

    def _characters(self, place: _Place) -> set[str]:
        """Return the characters that lead elsewhere than others do."""
        found = {":", _OTHER}
        for globs, places in zip((*self.wanted, self.unwanted), (*place[1], place[2]), strict=True):
            for glob, at in zip(globs, places, strict=True):
                found.update(
                    each for each, on in glob.by_character.items() if on & at & ~glob.by_any
                )
        return found

    def _is_there(self, place: _Place) -> bool:
        met, wanted, unwanted = place
        return (
            met == _WHOLE
            and all(map(_one_ended, self.wanted, wanted))
            and not _one_ended(self.unwanted, unwanted)
        )


def _stepped(globs: tuple[_Glob, ...], places: tuple[int, ...], character: str) -> tuple[int, ...]:
    return tuple(glob.step(at, character) for glob, at in zip(globs, places, strict=True))


def _one_ended(globs: tuple[_Glob, ...], places: tuple[int, ...]) -> bool:
    return any(at & glob.end for glob, at in zip(globs, places, strict=True))
