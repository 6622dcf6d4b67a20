"""The picture of losses: whatever the losses are, each is there once, in its row, at its place or named at the edge."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.views.report_needed import Loss, Panel, drawn, margin, picture, points, ranged

SVG = "{http://www.w3.org/2000/svg}"

some = st.builds(
    lambda value, down, up, shown: Loss(value=value, low=value - down, high=value + up, shown=shown),
    st.floats(-1, 1),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
    st.sampled_from([True, False, None]),
)
rows = st.lists(st.tuples(st.none() | some, st.none() | some), min_size=1, max_size=8)


def parsed(losses, margin, **more):
    both = [Panel(title=str(k), losses=[pair[k] for pair in losses]) for k in (0, 1)]
    labels = [f"row {k}" for k in range(len(losses))]
    return ET.fromstring(picture(labels, both, margin, unit="points", title="losses", **more))


def texts(root):
    return [one.text for one in root.iter(f"{SVG}text")]


@settings(max_examples=60, deadline=None)
@given(rows, st.floats(0.0005, 0.5))
def test_every_loss_is_drawn_once_or_named_at_the_edge(losses, margin):
    root = parsed(losses, margin)
    marks = [one for kind in ("circle", "polygon") for one in root.iter(f"{SVG}{kind}")]
    named = [said for said in texts(root) if "→" in said or "←" in said]
    there = [one for pair in losses for one in pair if one is not None]
    assert len(marks) + len(named) == len(there)
    assert sum(one.shown is False for one in there) >= len(list(root.iter(f"{SVG}polygon")))
    height = float(root.get("viewBox").split()[3])
    for one in root.iter():
        for name in ("x", "x1", "x2", "cx", "y", "y1", "y2", "cy"):
            if (place := one.get(name)) is not None:
                assert 0 <= float(place) <= (480 if "x" in name else height)


@settings(max_examples=40, deadline=None)
@given(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03), st.floats(0.01, 0.05))
def test_a_larger_loss_stands_to_the_right(first, second, margin):
    root = parsed([(Loss(value=v, low=v, high=v, shown=True), None) for v in (first, second)], margin)
    places = [float(one.get("cx")) for one in root.iter(f"{SVG}circle")]
    assert len(places) == 2
    assert (places[0] < places[1]) == (first < second) or abs(places[0] - places[1]) <= 0.11


def test_losses_beyond_either_end_are_written_out():
    root = parsed([(Loss(value=0.5, low=0.4, high=0.6), Loss(value=-0.5, low=-0.6, high=-0.4))], 0.01)
    assert [said for said in texts(root) if "50.00" in said] == ["+50.00 →", "← \N{MINUS SIGN}50.00"]
    assert not list(root.iter(f"{SVG}circle"))


@pytest.mark.parametrize(("rule", "lines"), [(0, 0), (1, 1), (2, 0)])
def test_the_rule_stands_between_rows_alone(rule, lines):
    root = parsed([(None, None), (None, None)], 0.01, rule=rule)
    assert sum("1 3" in one.get("style") for one in root.iter(f"{SVG}line")) == lines
    assert "row 1: 0: not measured, 1: not measured" in root.get("aria-label")


def test_what_is_beside_the_panels_gets_the_first_place_and_the_heights():
    got = []
    parsed([(None, None)] * 3, 0.01, aside=lambda start, end, heights: got.append((start, end, heights)))
    ((start, end, heights),) = got
    assert 0 < start < end < 480 and heights == sorted(heights) and len(heights) == 3


def test_numbers_in_words():
    estimate = {"value": -0.00004, "low": -0.0123, "high": 0.004, "untested": ""}
    assert ranged(estimate) == "0.00 (\N{MINUS SIGN}1.23 to +0.40)" and points(0.01) == "+1.00"
    assert (
        ranged({**estimate, "untested": "too few"}) == "too few" and drawn({**estimate, "untested": "too few"}) is None
    )
    assert margin({"margin": 0.01, "metric": "accuracy"}) == "1 point"
    assert margin({"margin": 0.005, "metric": "accuracy"}) == "0.5 points"
    assert margin({"margin": 0.02, "metric": "absolute error"}) == "2 % of the label's spread"
