"""Types that may be built from a model file, besides those that skops trusts. The list is ours, never the file's.

A type is listed by its full name once it was looked at: building it from any arguments, and giving it any state, runs
nothing that the file chose. Functions are listed where calling them with any arguments is harmless as well, since a
file may put them where they will be called. A package is never trusted whole except by the caller's word.

What this cannot promise: LightGBM, XGBoost, CatBoost and libsvm read their own formats with compiled parsers that
their authors did not build against an enemy. A crafted file runs no code by design, but may crash them.

>>> lies_in("mine.models.Net", ["mine.models"]), lies_in("minefield.Net", ["mine"])
(True, False)
"""

import sys
from collections.abc import Sequence

from reticent.errors import ParameterError

# Nodes of trees: skops leaves them out because their indices are followed unchecked; bounds.check_trees checks them.
_TREES = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._ball_tree.BallTree",
)

# Parts that hold numbers and settings: optimizers of networks, metrics, calibrators, kernels, folds of a search.
_PARTS = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.DotProduct",
    "sklearn.gaussian_process.kernels.Matern",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.gaussian_process.kernels.RationalQuadratic",
    "sklearn.gaussian_process.kernels.Sum",
    "sklearn.gaussian_process.kernels.WhiteKernel",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    "scipy.interpolate._bsplines.BSpline",
    "collections.OrderedDict",
    "functools.partial",  # a function with arguments: no more than the function, which has to be trusted too
    "numpy.dtype",
)

# Functions of numbers to numbers.
_FUNCTIONS = (
    "numpy.mean",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.metrics._classification.accuracy_score",
    "sklearn.metrics._classification.balanced_accuracy_score",
    "sklearn.metrics._classification.f1_score",
    "sklearn.metrics._ranking.roc_auc_score",
    "sklearn.utils.validation.check_array",
)

_BOOSTERS = (
    "catboost.core.CatBoostClassifier",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
)

_OURS = (
    "reticent.accounting.adjacency.Adjacency",
    "reticent.accounting.budget.Budget",
    "reticent.accounting.budget.Entry",
    "reticent.accounting.events.Event",
    "reticent.accounting.events.Gaussian",
    "reticent.accounting.events.ApproximateDP",
    "reticent.accounting.events.Laplace",
    "reticent.accounting.events.NonPrivate",
    "reticent.accounting.events.PoissonSampledGaussian",
    "reticent.accounting.events.PureDP",
    "reticent.accounting.events.Selection",
    "reticent.accounting.events.ZCDP",
    "reticent.defenses.data.anonymize.anonymizer.Anonymizer",
    "reticent.defenses.data.anonymize.as_defense.AnonymizedTraining",
    "reticent.defenses.data.minimize.as_defense.MinimizedModel",
    "reticent.defenses.data.minimize.minimizer.Minimizer",  # looks through its tree before anybody walks it
    "reticent.defenses.output.coarsen.Coarsened",
    "reticent.defenses.output.coarsen.Coarsening",
    "reticent.defenses.training.dp.classifier.DPClassifier",
    "reticent.defenses.training.dp.declared.Categories",
    "reticent.defenses.training.dp.declared.Numbers",
    "reticent.defenses.training.dp.encoding.Bins",
    "reticent.defenses.training.dp.encoding.Encoding",
    "reticent.defenses.training.dp.encoding.Ones",
    "reticent.defenses.training.dp.encoding.Place",
    "reticent.defenses.training.dp.regressor.DPRegressor",
    "reticent.defenses.training.dp.rule.Model",
    "reticent.defenses.training.dp.spending.Row",
    "reticent.defenses.training.dp.spending.Spending",
)

TYPES: frozenset[str] = frozenset((*_TREES, *_PARTS, *_FUNCTIONS, *_BOOSTERS, *_OURS))


def lies_in(type_name: str, packages: Sequence[str]) -> bool:
    """Whether a type of this full name lies in one of the packages or modules."""
    return any(type_name.startswith(f"{package}.") for package in packages)


def check_packages(packages: Sequence[str]) -> None:
    """Refuse to trust what is no package, or what runs anything: Python's own modules.

    Raises
    ------
    ParameterError
        Naming the first such name.
    """
    if isinstance(packages, str):
        raise ParameterError(f"expected trust as a list of packages, got trust={packages!r}. Write [{packages!r}]")
    for package in packages:
        if not all(part.isidentifier() for part in package.split(".")):
            raise ParameterError(f"expected a package or module such as mypackage.models, got trust={package!r}")
        if package.partition(".")[0] in sys.stdlib_module_names:
            raise ParameterError(
                f"expected a package of models, got trust={package!r}: Python's own modules can run anything, "
                f"and no model lies in them"
            )
