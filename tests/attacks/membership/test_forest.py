"""The forest attack against loops over trees and rows, on forests that leak and on some that cannot."""

import numpy as np
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reticent import describe
from reticent.attacks import moments
from reticent.attacks.attack import obstacle
from reticent.attacks.leaves import Leaves
from reticent.attacks.membership import forest, lira
from reticent.attacks.membership.forest import ForestPool
from reticent.attacks.membership.lira import Lira
from reticent.attacks.pooled import moments_of, powers, shifted, with_neighbors
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ParameterError
from reticent.stats import roc
from reticent.target import splits
from reticent.target.access import Access

HALVES, TREES, N = 6, 5, 40


@pytest.fixture(autouse=True)
def no_blind_attacker(monkeypatch):
    """What has tests of its own, and takes longer than the attack."""
    for module in (moments, lira):
        monkeypatch.setattr(module, "baseline", lambda target, *_: np.zeros(len(target.population)))


def pool(seed=0, halves=HALVES, trees=TREES, n=N, sharp=1.0):
    """Votes of trees that know what they saw, whether they saw it, and which rows each half holds."""
    rng = np.random.default_rng(seed)
    membership = splits.halves(np.arange(n), n // 2, halves, seed)
    seen = membership[:, None] & (rng.random((halves, trees, n)) < 0.6)
    usual = np.clip(rng.random(n) + 0.1 * rng.normal(size=(halves, 1, n)), 0, 1)
    guess = rng.random((halves, trees, n)) < usual
    return np.where(seen, guess + sharp * (1 - guess), guess), seen, membership


def summed(votes, seen):
    return sum(powers(one, own) for one, own in zip(votes, seen, strict=True))


def naive_components(lists, like):
    """Variance among trees of one half, and among halves, from each row's lists of votes, one list a half."""
    n = len(like)
    within = [sum(((np.array(v) - np.mean(v)) ** 2).sum() for v in lists[i] if v) for i in range(n)]
    freedom = [sum(len(v) - 1 for v in lists[i] if v) for i in range(n)]
    usual = sum(within) / sum(f * k for f, k in zip(freedom, like, strict=True))
    tree = [(within[i] + 20 * usual * like[i]) / (freedom[i] + 20) for i in range(n)]
    raw, noise = [], []
    for i in range(n):
        kept = [v for v in lists[i] if v]
        sizes, everything = [len(v) for v in kept], np.concatenate(kept)
        among = sum(len(v) * (np.mean(v) - everything.mean()) ** 2 for v in kept) - (len(kept) - 1) * tree[i]
        effective = sum(sizes) - sum(s * s for s in sizes) / sum(sizes)
        raw.append(among / effective)
        noise.append(tree[i] * (len(kept) - 1) / effective)
    pooled = max(sum(raw) / sum(like), 1e-6)
    half = []
    for i in range(n):
        count = sum(bool(v) for v in lists[i])
        prior = 16 * (1 + noise[i] / (pooled * like[i])) ** 2
        half.append(max((count * raw[i] + prior * pooled * like[i]) / (count + prior), 0.1 * pooled * like[i]))
    return np.array(tree), np.array(half)


def naive_gain(outside, inside, mean, like, tree_in, half_in):
    """How much surer trees are of rows that they saw: over all halves, within halves, and for such a mean."""
    n, over, precise = len(mean), [], []
    for i in range(n):
        sizes = [len(v) for v in inside[i] if v]
        over.append(np.mean(np.concatenate([v for v in inside[i] if v])) - mean[i])
        precise.append(1 / (half_in[i] * sum(s * s for s in sizes) / sum(sizes) ** 2 + tree_in[i] / sum(sizes)))
    pairs = [[(o, s) for o, s in zip(outside[i], inside[i], strict=True) if o and s] for i in range(n)]
    weights = [[len(o) * len(s) / (len(o) + len(s)) for o, s in pairs[i]] for i in range(n)]
    steps = [[np.mean(s) - np.mean(o) for o, s in pairs[i]] for i in range(n)]
    means = [np.average(steps[i], weights=weights[i]) if steps[i] else 0 for i in range(n)]
    spread = sum(w * (d - means[i]) ** 2 for i in range(n) for w, d in zip(weights[i], steps[i], strict=True))
    unit = spread / sum(max(len(steps[i]) - 1, 0) * like[i] for i in range(n))
    within = [sum(weights[i]) / (unit * like[i] + 1e-6) for i in range(n)]
    joined = [(precise[i] * over[i] + within[i] * means[i]) / (precise[i] + within[i]) for i in range(n)]
    total = [a + b for a, b in zip(precise, within, strict=True)]
    missing = 1 - mean
    share = sum(total[i] * joined[i] * missing[i] for i in range(n)) / sum(total[i] * missing[i] ** 2 for i in range(n))
    strayed = sum(total[i] * (joined[i] - share * missing[i]) ** 2 - 1 for i in range(n))
    strayed = max(strayed / sum(total[i] * like[i] for i in range(n)), 0)
    prior = [1 / (strayed * like[i] + 1e-6) for i in range(n)]
    gain = [(total[i] * joined[i] + prior[i] * share * missing[i]) / (total[i] + prior[i]) for i in range(n)]
    return np.array(gain), 1 / (np.array(total) + np.array(prior))


@pytest.mark.parametrize("seed", range(4))
def test_moments_are_those_of_loops_over_trees_and_rows(seed):
    votes, seen, _ = pool(seed, sharp=0.3 * seed)
    outside = [[votes[h, ~seen[h, :, i], i].tolist() for h in range(HALVES)] for i in range(N)]
    inside = [[votes[h, seen[h, :, i], i].tolist() for h in range(HALVES)] for i in range(N)]
    mean = np.array([np.mean(np.concatenate(one)) for one in outside])
    like = mean * (1 - mean) + 1e-3
    tree_out, half_out = naive_components(outside, like)
    tree_in, half_in = naive_components(inside, like)
    gain, gain_error = naive_gain(outside, inside, mean, like, tree_in, half_in)
    sizes = np.array([[len(v) for v in one] for one in outside])
    error = half_out * (sizes**2).sum(axis=1) / sizes.sum(axis=1) ** 2 + tree_out / sizes.sum(axis=1)
    unseen = np.linspace(0.2, 0.5, N)
    follows = (1 - unseen) * np.sqrt(half_in.sum() / half_out.sum()) + unseen
    found = moments_of(summed(votes, seen), trees=50, unseen=unseen)
    np.testing.assert_allclose(found.mean_out, mean)
    np.testing.assert_allclose(found.mean_in, np.clip(mean + (1 - unseen) * gain, 0, 1))
    np.testing.assert_allclose(found.follows, follows)
    np.testing.assert_allclose(found.var_out, half_out + error + tree_out / 50 + 1 / 12 / 50**2)
    one_tree = (1 - unseen) * tree_in + unseen * tree_out + unseen * (1 - unseen) * gain**2
    expected = follows**2 * (half_out + error) + (1 - unseen) ** 2 * gain_error + one_tree / 50 + 1 / 12 / 50**2
    np.testing.assert_allclose(found.var_in, expected)


def leaves_of(seen, seed=0, leaf_count=4, classes=3):
    rng = np.random.default_rng(seed)
    flat = seen.reshape(-1, seen.shape[-1])
    return Leaves(
        leaf=rng.integers(leaf_count, size=flat.shape).astype(np.int32),
        drawn=(flat * rng.integers(1, 4, size=flat.shape)).astype(np.uint8),
        seen=flat,
        truth=rng.integers(classes, size=flat.shape[1]),
        alone=rng.random(flat.shape[1]) < 0.8,
    )


def naive_neighbors(leaves, weight, trees):
    """Each row looks around in its leaf of each tree that never saw it."""
    n = len(weight)
    agreeing, found = np.zeros(n), np.zeros(n)
    for t in trees:
        for i in range(n):
            if leaves.seen[t, i]:
                continue
            there = np.flatnonzero(leaves.leaf[t] == leaves.leaf[t, i])
            draws = max(leaves.drawn[t, there].astype(int).sum(), 1)
            for j in there:
                if j != i:
                    voice = leaves.drawn[t, j] or 0.2 * leaves.alone[j]
                    found[i] += voice * weight[j] / draws
                    agreeing[i] += voice * weight[j] / draws * (leaves.truth[j] == leaves.truth[i])
    return agreeing, found


@pytest.mark.parametrize("leaf_count", [1, 4, 200])  # 200 leaves of 3 classes are numbered anew
def test_neighbors_are_those_that_each_row_finds_in_its_leaf(leaf_count):
    _, seen, _ = pool(1)
    leaves = leaves_of(seen, leaf_count=leaf_count)
    weights = np.random.default_rng(2).random((3, N))
    for trees in (slice(None), slice(5, 10)):
        agreeing, found = leaves.neighbors(weights, trees)
        for w in range(3):
            expected = naive_neighbors(leaves, weights[w], range(HALVES * TREES)[trees])
            np.testing.assert_allclose(agreeing[w], expected[0], atol=1e-12)
            np.testing.assert_allclose(found[w], expected[1], atol=1e-12)


def test_what_neighbors_explain_is_measured_on_halves_whose_trees_take_no_part():
    votes, seen, membership = pool(3, halves=8)
    leaves, sums = leaves_of(seen, 3), summed(votes, seen)
    found = moments_of(sums, trees=50, unseen=np.full(N, 0.4))
    own = [powers(votes[h], seen[h])[:2] for h in range(3)]
    refined = with_neighbors(found, leaves, [(sums[:2] - one, one) for one in own], membership, TREES)
    along = moves = strays = 0.0
    for h in range(3):
        trees = [t for t in range(8 * TREES) if t // TREES != h]
        usual = np.array([np.mean(votes[np.arange(8) != h, :, i][~seen[np.arange(8) != h, :, i]]) for i in range(N)])
        same, every = naive_neighbors(leaves, np.ones(N), trees)
        same_in, every_in = naive_neighbors(leaves, membership[h].astype(float), trees)
        told = (same + 0.5 * usual) / (every + 0.5)
        for i in np.flatnonzero(~membership[h]):
            move = (same_in[i] + 0.5 * told[i]) / (every_in[i] + 0.5) - told[i]
            stray = votes[h, :, i].mean() - usual[i]
            along, moves, strays = along + move * stray, moves + move**2, strays + found.halves_out[i]
    assert refined.slope == pytest.approx(min(along / moves, 1.5)) or along <= 0
    assert refined.explained == pytest.approx(min(along**2 / moves / strays, 0.95)) or along <= 0


def test_reads_a_row_by_the_neighbors_it_may_have():
    """Two rounds of loops: likely members move the mean, and what is known of them narrows the variance."""
    votes, seen, _ = pool(4, halves=8)
    leaves = leaves_of(seen, 4)
    plain = moments_of(summed(votes, seen), trees=50, unseen=np.full(N, 0.4))
    everyone = naive_neighbors(leaves, np.ones(N), range(len(leaves.leaf)))
    told = (everyone[0] + 0.5 * plain.mean_out) / (everyone[1] + 0.5)
    kept = {name: getattr(plain, name) for name in ("mean_in", "var_in", "mean_out", "var_out")}
    rest = {"halves_in": plain.halves_in, "halves_out": plain.halves_out, "follows": plain.follows}
    more = {"leaves": leaves, "told": told, "everyone": everyone[1], "slope": 0.8, "explained": 0.6}
    found = type(plain)(**kept, **rest, **more)
    signal = np.random.default_rng(5).random(N)
    ratio = plain.log_ratio(signal)
    gain = (plain.mean_in - plain.mean_out) ** 2
    for _ in range(3):
        member = 1 / (1 + np.exp(-ratio * gain / (gain + 6 * plain.halves_out)))
        same, every = naive_neighbors(leaves, member, range(len(leaves.leaf)))
        _, unsure = naive_neighbors(leaves, 4 * member * (1 - member), range(len(leaves.leaf)))
        shift = 0.8 * ((same + 0.5 * told) / (every + 0.5) - told)
        known = 0.6 * (1 - (unsure + 0.5) / (everyone[1] + 0.5))
        inside = stats.norm(
            np.clip(plain.mean_in + plain.follows * shift, 0, 1), np.sqrt(plain.var_in - known * plain.halves_in)
        )
        outside = stats.norm(np.clip(plain.mean_out + shift, 0, 1), np.sqrt(plain.var_out - known * plain.halves_out))
        ratio = inside.logpdf(signal) - outside.logpdf(signal)
    np.testing.assert_allclose(found.log_ratio(signal), ratio)
    np.testing.assert_allclose(found.log_ratio(np.array([[signal, signal[::-1]]]))[0, 0], ratio)


def test_neighbors_as_likely_as_all_others_move_nothing():
    agreeing, found, told = np.array([3.0, 0.0]), np.array([4.0, 0.0]), np.array([0.75, 0.2])
    np.testing.assert_allclose(shifted(agreeing, found, told), 0)


@settings(max_examples=30, deadline=None)
@drawn_by(
    votes=arrays.arrays(np.float64, (4, 3, 6), elements=st.sampled_from([0.0, 0.5, 1.0])),
    seen=arrays.arrays(np.bool_, (4, 3, 6)),
    signal=arrays.arrays(np.float64, 6, elements=st.sampled_from([0.0, 0.3, 1.0])),
    truth=arrays.arrays(np.intp, 6, elements=st.integers(0, 2)),
    leaf=arrays.arrays(np.int32, (12, 6), elements=st.integers(0, 5)),
)
def test_ties_constants_and_certainty_give_finite_scores(votes, seen, signal, truth, leaf):
    """Whatever trees say, even where all say the same, or some row was seen by none, or by nearly all of them."""
    seen = seen.copy()
    seen[0, 0] = False  # every row is outside of some tree, as every row is outside of some half
    found = moments_of(summed(votes, seen), trees=10, unseen=np.full(6, 0.4))
    assert all((getattr(found, name) > 0).all() for name in ("var_in", "var_out"))
    drawn = seen.reshape(12, 6).astype(np.uint8)
    leaves = Leaves(leaf=leaf, drawn=drawn, seen=drawn > 0, truth=truth, alone=np.ones(6, dtype=bool))
    membership = seen.any(axis=1)
    own = [powers(votes[h], seen[h])[:2] for h in range(1, 4)]
    full = summed(votes, seen)[:2]
    halves = [(full - one, one) for one in own]
    refined = with_neighbors(found, leaves, halves, membership[1:], 3)
    for one in (found, refined):
        assert np.isfinite(one.log_ratio(signal)).all()
    assert 0 <= refined.explained <= 0.95 and 0 <= refined.slope <= 1.5


def made(model, people, seed, members, others, access=Access.SCORES, **changes):
    """A target: a model fitted on members of these people, next to others."""
    table = people(members + others, seed)[["age", "income", "weight", "y"]]
    inside, outside = table[:members], table[members:]
    model.fit(inside.drop(columns="y"), inside["y"])
    return describe(model, members=inside, nonmembers=outside, label="y", access=access, key=b"k", **changes)


def power(finding, rate=0.01):
    member = finding.is_member
    return roc.tpr_at(finding.scores[member], finding.scores[~member], fpr=rate).value


def test_finds_members_and_nobody_of_other_models(people):
    """On more models of the recipe its scores find their own members, and not the target's: 5 standard errors."""
    target = made(RandomForestClassifier(40, random_state=0), people, 5, 400, 400)
    found = ForestPool(targets=6).run(target, 1, Workbench(n_jobs=1))
    assert found.auc().low > 0.75
    for scores, membership in list(zip(found.replicas.scores, found.replicas.membership, strict=True))[1:]:
        assert roc.auc(scores[membership], scores[~membership]).value > 0.75
    null = [roc.auc(row[found.is_member], row[~found.is_member]).value for row in found.replicas.scores[1:]]
    assert abs(np.mean(null) - 0.5) < 5 * np.sqrt(1 / 12 / 400 * 2)  # if all six were one: false alarm below 1e-6
    assert found.facts["trees grown"] == 96


def test_labels_shuffled_find_nobody(people):
    """A target trained on other people than its members: all 800 rows are strangers to it."""
    target = made(RandomForestClassifier(40, random_state=0), people, 6, 400, 400)
    strangers = people(400, 999)[["age", "income", "weight", "y"]]
    model = RandomForestClassifier(40, random_state=1).fit(strangers.drop(columns="y"), strangers["y"])
    table = target.population.table
    null = describe(
        model,
        members=table.native[:400],
        nonmembers=table.native[400:],
        label="y",
        access=Access.SCORES,
        key=b"k",
    )
    found = ForestPool().run(null, 1, Workbench(n_jobs=1))
    assert abs(found.auc().value - 0.5) < 5 * np.sqrt(1 / 12 / 400 * 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(random_state=0),
        ExtraTreesClassifier(random_state=0),
        RandomForestClassifier(min_samples_leaf=3, random_state=0),
    ],
    ids=["forest", "extra trees", "leaves of three"],
)
def test_finds_as_many_as_lira_with_a_fraction_of_its_trees(model, people):
    """96 trees against 3,200; what may be lost is five standard errors of a rate of 500 members."""
    target, bench = made(model, people, 3, 500, 500), Workbench(n_jobs=1)
    ours, whole = ForestPool().run(target, 0, bench), Lira().run(target, 0, bench)
    assert ours.auc().value > whole.auc().value - 0.03
    assert power(ours) > power(whole) - 5 * np.sqrt(power(whole) * (1 - power(whole)) / 500)


def test_neighbors_add_power(people):
    """The same trees, once without looking at who shares a leaf: what LiRA takes for noise is known in part."""
    target, bench = made(RandomForestClassifier(random_state=0), people, 3, 500, 500), Workbench(n_jobs=1)
    found = ForestPool().run(target, 0, bench)
    assert 0.2 < found.facts["share of a score's variance that neighbors explain"] <= 0.95


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), RandomForestClassifier(20, min_samples_leaf=50, random_state=0)),
        BaggingClassifier(LogisticRegression(), 20, max_samples=0.2, random_state=0),
        BaggingClassifier(n_estimators=20, bootstrap=False, max_features=2, random_state=0),
    ],
    ids=["large leaves", "bag of lines", "bag of columns"],
)
def test_forests_of_few_answers_and_bags_without_leaves(model, people):
    target = made(model, people, 4, 320, 320)
    found = ForestPool().run(target, 0, Workbench(n_jobs=1))
    assert np.isfinite(found.scores).all()
    assert found.auc().high > 0.5


