"""When memory does not suffice: what is dropped, what is tried, what the person is told."""

import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from impasto.bot.limits import FILE
from impasto.effects import Cancelled, Category, Effect, ImageSlot, JobContext, Processor, verbatim
from impasto.engine.base import Failed, FailureKind, Finished, InputPicture, Task
from impasto.engine.cache import ProcessorCache
from impasto.engine.ladder import Ladder
from impasto.engine.local import LocalEngine
from impasto.engine.memory import HostMemory, is_out_of_memory
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from tests.core.test_engine import Stage
from tests.pictures import decoded, encoded, scene
from tests.plugins.context import RecordingContext

UNRULY = Path(__file__).parent.parent / "fixtures" / "unruly"
NOWHERE = Path("/nonexistent")
MEGABYTE = 2**20
SLOT = ImageSlot("content", verbatim("Content"), verbatim("Send it."))


def settings(device: str) -> WorkerSettings:
    ceiling = 2 * 2**30
    return WorkerSettings(device, UNRULY, NOWHERE, RunnerSettings(1_000_000, worker_memory=ceiling))


def greedy(number: int, appetite: str) -> Task:
    picture = InputPicture(encoded(scene(1000, 800), "PNG"))
    return Task(str(number), 1, "unruly.greedy", {"appetite": appetite}, {"content": (picture,)}, (FILE,))


async def test_a_worker_under_a_ceiling_makes_large_pictures_smaller_says_so_and_lives() -> None:
    engine = LocalEngine("cpu", settings)
    await engine.start()
    stage = Stage(engine)
    made: dict[str, Finished] = {}
    pids = set()
    for number, appetite in enumerate(("picture", "tensor", "budget", "endless")):
        task = greedy(number, appetite)
        await stage.submit(task)
        pids |= set(engine.worker_pids().values())
        end = await stage.end_of(task)
        if isinstance(end, Finished):
            made[appetite] = end
    assert isinstance(end, Failed)
    assert (end.kind, end.fit) == (FailureKind.OUT_OF_MEMORY, True)
    for appetite in ("picture", "tensor"):  # 3.2 GB at first, twice halved 0.8
        assert decoded(made[appetite].pictures[0].data).size == (500, 400)
        told, tried = made[appetite].notes
        assert "smaller copy of 500 × 400" in str(told)
        assert str(tried) == "Tried at 500 × 400."
    assert decoded(made["budget"].pictures[0].data).size == (1000, 800)
    assert [str(note) for note in made["budget"].notes] == ["Tried at 1000 × 800."]
    assert len(pids) == 1
    await engine.stop()
    stage._collecting.cancel()


class Net:
    """Holds 100 MB, and does as it is told."""

    def __init__(self, run: Callable[[Image.Image, JobContext], Image.Image] | None = None) -> None:
        self.weights = bytearray(100 * MEGABYTE)
        self._run = run

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        image = images["content"][0]
        return image if self._run is None else self._run(image, context)


class Shelf:
    """A cache of nets, with the rest of what a worker has: those that are alive can be seen."""

    def __init__(
        self, megabytes: int, run: Callable[[Image.Image, JobContext], Image.Image] | None = None
    ) -> None:
        self.made: list[str] = []
        self._run = run
        self._alive: weakref.WeakValueDictionary[str, Net] = weakref.WeakValueDictionary()
        memory = HostMemory()
        self.cache = ProcessorCache(self._maker, memory, megabytes * MEGABYTE)
        self.ladder = Ladder(self.cache, memory)

    def _maker(self, effect: Effect) -> Callable[[], Processor]:
        name = effect.id.removeprefix("test.")

        def make() -> Net:
            self.made.append(name)
            net = self._alive[name] = Net(self._run if name == "a" else None)
            return net

        return make  # type: ignore[return-value]  # made without device and weights

    def lent(self, name: str) -> AbstractContextManager[Processor]:
        return self.cache.lent(an_effect(name))

    @property
    def alive(self) -> set[str]:
        return set(self._alive)


def an_effect(name: str) -> Effect:
    return Effect(f"test.{name}", verbatim(name), verbatim(name), Category.OTHER, "x:Y", (SLOT,))


