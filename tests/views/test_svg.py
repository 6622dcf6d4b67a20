"""Pictures are well-formed, say what they show, keep to their frame and cannot be forged."""

import xml.etree.ElementTree as ET

import pytest

from reticent.views import axes, signs, svg
from reticent.views.markup import join, tag, text

NS = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert('x')</script>&\"\x00\u202e"
STRAIGHT = ([0.0, 0.001, 0.01, 0.1, 1.0], [0.0, 0.02, 0.2, 0.5, 1.0])


def parsed(markup):
    root = ET.fromstring(markup)
    assert root.tag == f"{NS}svg"
    return root


def texts(root):
    return ["".join(one.itertext()) for one in root.iter(f"{NS}text")]


def boxes(root):
    """Where each text lies, by the width that an average letter has."""
    found = []
    for one in root.iter(f"{NS}text"):
        x, y, wide = float(one.get("x")), float(one.get("y")), 6.2 * len("".join(one.itertext()))
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[one.get("text-anchor")]
        found.append((left, y - 10, left + wide, y + 2, "".join(one.itertext())))
    return found


def test_every_picture_names_and_describes_itself(frontier_dict):
    made = frontier_dict()
    pictures = [
        svg.roc({"attack": STRAIGHT}, [0.01]),
        svg.frontier(made["points"], made["goal"]),
        svg.bars([("age", made["points"][0]["exposure"])], low=0, high=1, chance=0.01, title="groups"),
        signs.people([("members", 0.4, 0.46)]),
    ]
    for picture in pictures:
        root = parsed(picture)
        assert root.get("role") == "img"
        assert root.find(f"{NS}title").text
        assert len(root.find(f"{NS}desc").text) > 20
        assert root.find(f"{NS}desc").text in root.get("aria-label")


@pytest.mark.parametrize("name", [EVIL, "a" * 500, ""])
def test_names_stay_names(name, frontier_dict):
    made = frontier_dict()
    made["points"][3]["title"] = name
    for picture in [
        svg.roc({name: STRAIGHT}, [0.01]),
        svg.frontier(made["points"], made["goal"]),
        svg.bars([(name, made["points"][0]["exposure"])], low=0, high=1, chance=0.01, title=name),
        signs.people([(name, 0.4, 0.46)]),
    ]:
        root = parsed(picture)
        assert "script" not in {one.tag.removeprefix(NS) for one in root.iter()}
        assert "\u202e" not in picture


def test_roc_reads_at_a_mark_what_the_tables_say():
    # Between two thresholds the attacker has only the lower one: no credit for a slope.
    reached = [svg.reached(*STRAIGHT, rate) for rate in (0.009, 0.01)]
    assert reached == [0.02, 0.2]
    assert "20 % of members at 1 % false alarms" in parsed(svg.roc({"attack": STRAIGHT}, [0.01])).get("aria-label")


def test_roc_begins_where_one_person_can_be_told():
    n = 500
    curve = ([0.0, 1 / n, 1.0], [0.0, 0.5, 1.0])
    assert svg.lowest_rate({"a": curve}) == 1 / n
    assert svg.lowest_rate({"a": ([0.0, 1.0], [0.0, 1.0])}) == 0.001
    assert svg.lowest_rate({}) == 0.001


def test_roc_draws_one_path_for_each_curve_and_says_where_there_is_none():
    root = parsed(svg.roc({"attack": STRAIGHT, "stored": ([0.0, 1.0], [0.0, 1.0])}, [0.01]))
    assert len(list(root.iter(f"{NS}path"))) == 1
    assert "stored: no curve" in texts(root)
    assert any("chance" in one for one in texts(root))


def test_roc_of_stored_rows_runs_along_the_top():
    """An attack that finds members without a single false alarm lies at the left edge, not nowhere."""
    root = parsed(svg.roc({"stored": ([0.0, 0.0, 1.0], [0.0, 0.9, 1.0])}, [0.01]))
    [path] = root.iter(f"{NS}path")
    assert path.get("d").startswith("M52.0 ")
    assert "90 % of members" in root.get("aria-label")