def test_a_class_of_one_member(people):
    table = people(640, 8)[["age", "income", "weight", "y"]]
    table.loc[7, "y"] = "perhaps"
    table.loc[500, "y"] = "perhaps"
    model = RandomForestClassifier(20, random_state=0).fit(table[:320].drop(columns="y"), table["y"][:320])
    target = describe(model, members=table[:320], nonmembers=table[320:], label="y", access=Access.SCORES, key=b"k")
    found = ForestPool().run(target, 0, Workbench(n_jobs=1))
    assert np.isfinite(found.scores).all() and found.auc().low > 0.6


@pytest.mark.parametrize(("members", "others"), [(320, 1600), (1600, 320)])
def test_uneven_sides_take_as_many_halves_as_they_need(members, others, people):
    target = made(RandomForestClassifier(20, random_state=0), people, 9, members, others)
    found = ForestPool(halves=4).run(target, 0, Workbench(n_jobs=1))
    assert found.facts["trees grown"] == 12 * 8  # six parts make a round
    assert found.auc().low > 0.6


def test_rows_of_one_unit_are_never_torn(target_of, monkeypatch):
    """Households and equal rows: a tree that saw one of them is no stranger to the others."""
    target = target_of("repeated", model=forest_on_repeated(target_of))
    unit = target.population.unit
    given_rows, tallied = [], []
    grow, tally = type(target.recipe.family).grow, forest.powers

    def watched(self, table, rows, trees, seed):
        given_rows.append(rows)
        return grow(self, table, rows, trees, seed)

    def noted(votes, seen):
        tallied.append(seen)
        return tally(votes, seen)

    monkeypatch.setattr(type(target.recipe.family), "grow", watched)
    monkeypatch.setattr(forest, "powers", noted)
    ForestPool().run(target, 0, Workbench(n_jobs=1))
    assert len(given_rows) == len(tallied) == 12
    for rows, seen in zip(given_rows, tallied, strict=True):
        inside = np.isin(np.arange(len(unit)), rows)
        for one in range(0, unit.max() + 1, 9):
            of_unit = unit == one
            assert inside[of_unit].all() or not inside[of_unit].any()
            assert (seen[:, of_unit].all(axis=1) | ~seen[:, of_unit].any(axis=1)).all()


