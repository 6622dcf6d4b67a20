"""reticent audit --forecast: how much data would be enough, printed and kept."""

import json


def test_a_forecast_is_printed_and_kept(desk):
    said = desk.verb("audit", forecast="tpr<=0.06@fpr=0.05", attacks="lira")
    assert said.code == 0, said.err
    result = json.loads((desk.folder / "out" / "forecast.json").read_text(encoding="utf-8"))
    assert result["schema"] == "reticent/forecast/1" and len(result["sizes"]) == 3
    assert "How much data would be enough" in said.out and " ".join(result["sentence"].split()[:6]) in said.out
    assert desk.verb("audit", attacks="gap").code == 0
    assert not (desk.folder / "out" / "forecast.json").exists()  # it would be another audit's


def test_a_goal_that_is_none_is_refused_before_the_work(desk):
    before = desk.snapshot()
    for goal in ("tpr<=0.03", "tpr<=0.001@fpr=0.01", "tpr>0.03@fpr=0.01"):
        assert desk.verb("audit", forecast=goal).code == 15
    assert desk.snapshot() == before
