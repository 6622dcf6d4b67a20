"""ONNX: a bought or exported classifier as a file of plain numbers, run by onnxruntime on one thread.

Two shapes of file are understood: one input that takes the whole table (n, d), and one input a column, as skl2onnx
writes whole pipelines. Probabilities may be a tensor or a list of dicts (ZipMap). The file is read as bytes: data that
it keeps in other files is refused, and no library of custom operators is ever loaded.

onnxruntime answers but does not show what lies inside. With the package ``onnx`` the graph itself is read: every
constant for the attack on stored rows, and every intermediate result as a representation. Without it these two say so
(:attr:`OnnxModel.unreadable`), since silence would read as "nothing found".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.backends import session
from reticent.backends.graph import Graph
from reticent.errors import MissingPackageError, ModelError

_LABEL_TYPES = ("tensor(int64)", "tensor(int32)", "tensor(string)")
_SCORE_TYPES = ("tensor(float)", "tensor(double)", "tensor(float16)")
_MAPS = ("seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))")


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """A classifier in ONNX, seen through the protocol of :class:`~reticent.target.model.Model`.

    Attributes
    ----------
    content
        The file's bytes.
    classes
        Shape (C,), in the order of the columns of the probabilities.
    """

    content: bytes = field(repr=False)
    classes: npt.NDArray[Any]

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self.content, "classes": self.classes}  # a session does not travel to another process

    @cached_property
    def native(self) -> Any:
        return session.opened(self.content)

    @property
    def features(self) -> tuple[str, ...] | None:
        return None  # names in the file are rewritten ("mean radius" -> "mean_radius"); columns are matched when asked

    @property
    def has_scores(self) -> bool:
        return _score_output(self.native) is not None

    @property
    def unreadable(self) -> str | None:
        """Why :meth:`arrays` and :meth:`representations` cannot look inside, or None where they can."""
        if find_spec("onnx") is None:
            return "the package 'onnx', which reads the constants inside an ONNX file, is not installed"
        return None

    def scores(self, x: Any) -> npt.NDArray[np.float64]:
        output = _score_output(self.native)
        if output is None:
            raise ModelError("expected an ONNX model that gives probabilities; this one gives labels only")
        answers = self._run(output.name, x)
        if isinstance(answers, list):  # ZipMap: one dict a row
            self._check_keys(answers)
            return np.array([[row[label] for label in self.classes.tolist()] for row in answers], dtype=np.float64)
        scores = np.asarray(answers, dtype=np.float64).reshape(len(answers), -1)
        if scores.shape[1] == 1 and len(self.classes) == 2:  # one column says it all for two classes
            scores = np.hstack([1 - scores, scores])
        if scores.shape[1] != len(self.classes):
            raise ModelError(
                f"expected one column of probabilities for each of the classes {self.classes.tolist()}, "
                f"got {scores.shape[1]}. Hand in the classes in the order of the columns"
            )
        return scores

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        output = _label_output(self.native)
        if output is None:
            likeliest: npt.NDArray[np.intp] = self.scores(x).argmax(axis=1)
            return likeliest
        positions = {label: i for i, label in enumerate(self.classes.tolist())}
        answers = np.asarray(self._run(output.name, x)).ravel().tolist()
        if not set(answers) <= set(positions):
            raise ModelError(f"the model answers {sorted(set(answers) - set(positions))}, not among {list(positions)}")
        return np.array([positions[label] for label in answers], dtype=np.intp)

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from self._graph.constants()

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        table = _numbers(x)
        yield "the table", table
        graph = self._graph
        opened = session.opened(graph.opened())
        for name in graph.inner:
            rows = session.run(opened, name, session.feed(opened, x))
            if (
                isinstance(rows, np.ndarray)
                and rows.ndim == 2
                and len(rows) == len(table)
                and rows.dtype.kind in "fiub"
            ):
                yield f"after {name}", rows.astype(np.float64)

    def describe(self) -> Mapping[str, Any]:
        meta = self.native.get_modelmeta()
        return {"class": "OnnxModel", "package": "onnx", "parameters": {"producer": str(meta.producer_name)}}

    @property
    def _graph(self) -> Graph:
        if self.unreadable is not None:
            raise MissingPackageError(f"{self.unreadable}; install it with: pip install onnx")
        return Graph.read(self.content)

    def _run(self, output: str, x: Any) -> Any:
        return session.run(self.native, output, session.feed(self.native, x))

    def _check_keys(self, answers: list[dict[Any, float]]) -> None:
        if answers and set(answers[0]) != set(self.classes.tolist()):
            raise ModelError(
                f"expected the classes {self.classes.tolist()}, but the model answers for {sorted(answers[0])}"
            )


def read_model(source: bytes | str | Path, *, classes: Sequence[Any] | None = None) -> OnnxModel:
    """Read a classifier from an ONNX file.

    Parameters
    ----------
    source
        The file's bytes or its path.
    classes
        Labels in the order of the columns of the probabilities; read from the file where it names them.

    Raises
    ------
    ModelError
        If it is no ONNX classifier, or names no classes and none are given.
    MissingPackageError
        If onnxruntime is not installed.
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    opened = session.opened(content)
    if _label_output(opened) is None and _score_output(opened) is None:
        outputs = ", ".join(f"{output.name}: {output.type}" for output in opened.get_outputs())
        raise ModelError(f"expected an ONNX classifier that gives labels or probabilities; this one gives {outputs}")
    known = list(classes) if classes is not None else _classes(opened, content)
    if known is None:
        raise ModelError(
            "the ONNX file does not say which class each column of probabilities means"
            + ("" if find_spec("onnx") else " where it can be read without the package 'onnx' (pip install onnx)")
            + ". Use reticent.backends.onnx.read_model(path, classes=[...])"
        )
    return OnnxModel(content, np.asarray(known))


def _label_output(opened: Any) -> Any:
    found = [output for output in opened.get_outputs() if output.type in _LABEL_TYPES]
    return found[0] if found else None


def _score_output(opened: Any) -> Any:
    found = [output for output in opened.get_outputs() if output.type in (*_MAPS, *_SCORE_TYPES)]
    return found[0] if found else None


def _classes(opened: Any, content: bytes) -> list[Any] | None:
    output = _score_output(opened)
    if output is not None and output.type in _MAPS:
        try:  # a ZipMap names the classes in every answer, whatever the row
            return list(session.run(opened, output.name, [session.empty_row(one) for one in opened.get_inputs()])[0])
        except ModelError:
            pass  # a row of zeros need not be a row that the pipeline accepts
    label = _label_output(opened)
    if label is None or find_spec("onnx") is None:
        return None
    return Graph.read(content).classes(label.name)


def _numbers(x: Any) -> npt.NDArray[np.float64]:
    rows = np.asarray(x)
    try:
        return rows.astype(np.float64)
    except (ValueError, TypeError):
        return np.empty((len(rows), 0))