def run(shelf: Shelf, context: JobContext | None = None) -> Image.Image:
    return shelf.ladder.run(an_effect("a"), {"content": [scene()]}, {}, context or RecordingContext())


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not tell what a process holds")
def test_of_the_networks_those_used_last_are_kept_as_far_as_the_budget_goes() -> None:
    shelf = Shelf(megabytes=250)
    for name in "abac":
        with shelf.lent(name):
            pass
    assert shelf.made == ["a", "b", "c"]
    assert shelf.alive == {"a", "c"}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not tell what a process holds")
def test_a_network_in_use_stays_whatever_the_budget() -> None:
    shelf = Shelf(megabytes=50)
    with shelf.lent("a"):
        with shelf.lent("b"):
            assert shelf.alive == {"a", "b"}
        assert shelf.alive == {"a"}
    assert shelf.alive == set()


def test_first_other_networks_go_then_the_budget_falls_then_the_picture_shrinks() -> None:
    seen: list[tuple[set[str], int | None, tuple[int, int]]] = []

    def work(image: Image.Image, context: JobContext) -> Image.Image:
        context.note(verbatim(f"Attempt {len(seen)}."))
        seen.append((shelf.alive, context.budget, image.size))
        if image.width > 40:
            raise MemoryError
        return image

    shelf, context = Shelf(megabytes=1000, run=work), RecordingContext()
    with shelf.lent("b"):
        pass
    assert run(shelf, context).size == (32, 24)
    alive, budgets, sizes = zip(*seen, strict=True)
    assert alive == ({"a", "b"}, {"a"}, {"a"}, {"a"}, {"a"})
    assert sizes == ((64, 48), (64, 48), (64, 48), (45, 34), (32, 24))
    assert budgets[:2] == (None, None)
    assert budgets[2] > budgets[3] > budgets[4] > 0  # type: ignore[operator]
    told, last = map(str, context.notes)
    assert "a smaller copy of 32 × 24" in told
    assert last == "Attempt 4.", "what was said before counts no more"
    assert shelf.made == ["b", "a"]


def test_beside_another_task_nothing_gets_smaller_since_it_can_wait_for_its_end() -> None:
    sizes = []

    def work(image: Image.Image, context: JobContext) -> Image.Image:
        sizes.append(image.size)
        raise MemoryError

    shelf = Shelf(megabytes=1000, run=work)
    with shelf.lent("b"), pytest.raises(MemoryError):
        run(shelf)
    assert sizes == [(64, 48)] * 2


def test_whoever_cancels_is_heard_between_two_attempts() -> None:
    attempts = []

    def work(image: Image.Image, context: JobContext) -> Image.Image:
        attempts.append(image.size)
        raise MemoryError

    with pytest.raises(Cancelled):
        run(Shelf(megabytes=1000, run=work), RecordingContext(stop=lambda looks: looks == 2))
    assert len(attempts) == 1


def test_what_is_no_lack_of_memory_is_not_tried_again() -> None:
    attempts = []

    def work(image: Image.Image, context: JobContext) -> Image.Image:
        attempts.append(image.size)
        raise RuntimeError("CUDA error: device-side assert triggered; out of memory is not what this is")

    with pytest.raises(RuntimeError, match="device-side"):
        run(Shelf(megabytes=1000, run=work))
    assert len(attempts) == 1


def test_threads_that_find_no_room_for_their_stack_are_a_lack_of_memory() -> None:
    before = threading.stack_size(2**46)
    try:
        with pytest.raises(RuntimeError) as failure:
            threading.Thread(target=print).start()
    finally:
        threading.stack_size(before)
    assert is_out_of_memory(failure.value)


_SPOILED = """
import resource, torch
from PIL import Image
from impasto.engine.memory import HostMemory
from tests.core import test_memory as tests

def work(image, context):
    attempts.append(image.size)
    layer = torch.nn.Conv2d(3, 16, 3)
    pixels = torch.rand(1, 3, 100, 100)
    if len(attempts) == 1:
        resource.setrlimit(resource.RLIMIT_DATA, (HostMemory().held(), resource.RLIM_INFINITY))
    try:
        layer(pixels)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)
    return image

attempts = []
torch.rand(10**6).sum()
shelf = tests.Shelf(1000, work)
for _ in range(2):
    tests.run(shelf)
print(attempts)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")
def test_convolutions_that_once_found_no_memory_go_on_after_it() -> None:
    """torch's CPU library never makes another in the same thread."""
    done = subprocess.run([sys.executable, "-c", _SPOILED], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str([(64, 48)] * 3), done.stderr
