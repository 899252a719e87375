from __future__ import annotations

import asyncio

from trialbook.services.engine.signals import RunSignals, Signal

FOREVER = 3600.0


async def test_a_notification_wakes_everyone_who_waits() -> None:
    signal = Signal()
    waiting = [asyncio.create_task(signal.wait(signal.count, FOREVER)) for _ in range(5)]
    await asyncio.sleep(0)

    signal.notify()

    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)


async def test_a_notification_between_looking_and_waiting_is_not_lost() -> None:
    signal = Signal()
    seen = signal.count
    signal.notify()

    async with asyncio.timeout(10):
        await signal.wait(seen, FOREVER)


async def test_an_old_notification_wakes_nobody() -> None:
    signal = Signal()
    signal.notify()
    waiting = asyncio.create_task(signal.wait(signal.count, FOREVER))
    await asyncio.sleep(0)

    assert not waiting.done()
    signal.notify()
    await waiting


async def test_a_wait_ends_with_its_time() -> None:
    signal = Signal()

    async with asyncio.timeout(10):
        await signal.wait(signal.count, 0.001)
        await signal.wait(signal.count, 0.0)
        await signal.wait(signal.count, -1.0)


async def test_who_is_cancelled_is_forgotten() -> None:
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(signal.count, FOREVER))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    signal.notify()

    assert not signal._waiting


async def test_no_wakeup_is_lost_however_they_interleave() -> None:
    signal, done = Signal(), 0

    async def consume() -> None:
        nonlocal done
        while done < 200:
            seen = signal.count
            if done >= 200:
                return
            await signal.wait(seen, FOREVER)

    consumers = [asyncio.create_task(consume()) for _ in range(3)]
    for number in range(200):
        done += 1
        signal.notify()
        if number % 3:
            await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await asyncio.gather(*consumers)


async def test_the_signals_of_runs_are_apart_and_forgotten() -> None:
    signals = RunSignals()
    one, again, other = signals.watch(1), signals.watch(1), signals.watch(2)
    signals.notify(1)
    signals.notify(3)

    assert one is again
    assert (one.count, other.count) == (1, 0)
    signals.notify_all()
    assert (one.count, other.count) == (2, 1)
    for run in (1, 1, 2):
        signals.leave(run)
    assert not signals._signals
    assert not signals._watchers
