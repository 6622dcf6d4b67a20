"""Richer access holds what follows from it, and is told in words."""

import itertools

import pytest

from reticent.errors import ParameterError
from reticent.target.access import Access

KINDS = [Access.LABELS, Access.SCORES, Access.EXPLANATIONS, Access.GRADIENTS, Access.PARAMETERS]
HOLDS = {
    Access.LABELS: {"labels"},
    Access.SCORES: {"labels", "scores"},
    Access.EXPLANATIONS: {"labels", "explanations"},
    Access.GRADIENTS: {"labels", "scores", "gradients"},
    Access.PARAMETERS: {"labels", "scores", "explanations", "gradients", "parameters"},
}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(KINDS, KINDS)))
def test_richer_holds_poorer(one, other):
    assert (other in one) == (HOLDS[other] <= HOLDS[one])
    assert set((one | other).words.split(", ")) == HOLDS[one] | HOLDS[other]


def test_nothing_holds_nothing():
    assert Access.NOTHING.words == "nothing"
    assert not any(kind in Access.NOTHING for kind in KINDS)
    assert all(Access.NOTHING in kind for kind in KINDS)


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("labels", Access.LABELS),
        (" Scores ", Access.SCORES),
        ("scores,explanations", Access.SCORES | Access.EXPLANATIONS),
        ("parameters,labels", Access.PARAMETERS),
    ],
)
def test_is_read_from_words(text, access):
    assert Access.parse(text) is access
    assert Access.parse(access.words.replace(", ", ",")) is access


@pytest.mark.parametrize("text", ["", "score", "scores;labels", "words", "parse", "scores,"])
def test_other_words_are_refused(text):
    with pytest.raises(ParameterError, match="labels, scores, explanations, gradients, parameters"):
        Access.parse(text)
