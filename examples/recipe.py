"""A recipe: how to train the model once more, on other rows.

Attacks that train shadow models, and defenses that train anew, call it many times. It has to repeat how the audited
model was made, all of it: preparation, parameters, choice of features. From this folder::

    reticent audit model.onnx --members train.parquet --nonmembers test.parquet \\
        --label diagnosis --access scores --recipe recipe:train --out report

For a scikit-learn model none is needed: its own parameters say how it was trained.
"""

from typing import Any

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LABEL = "diagnosis"


def train(rows: pd.DataFrame, seed: int) -> Any:
    """Return a model fitted on ``rows``, a table like that of the members, label included."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1000, max_iter=5_000, random_state=seed))
    return model.fit(rows.drop(columns=LABEL), rows[LABEL])
