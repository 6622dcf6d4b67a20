"""IBM's ai-privacy-toolkit 0.2.1, ``Anonymize``: the same table and predictions, each k, each mode asked for.

Reads values (n, d), where a categorical column holds codes; categorical (d,) and quasi (d,), both true or false; labels
(n,), the model's predictions; ks; repeats. Arguments: the modes, of

- default: categories as such (``categorical_features``), the tree sees all columns;
- qi: ``train_only_QI=True``. With categorical features this mode takes the wrong columns of its own encoding, so the
  table is handed over one-hot, with ``quasi_identifer_slices``: then it does what it says.

Writes for each mode and k the table, (n, d) with the same codes, and the fewest CPU seconds of ``anonymize`` in so many
repeats; and peak, the bytes that the process held at most.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd
from apt.anonymization import Anonymize
from apt.utils.datasets import ArrayDataset


def default(frame, categorical, quasi, labels, k):
    names = list(frame.columns)
    given = frame.astype({name: str for name in names if categorical[name]})
    tool = Anonymize(k, [n for n in names if quasi[n]], categorical_features=[n for n in names if categorical[n]])
    began = time.process_time()
    made = tool.anonymize(ArrayDataset(given, labels))
    return made.to_numpy().astype(float), time.process_time() - began


def qi(frame, categorical, quasi, labels, k):
    names = list(frame.columns)
    hot = pd.get_dummies(frame, columns=[n for n in names if categorical[n]], prefix_sep=":").astype(float)
    parts = {n: [c for c in hot.columns if c == n or c.startswith(f"{n}:")] for n in names}
    columns = [c for n in names if quasi[n] for c in parts[n]]
    slices = [parts[n] for n in names if quasi[n] and categorical[n]]
    tool = Anonymize(k, columns, quasi_identifer_slices=slices, train_only_QI=True)
    began = time.process_time()
    made = tool.anonymize(ArrayDataset(hot, labels))
    spent = time.process_time() - began
    back = [
        np.array([float(c.split(":")[1]) for c in parts[n]])[made[parts[n]].to_numpy().argmax(axis=1)]
        if categorical[n]
        else made[n].to_numpy()
        for n in names
    ]
    return np.column_stack(back).astype(float), spent


def main(given: str, made: str, *modes: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        values, labels, ks = held["values"], held["labels"], held["ks"]
        repeats = int(held["repeats"])
        frame = pd.DataFrame(values, columns=[f"c{j}" for j in range(values.shape[1])])
        categorical, quasi = (dict(zip(frame, held[name].tolist(), strict=True)) for name in ("categorical", "quasi"))
    out = {}
    for mode in modes:
        for k in ks.tolist():
            seconds = np.inf
            for _ in range(repeats):
                table, spent = {"default": default, "qi": qi}[mode](frame, categorical, quasi, labels, k)
                seconds = min(seconds, spent)
            out |= {f"{mode}_{k}": table, f"{mode}_{k}_seconds": seconds}
    np.savez(made, peak=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, **out)


if __name__ == "__main__":
    main(*sys.argv[1:])
