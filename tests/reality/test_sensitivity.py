"""Record and replay on a reference training: right code passes, each planted bug is found and named."""

import math

import numpy as np
import pytest

from reticent.mechanisms.curator import Curator
from reticent.reality.search import worst_neighbor
from reticent.reality.sensitivity import replay


def hunt(fit, rows, **more):
    return worst_neighbor(fit, *rows, evaluations=120, **more)


def test_right_code_passes_and_the_worst_row_takes_all_that_was_promised(logistic, rows):
    found = hunt(logistic(), rows)
    assert found.holds, str(found)
    assert found.ratio > 0.99 and found.mu > 0.8 and found.questions == 6
    assert found.neighbors > 80


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"clip": 3.0}, 3**0.5, id="3x clipping"),  # no gradient of these rows is longer than sqrt(3)
        pytest.param({"clip": math.sqrt(2)}, math.sqrt(2), id="sqrt2 sensitivity"),
    ],
)
def test_finds_rows_longer_than_promised(logistic, rows, change, said):
    found = hunt(logistic(**change), rows)
    assert not found.holds
    assert found.ratio > 0.85 * said / 1.0 and found.question.startswith("gradient")


def test_finds_what_was_read_silently(logistic, rows):
    found = hunt(logistic(peek=True), rows)
    assert not found.holds
    assert "read silently" in found.leaks[0]


def test_finds_noise_that_does_not_match_its_share(logistic, rows, monkeypatch):
    honest = Curator.sd
    monkeypatch.setattr(Curator, "sd", lambda self, sensitivity, share: honest(self, sensitivity, share) / 2)
    found = hunt(logistic(), rows)
    assert any("is due" in leak for leak in found.leaks) and not found.holds


def test_finds_a_budget_that_is_not_charged(logistic, rows, monkeypatch):
    monkeypatch.setattr(Curator, "left", property(lambda self: 1.0))
    found = hunt(logistic(charge_count=False), rows)
    assert any("add up to 1.1" in leak for leak in found.leaks)


def test_finds_numbers_off_the_grid(rows):
    def fit(x, y, curator):
        return curator.gaussian("sum", np.clip(x, -0.5, 0.5).sum(axis=0), sensitivity=1.0, share=1.0, grid=0.01)

    assert any("grid" in leak for leak in replay(fit, rows, (rows[0][1:], rows[1][1:])).leaks)


def test_finds_questions_that_depend_on_the_rows(rows):
    def fit(x, y, curator):
        return [curator.gaussian("step", np.zeros(2), sensitivity=1.0, share=0.01) for _ in range(len(x) % 7)]

    found = replay(fit, rows, (rows[0][1:], rows[1][1:]))
    assert any("number of questions" in leak for leak in found.leaks)
    assert replay(fit, rows, rows).holds


def test_a_training_that_breaks_off_after_a_question_tells_of_the_row(rows):
    def fit(x, y, curator):
        said = curator.gaussian("people", np.array(float(len(x))), sensitivity=1.0, share=0.1)
        return np.linalg.inv(np.array([[float(x.max() < 1e6)]])), said  # one large row has no inverse

    x, y = rows
    large = np.vstack([x, np.full((1, x.shape[1]), 1e9)])
    found = replay(fit, (x, y), (large, np.append(y, y[0])), mu=1.0)
    assert not found.holds and "stopped after question 1: LinAlgError" in found.leaks[0]
