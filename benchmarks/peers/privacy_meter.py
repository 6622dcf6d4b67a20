"""RMIA as privacy_meter computes it (its offline form), stated anew from Zarifzadeh et al. 2024, arXiv:2312.03262.

Each row's usual probability is ((1 + a) mean_out + 1 - a) / 2 over the reference models that did not learn from it;
its score is the share of rows z of the population whose ratio to the usual one lies strictly below its own. Counted by
a sort, which gives the same numbers as a table of all pairs in less time. A row without a ratio (zero over zero) beats
nobody, as comparisons with NaN have it.

Reads own (T, n), shares (S, n), membership (S, n). Writes the scores for a = 0, 0.1, ..., 1, (11, T, n), and the
seconds for all of them.
"""

import sys
import time

import numpy as np


def main(given: str, made: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        own, shares, membership = held["own"], held["shares"], held["membership"]
    began = time.process_time()
    outside = np.where(~membership, shares, 0).sum(axis=0) / (~membership).sum(axis=0)
    scores = np.empty((11, *own.shape))
    for i, a in enumerate(np.arange(11) / 10):
        usual = (1 + a) / 2 * outside + (1 - a) / 2
        for t, said in enumerate(own):
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = said / usual
            known = ~np.isnan(ratio)
            scores[i, t] = np.searchsorted(np.sort(ratio[known]), ratio, side="left") / len(ratio) * known
    np.savez(made, scores=scores, seconds=np.array(time.process_time() - began))


if __name__ == "__main__":
    main(*sys.argv[1:])
