import numpy as np
import pytest

from reticent.accounting.accountants import accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.gaussian import mu_of
from reticent.defenses.training.dp.spending import event_of, spent
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import OperatingSystem, Seeded


@pytest.fixture
def curator():
    made = Curator(mu=mu_of(1.0, 1e-5), noise=Seeded(0), reach=3.0)
    for share, sensitivity in ((0.1, 1.0), (0.1, 2.0), (0.1, 1.0)):
        made.gaussian("counts <b>", np.zeros(7), sensitivity=sensitivity, share=share)
    made.gaussian("gradients", np.zeros((2, 3)), sensitivity=1.0, share=0.7)
    return made


def test_answers_are_merged_by_what_was_asked(curator):
    counts, gradients, known = spent(curator, 1e-5, free=["known"])
    assert (counts.what, counts.numbers, counts.share) == ("counts <b>", 21, pytest.approx(0.3))
    assert counts.noise == (curator.sd(1.0, 0.1), curator.sd(2.0, 0.1))
    assert gradients.numbers == 6 and gradients.noise == (curator.sd(1.0, 0.7),) * 2
    assert (known.what, known.share, known.noise) == ("known", 0.0, None)
    assert 0 < counts.epsilon < gradients.epsilon < 1 < counts.epsilon + gradients.epsilon


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
def test_the_event_costs_what_was_promised_and_not_more(epsilon):
    curator = Curator(mu=mu_of(epsilon, 1e-6) * (1 - 1e-9), noise=OperatingSystem(), reach=4.0)
    for share in [0.1] * 3 + [0.7 / 20] * 20:
        curator.gaussian("sums", np.zeros(3), sensitivity=np.sqrt(2), share=share)
    event = event_of(curator, "training", ADD_REMOVE_ROW)
    cost = accountant_for(event).epsilon(event, 1e-6)
    assert 0.9999 * epsilon < cost <= epsilon
    assert sum(part.count for part in event.parts) == 23 and event.no_guarantee is None


def test_the_reach_of_a_person_is_not_charged_twice(curator):
    event = event_of(curator, "training", ADD_REMOVE_ROW)
    assert sum(part.count / part.noise_multiplier**2 for part in event.parts) == pytest.approx(curator.mu**2)
    assert event.no_guarantee is not None


def test_it_is_a_table_for_people_and_for_notebooks(curator):
    spending = spent(curator, 1e-5, free=["known"])
    lines = str(spending).splitlines()
    assert lines[0].split() == ["share", "epsilon", "alone", "noise", "numbers", "what"]
    assert lines[2].startswith("30 %") and "0 %" in lines[4]
    assert "counts &lt;b&gt;" in spending._repr_html_() and "<b>" not in spending._repr_html_()
    assert spending.to_dict()[0]["numbers"] == 21 and len(spending) == 3 and spending[2].what == "known"


def test_what_no_row_can_change_costs_nothing():
    curator = Curator(mu=1.0, noise=Seeded(0))
    curator.gaussian("nothing", np.zeros(2), sensitivity=0.0, share=0.5)
    assert event_of(curator, "training", ADD_REMOVE_ROW).parts == ()
