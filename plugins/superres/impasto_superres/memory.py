"""What a network needs: measured by running it once on a small picture."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True, slots=True)
class Needs:
    """What a network takes: bytes of memory per pixel that it sees, and calls of layers per picture."""

    bytes_per_pixel: float
    calls: int


def layers(module: nn.Module) -> list[nn.Module]:
    """The modules in `module` that have no parts: what it spends its time in."""
    return [part for part in module.modules() if next(part.children(), None) is None]


def measure(module: nn.Module, run: Callable[[], object], pixels: int) -> Needs:
    """The needs of `run`, which runs `module` on so many pixels.

    The bytes are those of the tensors that are alive at once, without weights and the scratch memory of
    single operations. They hold for larger pictures too where a network's memory grows with the area, as
    that of convolutions and of attention within windows does. For RRDBNet on a CPU 9472 bytes are counted,
    and the process grows by 9716.
    """
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    hooks = [layer.register_forward_hook(count) for layer in layers(module)]
    try:
        with _LiveBytes(itertools.chain(module.parameters(), module.buffers())) as live:
            run()
    finally:
        for hook in hooks:
            hook.remove()
    return Needs(live.peak / pixels, calls)


class _LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of tensors that are made while it is entered, and the most there were at a time."""

    def __init__(self, known: Iterable[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._known = {tensor.untyped_storage()._cdata for tensor in known}
        self._alive: dict[int, int] = {}

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self._known and key not in self._alive:
            self._alive[key] = storage.nbytes()
            self.peak = max(self.peak, sum(self._alive.values()))
            weakref.finalize(storage, self._alive.pop, key)
