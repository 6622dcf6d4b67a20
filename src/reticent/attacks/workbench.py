"""What the attacks of one audit share, computed once and on demand, and how its work is spread and kept.

It is an argument, handed from the audit to each attack: nothing here is global. With a folder, finished pieces are
kept there, so that an interrupted run goes on where it stopped; the folder is emptied when the run is done, since what
shadow models say about people is personal data too.
"""

import multiprocessing
import secrets
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from reticent import _progress
from reticent.errors import OutputError, ReticentError

T = TypeVar("T")
Warned = set[tuple[str, type[Warning], str, int]]


@dataclass(eq=False)
class Workbench:
    """Shared results of one run.

    Parameters
    ----------
    n_jobs
        Worker processes; None for all cores, or for what ``joblib.parallel_config`` says where it is set.
    folder
        Where finished pieces are kept while the run lasts; None to keep them in memory alone.
    rounds
        How many sets of shadow models the whole run will train, where its caller knows: for the forecast alone.
    """

    n_jobs: int | None = None
    folder: Path | None = None
    rounds: int = 1
    _results: dict[Any, Any] = field(default_factory=dict, repr=False)
    _made: list[Path] = field(default_factory=list, repr=False)
    _pace: float = field(default=0.0, repr=False)  # seconds that a worker took for the task done last
    _foretold: int = field(default=0, repr=False)  # rounds
    _warned: Warned = field(default_factory=set, repr=False)

    def once(self, key: Any, compute: Callable[[], T]) -> T:
        """Return the result under ``key``, computed the first time that it is asked for."""
        if key not in self._results:
            self._results[key] = compute()
        result: T = self._results[key]
        return result

    def update(self, key: Any, change: Callable[[T | None], T]) -> T:
        """Return what ``change`` makes of the result under ``key`` (None the first time), and keep it there."""
        self._results[key] = change(self._results.get(key))
        result: T = self._results[key]
        return result

    def spread(self, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """Yield ``work(*task)`` for each task in order, side by side, one thread a worker.

        A warning that many tasks give is given once.

        Raises
        ------
        ReticentError
            If a worker process dies.
        """
        backend, _ = joblib.parallel.get_active_backend()
        kind = "generator" if backend.supports_return_generator else "list"  # Ray hands all back at once
        runner = joblib.Parallel(n_jobs=self._workers, return_as=kind)
        results = _each(runner, (joblib.delayed(_on_one_thread)(work, *task) for task in tasks))
        try:
            for result, seconds, warned in results:
                self._pace = seconds
                for message, category, filename, line in sorted(warned - self._warned, key=str):
                    warnings.warn_explicit(message, category, filename, line)
                self._warned |= warned
                yield result
        except BrokenProcessPool as error:
            raise ReticentError(
                "a worker process died, most likely because memory ran out. Use fewer workers (n_jobs=1) or fewer rows"
            ) from error
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # whoever stops a run knows that some of its work was in vain
                results.close()

    @property
    def _workers(self) -> int | None:
        chosen = joblib.parallel.get_active_backend()[1] is not None  # somebody said parallel_config(n_jobs=...)
        return self.n_jobs if self.n_jobs is not None or chosen else -1

    def foretell(self, missing: int, each: int, together: int = 1) -> None:
        """Say how long the run will take, once the first of ``missing`` models of a set of ``each`` is trained.

        ``together`` is how many models one task trains.
        """
        if self._foretold >= self.rounds:
            return
        done = max(self.finished, each - missing + 1)
        models = max(missing - 1, (self.rounds - self._foretold) * each - done)
        self._foretold = self.rounds
        workers = max(1, min(joblib.effective_n_jobs(self._workers), models))
        _progress.forecast(f"{models} shadow models to train", self._pace / together * models / workers)

    @property
    def finished(self) -> int:
        """How many pieces lie in the folder."""
        return 0 if self.folder is None else len(list(self.folder.glob("*.npy")))

    def kept(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
        """Return the piece of that name and shape, if an earlier run finished it."""
        if self.folder is None or not (path := self.folder / f"{name}.npy").is_file():
            return None
        try:
            piece = np.lib.format.open_memmap(path, mode="r")  # reads no other format, hence no pickle
            return np.array(piece) if piece.shape == shape else None
        except (ValueError, EOFError, OSError):  # a disk that filled up, or was cut off: the piece is made again
            return None

    def keep(self, name: str, piece: npt.NDArray[Any]) -> None:
        """Keep a finished piece: all of it or nothing.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if self.folder is None:
            return
        path = self.folder / f"{name}.npy"
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as file:
                part.chmod(0o600)  # what models say about people is for their owner alone
                np.save(file, piece, allow_pickle=False)
            part.replace(path)
        except OSError as error:
            raise OutputError(
                f"cannot keep finished work in {self.folder}: {error.strerror or error}. Make room there"
            ) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        self._made.append(path)

    def discard(self) -> None:
        """Delete what this run has kept on disk, and leave what an earlier one kept."""
        for path in self._made:
            path.unlink(missing_ok=True)
        if self.folder is not None:
            with suppress(OSError):  # not empty, or never made
                self.folder.rmdir()

    def clear(self) -> None:
        """Delete all that was kept on disk."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _each(runner: Callable[[Iterable[Any]], Iterable[T]], tasks: Iterable[Any]) -> Generator[T]:
    yield from runner(tasks)


def _on_one_thread(work: Callable[..., T], *task: Any) -> tuple[T, float, Warned]:
    if multiprocessing.current_process().name.startswith("Loky"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one stops its workers
    with threadpool_limits(1):  # two levels of threads on few cores cost more than they give
        began = time.perf_counter()
        if threading.current_thread() is not threading.main_thread():  # filters of warnings belong to all threads
            return work(*task), time.perf_counter() - began, set()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            result = work(*task)
        warned = {(str(one.message), one.category, one.filename, one.lineno) for one in caught}
        return result, time.perf_counter() - began, warned
