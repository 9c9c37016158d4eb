"""Workers that die: the task in hand is tried again, named when it kills every time, and nobody else's work is lost."""

import os
import signal
import time

import pytest

from pipeline.pool import ATTEMPTS, Failed, Pool


def double(number):
    return 2 * number


def slow(number):
    time.sleep(0.2)
    return number


def kill_once(marker, number):
    if number == 3 and not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def kill_always(tries, number):
    if number == 3:
        with open(tries, "a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number):
    if number == 1:
        raise ValueError("one is refused")
    return number


@pytest.fixture(scope="module")
def pool():
    made = Pool(2)
    yield made
    made.close()


def test_results_come_in_order(pool):
    assert pool.map(double, [(n,) for n in range(40)]) == [2 * n for n in range(40)]


def test_an_exception_is_named_and_not_tried_again(pool):
    answers = pool.map(refuse, [(0,), (1,), (2,)])
    assert answers[0] == 0
    assert answers[2] == 2
    assert isinstance(answers[1], Failed)
    assert "ValueError: one is refused" in answers[1].why
    assert "refuse" in answers[1].trace


def test_a_killed_worker_is_replaced_and_its_task_done(pool, tmp_path):
    assert pool.map(kill_once, [(str(tmp_path / "once"), n) for n in range(8)]) == list(range(8))


def test_a_task_that_kills_every_worker_is_named(pool, tmp_path):
    answers = pool.map(kill_always, [(str(tmp_path / "tries"), n) for n in range(8)])
    assert [a for a in answers if not isinstance(a, Failed)] == [0, 1, 2, 4, 5, 6, 7]
    assert "SIGKILL" in answers[3].why
    assert len((tmp_path / "tries").read_text()) == ATTEMPTS


def test_workers_killed_from_outside_while_idle_are_replaced(pool):
    assert pool.map(double, [(1,), (2,)]) == [2, 4]
    for worker in pool._workers:
        worker.process.kill()
        worker.process.join()
    assert pool.map(double, [(n,) for n in range(6)]) == [0, 2, 4, 6, 8, 10]


def test_two_workers_work_at_once(pool):
    pool.map(slow, [(0,), (1,)])
    started = time.monotonic()
    pool.map(slow, [(n,) for n in range(4)])
    assert time.monotonic() - started < 0.75
