"""A call ends with its budget, whatever it does, and leaves no thread for each call behind."""

from __future__ import annotations

import threading

import pytest

from watchdog.clock import Budget, SystemClock, within


def budget(seconds: float) -> Budget:
    return Budget(seconds, SystemClock())


def callers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "call"}


def test_it_gives_what_the_call_returns() -> None:
    assert within(budget(60), lambda: "answer") == "answer"


def test_it_raises_what_the_call_raises() -> None:
    def refuse() -> None:
        raise KeyError("nothing there")

    with pytest.raises(KeyError, match="nothing there"):
        within(budget(60), refuse)


def test_an_error_about_time_is_the_calls_own() -> None:
    def late() -> None:
        raise TimeoutError("of a socket")

    with pytest.raises(TimeoutError, match="of a socket"):
        within(budget(60), late)


def test_many_calls_one_after_another_take_one_thread() -> None:
    threads = {within(budget(60), threading.current_thread) for _ in range(50)}

    assert len(threads) == 1


def test_a_call_within_a_call_has_a_thread_of_its_own() -> None:
    def outer() -> tuple[threading.Thread, threading.Thread]:
        return threading.current_thread(), within(budget(60), threading.current_thread)

    mine, other = within(budget(60), outer)

    assert mine is not other


def test_a_call_that_is_late_is_left_and_its_thread_ends_with_it() -> None:
    goes_on, began = threading.Event(), threading.Event()
    held: list[threading.Thread] = []

    def hang() -> None:
        held.append(threading.current_thread())
        began.set()
        goes_on.wait()

    def stop_once_begun(of: Budget) -> None:
        began.wait()
        of.stop(0)

    hanging = budget(60)
    threading.Thread(target=stop_once_begun, args=(hanging,)).start()
    with pytest.raises(TimeoutError):
        within(hanging, hang)
    others = {within(budget(60), threading.current_thread) for _ in range(5)}
    goes_on.set()
    held[0].join()

    assert held[0] not in others
    assert held[0] not in callers()