def test_frontier_marks_goal_choice_and_the_model_as_it_is(frontier_dict):
    made = frontier_dict()
    root = parsed(svg.frontier(made["points"], made["goal"]))
    shown = texts(root)
    assert {"meets the goal", "blind guess", "chosen", "nothing changed", "0 as it is"} <= set(shown)
    assert any(one.startswith("3 trees at most 6 deep") for one in shown)
    stars = [one for one in root.iter(f"{NS}polygon") if one.get("points").count(",") == 10]
    assert len(stars) == 2  # the point and its key


def test_frontier_without_a_choice_has_no_star(frontier_dict):
    made = frontier_dict(chosen=None)
    assert "chosen" not in texts(parsed(svg.frontier(made["points"], made["goal"])))


def test_every_candidate_is_labeled_and_no_labels_overlap(frontier_dict):
    made = frontier_dict()
    for k, point in enumerate(made["points"]):  # crowd half of them into one corner
        if k > 4:
            point["exposure"] = {**point["exposure"], "value": 0.3 + 0.01 * k}
            point["utility"] = {**point["utility"], "value": 0.62}
    placed = [box for box in boxes(parsed(svg.frontier(made["points"], made["goal"]))) if box[4][:1].isdigit()]
    labels = [box for box in placed if not box[4].endswith("%")]
    assert sorted(int(box[4].split()[0]) for box in labels) == list(range(len(made["points"])))
    for k, a in enumerate(labels):
        assert a[0] >= 0 and a[2] <= axes.WIDTH + 2
        for b in labels[k + 1 :]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), (a, b)


def test_frontier_leaves_out_what_could_not_be_tested(frontier_dict):
    made = frontier_dict()
    for point in made["points"]:
        point["exposure"] = {**point["exposure"], "value": None, "untested": "cannot be tested with 40 non-members"}
    root = parsed(svg.frontier(made["points"], made["goal"]))
    assert not [one for one in texts(root) if one.endswith("as it is")]
    assert "cannot be tested with 40" in root.get("aria-label")


def test_a_goal_on_accuracy_cuts_the_region(frontier_dict):
    made = frontier_dict()

    def height(goal):
        root = parsed(svg.frontier(made["points"], goal))
        return float(next(root.iter(f"{NS}rect")).get("height"))

    assert height({**made["goal"], "accuracy_drop": 0.01}) < height(made["goal"])


def test_bars_say_where_people_are_too_few(frontier_dict):
    tested = frontier_dict()["points"][0]["exposure"]
    few = {**tested, "value": None, "untested": "cannot be tested with 20 non-members"}
    root = parsed(svg.bars([("young", tested), ("old", few)], low=0, high=1, chance=0.01, title="groups"))
    assert "too few people to tell" in texts(root)
    assert len(list(root.iter(f"{NS}circle"))) == 1


def test_a_hundred_people_count_right():
    root = parsed(signs.people([("members", 0.399, 0.464)]))
    styles = [one.get("style") for one in root.iter(f"{NS}circle")]
    assert len(styles) == 100
    assert sum(f"fill:{axes.COLORS[1]}" in style for style in styles) == 40
    assert sum(f"stroke:{axes.COLORS[1]}" in style for style in styles) == 6


def test_each_state_has_a_shape_of_its_own():
    shapes = {ET.fromstring(signs.state(name)).find(f"{NS}path").get("d") for name in signs.STATES}
    assert len(shapes) == len(signs.STATES) == 6


def test_scales_hold_what_lies_outside_and_have_round_ticks():
    log = axes.Scale(0.0005, 1, 0, 100, log=True)
    assert log(0) == 0 and log(5) == 100
    assert log.ticks() == pytest.approx([0.001, 0.01, 0.1, 1])
    straight = axes.Scale(0.57, 0.73, 0, 100)
    assert straight.ticks() == pytest.approx([0.6, 0.65, 0.7])


def test_markup_escapes_all_but_its_own():
    made = tag("p", EVIL, [tag("b", 1.25), None], title=EVIL)
    assert "<script" not in made and "\x00" not in made
    assert "<b>1.2</b>" in made
    assert join("<", tag("br")) == "&lt;<br>"
    assert text("\ud800") == "\ufffd"
    with pytest.raises(TypeError, match="put it in words"):
        tag("p", {"k": 5})
