"""Reads of IAM that see the past, as an eventually consistent service's do.

Before a write, the state that is about to vanish is kept with the time from which and until which
it held. A read that looks so many seconds back is answered from the state that held then. Writes,
and the question who calls, go to the present. At most some twenty states are kept: where writes
come faster than that, a read falls on the next state kept, which is younger than it might be.
"""

from __future__ import annotations

import io
import pickle
import random
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.common_models import BaseModel
from moto.iam.models import IAMBackend, iam_backends
from moto.utilities.utils import get_partition
from typing_extensions import override

from sandbox.iam.backend import StrictIAMBackend
from sandbox.recorded import is_write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.wire import Call

_STATES_KEPT = 20
# It is made by one call and fetched by the next; what is in it is hours old anyway.
_NOT_STALE = {"GenerateCredentialReport", "GetCredentialReport"}
_BACKEND = "backend"  # its class is not where its name says, so that pickle needs help to find it


@dataclass(frozen=True, slots=True)
class _Past:
    since: float
    until: float
    state: bytes


class Staleness:
    """How far back reads look. Whoever asks holds the account's lock."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._seconds = 0.0
        self._random: random.Random | None = None
        self._kept: dict[str, list[_Past]] = defaultdict(list)  # by partition, oldest first
        self._written: dict[str, float] = defaultdict(lambda: float("-inf"))
        self._restored: tuple[_Past, IAMBackend] | None = None

    def set(self, seconds: float, seed: int | None = None) -> None:
        """Lets each read look so many seconds back, or with a seed at random up to as many."""
        self._seconds = seconds
        self._random = None if seed is None else random.Random(seed)  # noqa: S311
        self._kept.clear()
        self._restored = None

    @contextmanager
    def during(self, call: Call) -> Iterator[None]:
        """Puts the past in the present's place for a read; before a write, keeps the present."""
        if call.service != "iam" or not self._seconds or call.action in _NOT_STALE:
            yield
            return
        partition = get_partition(call.region)
        if is_write(call.action):
            self._keep(partition, time.monotonic())
            try:
                yield
            finally:
                self._written[partition] = time.monotonic()
            return
        backends = iam_backends[self._account]
        present = backends[partition]
        backends[partition] = self._seen(partition, time.monotonic()) or present
        try:
            yield
        finally:
            backends[partition] = present

    def _keep(self, partition: str, now: float) -> None:
        kept = self._kept[partition]
        kept[:] = [past for past in kept if past.until > now - self._seconds]
        if not kept or now - kept[-1].until >= self._seconds / _STATES_KEPT:
            state = _frozen(iam_backends[self._account][partition])
            kept.append(_Past(self._written[partition], now, state))

    def _seen(self, partition: str, now: float) -> IAMBackend | None:
        """The state that held when the read looks; None when that is the present one."""
        share = self._random.random() if self._random else 1.0
        when = now - self._seconds * share
        past = next((past for past in self._kept[partition] if past.until > when), None)
        if past is None:
            return None
        if self._restored is None or self._restored[0] is not past:
            self._restored = (past, _thawed(past.state))
        return self._restored[1]


class _Pickler(pickle.Pickler):
    @override
    def persistent_id(self, obj: Any) -> str | None:
        return _BACKEND if obj is StrictIAMBackend else None


class _Unpickler(pickle.Unpickler):
    @override
    def persistent_load(self, pid: Any) -> type[IAMBackend]:
        return StrictIAMBackend


def _frozen(backend: IAMBackend) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(backend)
    return stream.getvalue()


def _thawed(state: bytes) -> IAMBackend:
    tracked = [(model, len(model.instances_tracked)) for model in _models(BaseModel)]
    backend: IAMBackend = _Unpickler(io.BytesIO(state)).load()
    # moto keeps a list of all objects it has ever made; a state that is let go must not stay in it.
    for model, number in tracked:
        del model.instances_tracked[number:]
    return backend


def _models(model: Any) -> Iterator[Any]:
    for each in model.__subclasses__():
        yield each
        yield from _models(each)
