"""The page of a suggestion asks nobody for anything and says first what was not tested."""

import re

import pandas as pd
import pytest

from reticent.suggest import suggest_quasi_identifiers
from reticent.views import page_suggest, report_suggest


@pytest.fixture(scope="module")
def result():
    table = pd.DataFrame({"age": [*range(20, 40)] * 6, "job": list("abcdef") * 20, "ill": [0, 1, 1] * 40})
    table.loc[0, "age"] = 99
    return suggest_quasi_identifiers(table, sensitive=["ill"], label=None).to_dict()


def test_the_page_is_whole_and_asks_nobody(result):
    html = page_suggest.document(result)
    assert html.startswith("<!DOCTYPE html>") and html.rstrip().endswith("</html>")
    assert not re.findall(r"""<script|<link|<img|url\(|@import|src=""", html)
    assert html.count("<svg") == 2 and "default-src" in html


def test_what_was_not_tested_stands_above_the_sentence(result):
    html = page_suggest.document(result)
    assert (
        -1
        < html.index(report_suggest.LIMITS[0][:30])
        < html.index("Counted, not estimated")
        < html.index("Each column")
    )
    assert not re.findall(r"\b(?:is|are) (?:safe|anonymous)\b", html)


def test_a_notebook_gets_the_same_without_a_page(result):
    fragment = page_suggest.fragment(result)
    assert "<html" not in fragment and "<svg" in fragment and 'class="reticent rt-fragment"' in fragment
