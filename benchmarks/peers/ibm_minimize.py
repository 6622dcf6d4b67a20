"""IBM's ai-privacy-toolkit 0.2.1, ``GeneralizeToRepresentative``: the same rows and forest, each target asked for.

Reads train (m, q) and label (m,), on which a forest of ``trees`` trees with leaves of at least
``leaf`` rows is trained with seed ``seed``; rows (n, q), the people
that the tool is fitted to; fresh (f, q), people that it never saw; targets (t,).

Writes for each target the share of fresh people whose answer stays what it is, the NCP of what is asked of them, and
the CPU seconds of ``fit`` and of ``transform`` for the first ``timed`` of them; and the answers of the forest to the
fresh people, so that the caller can see that it compares with the same model. Where the tool's ``transform`` fails, all
is missing but the time of ``fit``.

NCP is recomputed, since the tool's own leaves [0, 1]: for each fresh person and column the share of the column's range
that is left open by the cuts of the tool's tree on the way to the person's cell; 0 for a column that it left untouched.
"""

import sys
import time

import numpy as np
from apt.minimization import GeneralizeToRepresentative
from sklearn.ensemble import RandomForestClassifier


def cells_of(tool, fresh):
    """Return the node of the tool's tree in which each fresh person ends, at the level to which it is pruned."""
    at, tree = tool._dt.apply(fresh), tool._dt.tree_
    parent = np.full(tree.node_count, -1)
    for side in (tree.children_left, tree.children_right):
        parent[side[side >= 0]] = np.flatnonzero(side >= 0)
    kept = np.zeros(tree.node_count, bool)
    kept[np.asarray(tool._get_nodes_level(tool._level), int)] = True
    while not kept[at].all():
        at = np.where(kept[at], at, parent[at])
    return at


def ncp(tool, rows, fresh):
    """Return the mean share of each column's range that is left open for fresh people."""
    tree, low, high = tool._dt.tree_, rows.min(axis=0), rows.max(axis=0)
    start, stop = (np.tile(side, (tree.node_count, 1)) for side in (low, high))
    for node in range(tree.node_count):  # children stand behind their parents
        left, right, f = tree.children_left[node], tree.children_right[node], tree.feature[node]
        if left >= 0:
            start[[left, right]], stop[[left, right]] = start[node], stop[node]
            stop[left, f] = min(stop[node, f], tree.threshold[node])
            start[right, f] = max(start[node, f], tree.threshold[node])
    at = cells_of(tool, fresh)
    wide = (stop - start)[at] / (high - low)
    untouched = {cell["id"]: {int(name) for name in cell["untouched"]} for cell in tool.cells}
    for node in np.unique(at):
        wide[np.ix_(at == node, sorted(untouched[int(node)]))] = 0.0
    return float(wide.mean())


def main(given: str, made: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        train, label, rows, fresh, targets = (held[name] for name in ("train", "label", "rows", "fresh", "targets"))
        seed, trees, leaf, timed = (int(held[name]) for name in ("seed", "trees", "leaf", "timed"))
    model = RandomForestClassifier(trees, min_samples_leaf=leaf, random_state=seed).fit(train, label)
    answers, out = model.predict(fresh), {}
    for target in targets.tolist():
        tool = GeneralizeToRepresentative(model, target_accuracy=target)
        began = time.process_time()
        tool.fit(rows, model.predict(rows))
        fitted = time.process_time()
        out[f"{target:g}"] = np.array([np.nan, np.nan, fitted - began, np.nan])
        try:
            tool.transform(fresh[:timed])
            spent = time.process_time() - fitted
            parts = np.array_split(fresh, max(1, len(fresh) // 3000))
            mapped = np.concatenate([tool.transform(part) for part in parts])
        except KeyError:  # it lost some of its own cells
            continue
        same = model.predict(np.asarray(mapped, float)) == answers
        out[f"{target:g}"] = np.array([same.mean(), ncp(tool, rows, fresh), fitted - began, spent])
    np.savez(made, answers=answers, **out)


if __name__ == "__main__":
    main(*sys.argv[1:])
