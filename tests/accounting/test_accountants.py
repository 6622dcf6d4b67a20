"""Epsilons against what they are by definition: integrals over the outputs, worked out without any accountant."""

import math

import numpy as np
import pytest
from scipy import stats

from reticent.accounting import conversion
from reticent.accounting.accountants import PLD, RDP, Basic, Concentrated, GaussianDP, Tightest, accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.events import (
    ZCDP,
    ApproximateDP,
    Event,
    Gaussian,
    Laplace,
    PoissonSampledGaussian,
    PureDP,
)
from reticent.accounting.gaussian import delta_of
from reticent.errors import MissingPackageError, ParameterError

pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")


def event(*parts, **more):
    return Event("something", parts, adjacency=ADD_REMOVE_ROW, **more)


def gaussian_delta(mu, epsilon):
    """The closed form, also below epsilon = 0: E[(1 - e^(epsilon - loss))+]."""
    if epsilon >= 0:
        return delta_of(mu, epsilon)
    return 1 - math.exp(epsilon) + math.exp(epsilon) * delta_of(mu, -epsilon)


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(("noise", "rate"), [(0.8, 0.3), (1.0, 0.01), (4.0, 0.5)])
def test_one_sampled_step_is_amplified(noise, rate, epsilon):
    """Removing a row: delta(epsilon) = q delta_Gaussian(log(1 + (e^epsilon - 1) / q)) (Li, Qardaji and Su 2012)."""
    exact = rate * delta_of(1 / noise, math.log1p(math.expm1(epsilon) / rate))
    ours = PLD().delta(event(PoissonSampledGaussian(noise, rate, 1)), epsilon)
    assert exact * (1 - 1e-9) - 1e-12 <= ours <= exact + 1e-6


@pytest.mark.parametrize("epsilon", [0.2, 1.0])
def test_two_sampled_steps_by_integration(epsilon):
    """The definition on a grid of both outputs, for a row added and for a row removed."""
    noise, rate = 1.0, 0.2
    x, step = np.linspace(-9, 10, 3_001, retstep=True)
    without = stats.norm.pdf(x, 0, noise) * step
    with_it = (1 - rate) * without + rate * stats.norm.pdf(x, 1, noise) * step
    one, other = np.outer(with_it, with_it), np.outer(without, without)
    exact = max(np.maximum(a - np.exp(epsilon) * b, 0).sum() for a, b in ((one, other), (other, one)))
    ours = PLD().delta(event(PoissonSampledGaussian(noise, rate, 2)), epsilon)
    assert exact - 1e-6 <= ours <= exact + 2e-5


@pytest.mark.parametrize("epsilon", [0.0, 0.4, 1.5])
def test_an_epsilon_beside_gaussian_noise(epsilon):
    """The worst epsilon-DP mechanism is randomized response: two outputs, each a shift of the Gaussian's loss."""
    pure, noise = 0.5, 2.0
    right = 1 / (1 + math.exp(-pure))
    exact = right * gaussian_delta(1 / noise, epsilon - pure) + (1 - right) * gaussian_delta(1 / noise, epsilon + pure)
    ours = PLD().delta(event(PureDP(pure), Gaussian(noise)), epsilon)
    assert exact - 1e-9 <= ours <= exact + 1e-4
    both = PLD().delta(event(ApproximateDP(pure, 1e-3), Gaussian(noise)), epsilon)
    assert both == pytest.approx(1e-3 + (1 - 1e-3) * ours, abs=1e-9)


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 0.9])
def test_laplace_noise(epsilon):
    """One answer of scale b: delta = 1 - exp((epsilon - 1/b) / 2)."""
    ours = PLD().delta(event(Laplace(1.0)), epsilon)
    assert -math.expm1((epsilon - 1) / 2) - 1e-9 <= ours <= -math.expm1((epsilon - 1) / 2) + 1e-4
    assert PLD().delta(event(Laplace(1.0)), 1.0001) <= 1e-12


def test_a_full_batch_is_a_sample_of_everybody():
    sampled, full = event(PoissonSampledGaussian(5.0, 1.0, 9)), event(Gaussian(5.0, 9))
    assert PLD().epsilon(sampled, 1e-5) == pytest.approx(GaussianDP().epsilon(full, 1e-5), abs=1e-3)


