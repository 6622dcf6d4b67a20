"""The graph inside an ONNX file: its constants, its inner results, its classes. Needs the package ``onnx``.

Trees and support vectors lie in attributes of single operators, neighbors and weights in initializers, loops in graphs
of their own: all of them are walked, since a training row may lie in any.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reticent._optional import optional
from reticent.errors import ModelError


@dataclass(frozen=True, eq=False)
class Graph:
    """A parsed ONNX model."""

    model: Any

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Parse a file's bytes.

        Raises
        ------
        ModelError
            If they are no ONNX model.
        """
        onnx = optional("onnx", extra="onnx")
        try:
            return cls(onnx.load_model_from_string(content))
        except Exception as error:  # protobuf's DecodeError lies in a package of its own
            raise ModelError(f"expected an ONNX model: {error}. Export it again") from error

    def constants(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Yield (where, array) for every numeric constant; support vectors as rows."""
        yield from _constants(self.model.graph, "")

    @property
    def inner(self) -> tuple[str, ...]:
        """Names of the results that the outer graph makes of its inputs, in order, those that it gives left out."""
        given = {output.name for output in self.model.graph.output}
        constants = {tensor.name for tensor in self.model.graph.initializer}
        made = {one.name for one in self.model.graph.input} - constants
        for node in self.model.graph.node:  # sorted already: ONNX demands it
            if made & set(node.input):  # what is made of constants alone is the model itself, not the rows
                made |= set(node.output)
        names = (name for node in self.model.graph.node for name in node.output)
        return tuple(name for name in names if name and name in made and name not in given)

    def opened(self) -> bytes:
        """Return the model with all its inner results among its outputs."""
        onnx = optional("onnx", extra="onnx")
        copy = onnx.ModelProto()
        copy.CopyFrom(self.model)
        copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self.inner)  # types are inferred
        content: bytes = copy.SerializeToString()
        return content

    def classes(self, label: str) -> list[Any] | None:
        """Return the classes among which the output ``label`` chooses, or None where the graph does not tell."""
        maker = {name: node for node in self.model.graph.node for name in node.output}
        constant = {tensor.name: tensor for tensor in self.model.graph.initializer}
        queue, seen = [label], set()
        while queue:
            name = queue.pop(0)
            node = maker.get(name)
            if node is None or name in seen:
                continue
            seen.add(name)
            if (named := _class_labels(node.attribute)) is not None:
                return named
            if node.op_type == "ArrayFeatureExtractor" and node.input[0] in constant:
                # The nearest choice before the label picks one of the classes: constant[argmax].
                return [_text(item) for item in _array(constant[node.input[0]]).ravel().tolist()]
            queue.extend(node.input)
        return None


def _constants(graph: Any, prefix: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for tensor in graph.initializer:
        yield from _numeric(f"{prefix}{tensor.name}", _array(tensor))
    for tensor in graph.sparse_initializer:
        yield from _numeric(f"{prefix}{tensor.values.name}", _array(tensor.values))
    for node in graph.node:
        where = f"{prefix}{node.name or node.op_type}"
        for attribute in node.attribute:
            path = f"{where}.{attribute.name}"
            for tensor in (*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])):
                yield from _numeric(path, _array(tensor))
            if len(attribute.floats):
                yield path, _rows(node, attribute)
            if len(attribute.ints):
                yield path, np.array(attribute.ints, dtype=np.int64)
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                yield from _constants(inner, f"{path}/")


def _rows(node: Any, attribute: Any) -> npt.NDArray[np.float32]:
    values = np.array(attribute.floats, dtype=np.float32)
    if attribute.name != "support_vectors":
        return values
    counts: Sequence[int] = next((list(one.ints) for one in node.attribute if one.name == "vectors_per_class"), [])
    many = sum(counts) or next((one.i for one in node.attribute if one.name == "n_supports"), 0)
    return values.reshape(many, -1) if many and len(values) % many == 0 else values


def _class_labels(attributes: Any) -> list[Any] | None:
    for attribute in attributes:
        if attribute.name.startswith("classlabels"):
            return [_text(item) for item in attribute.strings] or list(attribute.ints) or None
    return None


def _array(tensor: Any) -> npt.NDArray[Any]:
    if tensor.data_location == tensor.EXTERNAL:  # a path that the file chose is never opened
        raise ModelError(f"expected an ONNX model in one file; the constant {tensor.name!r} lies in another")
    array: npt.NDArray[Any] = optional("onnx.numpy_helper", extra="onnx").to_array(tensor)
    return array


def _numeric(path: str, array: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    if array.dtype.kind in "fiub":
        yield path, array


def _text(item: Any) -> Any:
    return item.decode() if isinstance(item, bytes) else item
