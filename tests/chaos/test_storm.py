"""Whatever is killed, cut off or full: what was accepted comes to its end in the chat, once."""

from pathlib import Path

from tests.chaos.storm import Storm

SECONDS = 75.0


async def test_a_storm_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    counts = await Storm(tmp_path / "data", SECONDS, seed=4).rage()
    print(counts)
    assert min(counts.worker_kills, counts.core_kills, counts.network_failures, counts.full_disks) >= 1
    assert counts.states["delivered"] >= 20
    assert set(counts.states) <= {"delivered", "failed", "cancelled"}
    assert counts.lost == []
    assert counts.doubled == []
    assert counts.left == []
    assert counts.unsound == ""
    assert counts.descriptors[1] <= counts.descriptors[0] + 12
    assert counts.megabytes < 110