@pytest.mark.parametrize("rho", [1e-6, 0.02, 3.0])
def test_renyi_and_rho_lie_between_the_exact_and_the_textbook(rho):
    """rho-zCDP is (rho + 2 sqrt(rho log(1/delta)), delta)-DP (Bun and Steinke 2016); both convert better than that."""
    noise = (2 * rho) ** -0.5
    exact, textbook = GaussianDP().epsilon(event(Gaussian(noise)), 1e-5), rho + 2 * math.sqrt(rho * math.log(1e5))
    for part in (ZCDP(rho), Gaussian(noise), PureDP((2 * rho) ** 0.5)):
        ours = Concentrated().epsilon(event(part), 1e-5)
        assert exact < ours < textbook
        assert ours <= RDP().epsilon(event(part), 1e-5) * (1 + 1e-9)


def test_rhos_add_up():
    one = event(ZCDP(0.1), ZCDP(0.1), Gaussian(2.0, 3), PureDP(0.4), Laplace(2.0))
    assert Concentrated().rho(one) == pytest.approx(0.2 + 3 / 8 + 0.08 + 0.125)


def test_basic_composition_adds():
    one = event(PureDP(0.25), ApproximateDP(0.5, 1e-6), ApproximateDP(0.5, 1e-6), Laplace(4.0))
    assert Basic().epsilon(one, 2e-6) == 1.5 and Basic().epsilon(one, 1.9e-6) == math.inf
    assert Basic().delta(one, 1.5) == Basic().delta(one, 9.0) == 2e-6
    assert Basic().epsilon(event(PureDP(1.0)), 0.0) == 1.0
    for epsilon in (0.0, 0.5, 1.4):
        # Randomized response with the whole of epsilon, by its two outputs.
        right = 1 / (1 + math.exp(-1.5))
        exact = 2e-6 + (1 - 2e-6) * (right - math.exp(epsilon) * (1 - right))
        assert Basic().delta(one, epsilon) == pytest.approx(exact, rel=1e-12)
        assert PLD().delta(one, epsilon) <= exact


def test_the_accountant_that_fits():
    def chosen(*parts):
        return accountant_for(event(*parts))

    assert chosen() == chosen(Gaussian(1.0), Gaussian(2.0, 5)) == GaussianDP()
    assert chosen(PureDP(1.0)) == chosen(ApproximateDP(1.0, 1e-6)) == Basic()
    assert chosen(PoissonSampledGaussian(1.0, 0.1, 9)) == chosen(Gaussian(1.0), PureDP(1.0)) == PLD()
    assert chosen(PureDP(1.0), PureDP(1.0)) == chosen(Laplace(1.0)) == Tightest((Basic(), PLD()))
    assert chosen(ZCDP(0.1)) == chosen(ZCDP(0.1), PureDP(1.0), Gaussian(1.0)) == Concentrated()
    assert chosen(ZCDP(0.1), PoissonSampledGaussian(1.0, 0.1, 9)) == RDP()
    with pytest.raises(ParameterError, match="cannot count zCDP, and Renyi DP cannot count approximate DP"):
        chosen(ZCDP(0.1), ApproximateDP(1.0, 1e-6))
    lost = event(ZCDP(0.1), ApproximateDP(1.0, 1e-6), no_guarantee="a seed")
    assert accountant_for(lost).epsilon(lost, 1e-5) == math.inf


def test_the_tightest_is_never_above_any():
    for parts in ([PureDP(0.1)] * 3, [PureDP(0.1)] * 100, [Laplace(2.0)]):
        one = event(*parts)
        found = accountant_for(one).epsilon(one, 1e-5)
        assert found == min(Basic().epsilon(one, 1e-5), PLD().epsilon(one, 1e-5))
        assert accountant_for(one).delta(one, 0.2) == min(Basic().delta(one, 0.2), PLD().delta(one, 0.2))


def test_little_noise_gets_a_coarser_grid_that_is_still_above():
    one = event(Gaussian(0.01))
    assert GaussianDP().epsilon(one, 1e-5) <= PLD().epsilon(one, 1e-5) <= GaussianDP().epsilon(one, 1e-5) * 1.001
    with pytest.raises(ParameterError, match="interval > 0"):
        PLD(interval=0.0)
    fine, coarse = (PLD(interval=width).epsilon(event(PureDP(0.55555)), 0.0) for width in (1e-5, 1e-2))
    assert 0.55555 <= fine <= 0.55557 < coarse == pytest.approx(0.56)


def test_full_batches_need_no_other_package(monkeypatch):
    def missing(name, *, extra):
        raise MissingPackageError(f"{name} needs reticent[{extra}]")

    monkeypatch.setattr(conversion, "optional", missing)
    for one in (event(Gaussian(2.0, 9)), event(PureDP(1.0)), event()):
        assert accountant_for(one).epsilon(one, 1e-5) < math.inf
    with pytest.raises(MissingPackageError, match=r"reticent\[dp\]"):
        PLD().epsilon(event(Gaussian(2.0)), 1e-5)
