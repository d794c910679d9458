"""A scene's account in a stage, swept by invocations that have little time, or are ended by Lambda.

What is noted of it: who was changed, who was left without the guard by an invocation that Lambda
ended, and what each of these may have let through the brake without its being counted.
"""

from collections.abc import Iterable
from typing import Any

from reactor.names import Function
from tests.fakes.account import World
from tests.fakes.lifetime import Kill, Killed
from tests.fakes.stage import Invocation, Stage
from tests.property.scenes import SETTLED_SECONDS, Scene

ON = frozenset({"AttachUserPolicy", "AddUserToGroup"})
OFF = frozenset({"DetachUserPolicy", "RemoveUserFromGroup"})


class Swept:
    """A scene's account in a stage, swept once by invocations that have this much time."""

    def __init__(  # noqa: PLR0913 - how the invocations fare; all by name
        self,
        scene: Scene,
        haste: tuple[int, ...],
        *,
        slowness: tuple[float, ...] = (),
        kills: Iterable[Kill | None] = (),
        lands: bool = False,
        forgetful: bool = False,
        **more: str,
    ) -> None:
        self.scene = scene
        self.stage = Stage(scene.settings(**more))
        self.stage.own_copies = ()
        scene.furnish(self.stage.account)
        self.stage.clock.advance(SETTLED_SECONDS)
        self.stage.haste, self.stage.slowness = haste, slowness
        self.stage.kills, self.stage.lands, self.stage.forgetful = list(kills), lands, forgetful
        self.changed: set[str] = set()
        self.put_on: set[str] = set()
        self.killed: list[Invocation] = []
        self.lost: set[str] = set()
        self._had_it = self._guarded()
        self.stage.on_write, self.stage.on_end = self._note, self._note_end
        self.sweep()

    def sweep(self) -> None:
        """Have the schedule wake the sweep, and let all come to its end."""
        self.stage.invoke(Function.SWEEP, {})
        self.stage.drain()

    def sweep_calmly(self) -> None:
        """Sweep with all the time that there is, as often as the brake may make users wait."""
        self.stage.calm()
        for _ in self.scene.users:
            self.stage.clock.advance(60)
            self.sweep()

    def _note(self, operation: str, user: str) -> None:
        if operation in ON | OFF:
            self.changed.add(user)
        if operation in ON:
            self.put_on.add(user)

    def _note_end(self, run: Invocation, error: BaseException | None) -> None:
        if isinstance(error, Killed):
            self.killed.append(run)
            self.lost |= self._had_it - self._guarded()

    def _guarded(self) -> set[str]:
        """Return who must carry the guard and does."""
        scene = self.scene
        users = [each for each in scene.users if not scene.exempts(each)]
        must = [each.name for each in users if scene.must_carry(each)]
        return {name for name in must if self.world.carries(name, scene.guard_arn)}

    @property
    def world(self) -> World:
        """The account now."""
        return self.stage.account.world

    @property
    def summaries(self) -> list[dict[str, Any]]:
        """The sweep's records."""
        records = self.stage.ledger.records
        return [each for each in records if each["schema"] == "mfa-reactor/sweep/1"]

    def uncounted(self, brake: int) -> int:
        """Return how many more than the brake may have been changed, as docs/sweep.md has it.

        For each invocation that Lambda ended, as many as it was still allowed when it began: what
        it changed is not counted, and the try after it is allowed the same.
        """
        spent = [run.payload.get("continues", {}).get("spent", 0) for run in self.killed]
        return sum(max(0, brake - each) for each in spent)
