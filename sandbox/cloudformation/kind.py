"""What a kind of resource is: how its resources are made, changed and ended by API calls."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.cloudformation.intrinsics import Made

Properties = dict[str, Any]


class Clients(Protocol):
    """Makes the clients that a stack's resources are made with."""

    def __call__(self, service: str, region: str | None = None) -> Any:
        """A client of a service in the name of who asked for the stack; in its region, or this."""


class Kind(ABC):
    """One type of resource. `fixed` are the properties that only another resource can change."""

    fixed: ClassVar[frozenset[str]]

    @abstractmethod
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        """Makes it, under the name if it is not given one by its properties."""

    @abstractmethod
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        """Gives it these properties."""

    @abstractmethod
    def delete(self, clients: Clients, made: Made, properties: Properties) -> None:
        """Ends it; all is well when it is gone already."""


@contextlib.contextmanager
def gone(*codes: str) -> Iterator[None]:
    """Lets the errors pass by which a service says that there is nothing to end."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
