"""The processors that a worker keeps between tasks, within a budget of memory: the least recently used go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from impasto.effects import Effect, Processor
from impasto.engine.memory import Memory


@dataclass(slots=True)
class _Kept:
    processor: Processor
    size: int
    in_use: bool = False


class ProcessorCache:
    """Keeps processors up to `budget` bytes of `memory`; None: half of it.

    `maker` imports what an effect needs, which stays; what it returns makes the processor, and is measured.
    A processor that is in use stays, whatever its size, until it is given back.
    """

    def __init__(
        self, maker: Callable[[Effect], Callable[[], Processor]], memory: Memory, budget: int | None = None
    ) -> None:
        self._maker, self._memory, self._budget = maker, memory, budget
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def busy(self) -> bool:
        """Whether a processor is in use."""
        return any(kept.in_use for kept in self._kept.values())

    @contextmanager
    def lent(self, effect: Effect) -> Iterator[Processor]:
        """The processor of `effect`, made where it is not kept. Raises what making it raises."""
        kept = self._kept.get(effect.id) or self._made(effect)
        self._kept.move_to_end(effect.id)
        kept.in_use = True
        self._trim()
        try:
            yield kept.processor
        finally:
            kept.in_use = False
            self._trim()

    def drop_idle(self, but: str = "") -> None:
        """Forget what is not in use, but for the effect of that id."""
        for effect_id in [e for e, kept in self._kept.items() if not kept.in_use and e != but]:
            del self._kept[effect_id]
        self._memory.release()

    def _made(self, effect: Effect) -> _Kept:
        make = self._maker(effect)
        before = self._memory.held()
        processor = make()
        kept = self._kept[effect.id] = _Kept(processor, max(0, self._memory.held() - before))
        return kept

    def _trim(self) -> None:
        budget = self._memory.total() // 2 if self._budget is None else self._budget
        while sum(kept.size for kept in self._kept.values()) > budget:
            idle = next((effect_id for effect_id, kept in self._kept.items() if not kept.in_use), None)
            if idle is None:
                return
            del self._kept[idle]
            self._memory.release()
