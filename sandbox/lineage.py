"""How Lambda counts the invocations of a chain of requests, to stop a loop.

A chain's tracing header, X-Amzn-Trace-Id, travels with it: a function's process gets it, and AWS's
SDKs send it with each call. Each invocation that Lambda lets in counts itself in its lineage:

    Root=1-67890abc-…;Parent=…;Sampled=0;Lineage=3:b695919f:2

is the third invocation of the chain, of a function that was invoked twice before in it. Form and
counts are those of published headers, of a function that invoked itself until it was stopped; how
several functions stand in one lineage is our guess (a comma, which the SDKs pass on as it is). A
call without the header, or with one that has no lineage, begins a chain.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

# AWS says "approximately"; in the published headers it is exactly this.
INVOCATIONS_IN_A_CHAIN = 16
_SOUND = re.compile(r"[\w=;:,| -]*", re.ASCII)


class LoopError(Exception):
    """The function was invoked as often in this chain of requests as it may be."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where in a chain of requests an invocation stands; `counts` has those before it."""

    root: str
    parent: str
    sampled: str = "0"
    hops: int = 0
    counts: dict[str, int] = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, header: str | None) -> Self:
        """That of a call with this tracing header, or a new one."""
        # What a client made up must not get into a function's environment.
        text = unquote(header or "")
        parts = text.split(";") if _SOUND.fullmatch(text) else []
        fields = dict(part.strip().partition("=")[::2] for part in parts)
        hops, _, entries = fields.get("Lineage", "").partition(":")
        return cls(
            root=fields.get("Root") or f"1-{int(time.time()):08x}-{secrets.token_hex(12)}",
            parent=fields.get("Parent") or secrets.token_hex(8),
            sampled=fields.get("Sampled") or "0",
            hops=int(hops) if hops.isdecimal() else 0,
            counts=dict(_counted(entry) for entry in entries.split(",") if ":" in entry),
        )

    def invoke(self, function_arn: str, *, may_loop: bool) -> Self:
        """The lineage with one invocation more, of this function.

        Raises LoopError when that is one too many, for a function that may not loop.
        """
        name = _short_name(function_arn)
        before = self.counts.get(name, -1) + 1
        if before >= INVOCATIONS_IN_A_CHAIN and not may_loop:
            raise LoopError(
                "Lambda has detected your function being invoked in a recursive loop with other "
                "Amazon Web Services resources and stopped your function's invocation."
            )
        counts = {**self.counts, name: before}
        return type(self)(self.root, self.parent, self.sampled, self.hops + 1, counts)

    @property
    def header(self) -> str:
        """The header for what is invoked, which its SDK sends on."""
        counts = ",".join(f"{name}:{number}" for name, number in self.counts.items())
        fields = f"Root={self.root};Parent={self.parent};Sampled={self.sampled}"
        return f"{fields};Lineage={self.hops}:{counts}"


def _counted(entry: str) -> tuple[str, int]:
    name, _, number = entry.partition(":")
    return name, int(number) if number.isdecimal() else 0


def _short_name(function_arn: str) -> str:
    """Stands for a function in a lineage: eight hexadecimal digits."""
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]
