"""What the attacks of one audit share, computed once and on demand, and how its work is spread and kept.

It is an argument, handed from the audit to each attack: nothing here is global. With a folder, finished pieces are
kept there, so that an interrupted run goes on where it stopped; the folder is emptied when the run is done, since what
shadow models say about people is personal data too.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

T = TypeVar("T")


@dataclass(eq=False)
class Workbench:
    """Shared results of one run.

    Parameters
    ----------
    n_jobs
        Worker processes; None for all cores, or for what ``joblib.parallel_config`` says where it is set.
    folder
        Where finished pieces are kept while the run lasts; None to keep them in memory alone.
    """

    n_jobs: int | None = None
    folder: Path | None = None
    _results: dict[Any, Any] = field(default_factory=dict, repr=False)

    def once(self, key: Any, compute: Callable[[], T]) -> T:
        """Return the result under ``key``, computed the first time that it is asked for."""
        if key not in self._results:
            self._results[key] = compute()
        result: T = self._results[key]
        return result

    def spread(self, work: Callable[..., T], tasks: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """Yield ``work(*task)`` for each task in order, side by side, one thread a worker."""
        chosen = joblib.parallel.get_active_backend()[1] != 1  # somebody said parallel_config(n_jobs=...)
        n_jobs = self.n_jobs if self.n_jobs is not None or chosen else -1
        runner = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
        yield from runner(joblib.delayed(_on_one_thread)(work, *task) for task in tasks)

    def kept(self, name: str) -> npt.NDArray[Any] | None:
        """Return the piece of that name, if an earlier run finished it."""
        if self.folder is None or not (path := self.folder / f"{name}.npy").exists():
            return None
        try:
            kept: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (ValueError, EOFError, OSError):  # a disk that filled up: the piece is made again
            return None
        return kept

    def keep(self, name: str, piece: npt.NDArray[Any]) -> None:
        """Keep a finished piece: all of it or nothing."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as part:
            np.save(part, piece, allow_pickle=False)
        Path(part.name).replace(self.folder / f"{name}.npy")

    def clear(self) -> None:
        """Delete what was kept on disk."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _on_one_thread(work: Callable[..., T], *task: Any) -> T:
    with threadpool_limits(1):  # two levels of threads on few cores cost more than they give
        return work(*task)
