"""An ONNX session: opened on one thread, fed with a table, asked for one output at a time.

Two shapes of input are understood: one that takes the whole table (n, d), and one input a column, (n, 1) or (n,),
matched by name as skl2onnx rewrites names ("mean radius" becomes "mean_radius").
"""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent._optional import optional
from reticent.errors import ModelError

DTYPES: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}

_SAME_COLUMNS = "Hand in the columns that the model was exported with"


def opened(content: bytes) -> Any:
    """Open a session on a file's bytes.

    Raises
    ------
    ModelError
        If they are no whole ONNX model.
    """
    runtime = optional("onnxruntime", extra="onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # parallel work is the workbench's business
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed past the caller
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has an exception for each status, all of them without a common base
        raise ModelError(
            f"expected an ONNX model that is whole and keeps all its numbers in one file: {_first_line(error)}. "
            f"Export it again"
        ) from error


def empty_row(one: Any) -> npt.NDArray[Any]:
    """Return a row of zeros and empty texts for one input."""
    shape = [1, *(size if isinstance(size, int) else 1 for size in one.shape[1:])]
    return np.full(shape, "" if one.type == "tensor(string)" else 0, dtype=DTYPES.get(one.type, np.float32))


def feed(session: Any, x: Any) -> list[npt.NDArray[Any]]:
    """Return one array for each input of the session."""
    inputs = session.get_inputs()
    if len(inputs) == 1:
        rows = x if isinstance(x, np.ndarray) else nw.from_native(x, eager_only=True).to_numpy()
        width = inputs[0].shape[1] if len(inputs[0].shape) > 1 else None
        if isinstance(width, int) and rows.shape[1:2] != (width,):
            raise ModelError(f"the ONNX model takes {width} columns, the table has {rows.shape[1:]}: {_SAME_COLUMNS}")
        return [_cast(rows, inputs[0])]
    if any(len(one.shape) > 1 and one.shape[1] not in (None, 1) and isinstance(one.shape[1], int) for one in inputs):
        raise ModelError("the ONNX model takes groups of columns; export it with one input a column, or with one input")
    columns = _columns(x)
    if missing := [one.name for one in inputs if one.name not in columns]:
        raise ModelError(f"the ONNX model takes columns that the table lacks: {', '.join(missing)}. {_SAME_COLUMNS}")
    # A column arrives as (n, 1) or as (n,).
    return [_cast(columns[one.name].reshape(-1, *[1 for _ in one.shape[1:]]), one) for one in inputs]


def _columns(x: Any) -> dict[str, npt.NDArray[Any]]:
    if isinstance(x, np.ndarray):
        raise ModelError("the ONNX model takes columns by name: hand in a frame, not an array")
    frame = nw.from_native(x, eager_only=True)
    rewritten = [_plain(name) for name in frame.columns]
    names = {plain: name for plain, name in zip(rewritten, frame.columns, strict=True) if rewritten.count(plain) == 1}
    return {known: frame[name].to_numpy() for known, name in (names | {name: name for name in frame.columns}).items()}


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _cast(values: npt.NDArray[Any], one: Any) -> npt.NDArray[Any]:
    if one.type not in DTYPES:
        raise ModelError(f"the ONNX model takes {one.type} as {one.name!r}, which is not built")
    dtype = DTYPES[one.type]
    if dtype in (np.object_, np.int64, np.int32) and pd.isna(values).any():
        raise ModelError(
            f"the table has missing values in {one.name!r}, which an ONNX input of {one.type} cannot hold. "
            f"Fill them as they were filled where the model was exported"
        )
    try:
        cast = values.astype(str).astype(object) if dtype is np.object_ else values.astype(dtype)
    except (ValueError, TypeError) as error:
        raise ModelError(f"the ONNX model takes numbers as {one.name!r}: {error}. {_SAME_COLUMNS}") from error
    if dtype in (np.int64, np.int32) and values.dtype.kind == "f" and (cast != values).any():
        raise ModelError(f"the ONNX model takes whole numbers as {one.name!r}, the table holds fractions")
    return cast


def run(session: Any, output: str, arrays: Sequence[npt.NDArray[Any]]) -> Any:
    """Run all rows, in pieces where the model was exported for a fixed number of rows."""
    inputs = session.get_inputs()
    size = inputs[0].shape[0] if inputs[0].shape and isinstance(inputs[0].shape[0], int) else None
    rows = len(arrays[0])
    if size is None:
        return _ask(session, output, dict(zip((one.name for one in inputs), arrays, strict=True)))
    pieces: list[Any] = []
    for start in range(0, rows, size):
        take = np.minimum(np.arange(start, start + size), rows - 1)  # the last row again, until the piece is full
        pieces.extend(_ask(session, output, {one.name: array[take] for one, array in zip(inputs, arrays, strict=True)}))
    return pieces[:rows] if pieces and isinstance(pieces[0], dict) else np.asarray(pieces[:rows])


def _ask(session: Any, output: str, feed: dict[str, npt.NDArray[Any]]) -> Any:
    try:
        return session.run([output], feed)[0]
    except Exception as error:  # onnxruntime has an exception for each status, all of them without a common base
        raise ModelError(f"the ONNX model does not accept the table: {_first_line(error)}. {_SAME_COLUMNS}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