def forest_on_repeated(target_of):
    table = target_of("repeated").population
    rows = np.flatnonzero(table.is_member)
    model = make_pipeline(target_of("repeated").model.native[0], RandomForestClassifier(20, random_state=0))
    part = table.table.take(rows)
    return model.fit(part.features(("age", "town", "income", "weight")), part.labels())


@pytest.mark.slow
def test_same_numbers_whatever_the_number_of_workers(people):
    target = made(RandomForestClassifier(20, random_state=0), people, 2, 320, 320)
    one, two = (ForestPool().run(target, 4, Workbench(n_jobs=jobs)) for jobs in (1, 2))
    np.testing.assert_array_equal(one.scores, two.scores)
    assert one.to_dict() == two.to_dict()
    assert (ForestPool().run(target, 5, Workbench(n_jobs=1)).scores != one.scores).any()


def test_wants_a_forest_its_scores_and_people_enough(target, people, monkeypatch):
    model = made(RandomForestClassifier(20, random_state=0), people, 2, 320, 320, access=Access.LABELS)
    assert "needs scores" in obstacle(ForestPool(), model)
    assert "another kind of model (forest)" in obstacle(ForestPool(), target)  # a single tree
    with pytest.raises(AccessError, match="another kind of model"):
        ForestPool().run(target, 0, Workbench(n_jobs=1))
    for wrong, message in (({"halves": 3}, "halves >= 4"), ({"trees": 1}, "trees >= 2"), ({"targets": -1}, "targets")):
        with pytest.raises(ParameterError, match=message):
            ForestPool(**wrong)
    monkeypatch.setattr(forest, "_MOST_HALVES", 50)
    few = made(RandomForestClassifier(20, random_state=0), people, 2, 2000, 50)
    with pytest.raises(AccessError, match="82 parts of the people"):
        ForestPool().run(few, 0, Workbench(n_jobs=1))
