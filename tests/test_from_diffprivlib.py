"""The page for users of Diffprivlib names all that Diffprivlib 0.6.6 offers, and nothing of ours that is not there."""

import re
from pathlib import Path

import pytest

import reticent.accounting
import reticent.defenses
import reticent.errors
import reticent.mechanisms

PAGE = (Path(__file__).parent.parent / "docs" / "from_diffprivlib.md").read_text(encoding="utf-8")
# The public names of diffprivlib 0.6.6 that are defined in it, by module.
PUBLIC = {
    "models": "DecisionTreeClassifier GaussianNB KMeans LinearRegression LogisticRegression PCA "
    "RandomForestClassifier StandardScaler",
    "tools": "count_nonzero histogram histogram2d histogramdd mean median nanmean nanstd nansum nanvar percentile "
    "quantile std sum var",
    "mechanisms": "Binary Bingham DPMachine DPMechanism Exponential ExponentialCategorical ExponentialHierarchical "
    "Gaussian GaussianAnalytic GaussianDiscrete Geometric GeometricFolded GeometricTruncated Laplace "
    "LaplaceBoundedDomain LaplaceBoundedNoise LaplaceFolded LaplaceTruncated PermuteAndFlip Snapping Staircase "
    "TruncationAndFoldingMixin Uniform Vector",
    "accountant": "BudgetAccountant BudgetAccountant.check BudgetAccountant.delta BudgetAccountant.epsilon "
    "BudgetAccountant.load_default BudgetAccountant.pop_default BudgetAccountant.remaining "
    "BudgetAccountant.set_default BudgetAccountant.slack BudgetAccountant.spend BudgetAccountant.spent_budget "
    "BudgetAccountant.total",
    "utils": "utils.Budget utils.BudgetError utils.DiffprivlibCompatibilityWarning utils.PrivacyLeakWarning "
    "utils.check_random_state utils.copy_docstring utils.warn_unused_args",
    "validation": "validation.DiffprivlibMixin validation.check_bounds validation.check_epsilon_delta "
    "validation.clip_to_bounds validation.clip_to_norm",
}
NAMED = {name for row in re.findall(r"^\| (`[^|]*) \|", PAGE, flags=re.M) for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_has_a_line(module):
    assert not set(PUBLIC[module].split()) - NAMED


def test_no_line_is_about_what_there_is_not():
    headings = {"diffprivlib", *(f"diffprivlib.{module}" for module in PUBLIC)}
    assert not NAMED - headings - {name for names in PUBLIC.values() for name in names.split()}


@pytest.mark.parametrize(
    ("room", "names"),
    [
        (reticent.defenses, "DPGaussianNB DPKMeans DPPCA DPStandardScaler DPClassifier DPRegressor"),
        (reticent.mechanisms, "count mean variance quantile histogram"),
        (reticent.accounting, "Budget"),
        (reticent.errors, "BudgetError PrivacyWarning NoGuaranteeWarning"),
    ],
    ids=["defenses", "mechanisms", "accounting", "errors"],
)
def test_what_it_sends_people_to_is_there(room, names):
    for name in names.split():
        assert f"`{name}" in PAGE or f".{name}" in PAGE, name
        assert hasattr(room, name)
