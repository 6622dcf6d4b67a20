"""pycanon 1.3.5: k, l, t and the like of a table.

Reads quasi-identifiers q0, q1, ... and sensitive columns s0, s1, ..., each (n,). Writes for each sensitive column l,
entropy l, alpha and t, (m,) each; k; and the CPU seconds of all of it.
"""

import sys
import time

import numpy as np
import pandas as pd
from pycanon import anonymity


def main(given: str, made: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        table = pd.DataFrame({name: held[name] for name in held.files})
    known = [name for name in table if name.startswith("q")]
    secret = [name for name in table if name.startswith("s")]
    began = time.process_time()
    found = {"k": anonymity.k_anonymity(table, known)}
    for name, measure in {
        "l": anonymity.l_diversity,
        "entropy_l": anonymity.entropy_l_diversity,
        "alpha": lambda *of: anonymity.alpha_k_anonymity(*of)[0],
        "t": anonymity.t_closeness,
    }.items():
        found[name] = np.array([measure(table, known, [one]) for one in secret])
    np.savez(made, seconds=time.process_time() - began, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
