"""Pages stand alone, keep inside what is internal, put first what was not tested, are written whole or not at all."""

import html
import re
from html.parser import HTMLParser

import pytest

from reticent.errors import OutputError, ParameterError
from reticent.views import page

VOID = {"meta", "br", "hr", "col"}
EVIL = "<script>alert(1)</script>"
SVG = "http://www.w3.org/2000/svg"


class Reader(HTMLParser):
    """Checks that every element is closed in its turn, and keeps what a reader would see."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.seen = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.seen.append(data)


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    assert reader.open == []
    return reader


def words(markup):
    return " ".join(" ".join(read(markup).seen).split())


@pytest.fixture
def pages(audit_dict, frontier_dict, case_dict):
    def make(external=False):
        before, tried, held = (made(external=external) for made in (audit_dict, frontier_dict, case_dict))
        return {
            "audit": page.audit(before),
            "frontier": page.frontier(tried),
            "case": page.case(held),
            "story": page.story(before, tried, held),
        }

    return make


def test_pages_stand_alone(pages):
    for name, made in pages().items():
        reader = read(made)
        assert made.startswith("<!DOCTYPE html>"), name
        assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(reader.tags)
        policy = next(value for tag, key, value in reader.attributes if tag == "meta" and key == "content")
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
        assert set(re.findall(r"\w+://[^\s\"'<]+", made)) == {SVG}
        assert "url(" not in made and "@import" not in made
        assert all(value.startswith("#") for _, key, value in reader.attributes if key in ("href", "src"))
        assert not [key for _, key, _ in reader.attributes if key.startswith("on")]


def test_ids_are_unique_and_links_arrive(pages):
    for made in pages().values():
        attributes = read(made).attributes
        ids = [value for _, key, value in attributes if key == "id"]
        assert len(ids) == len(set(ids))
        assert {value[1:] for _, key, value in attributes if key == "href"} <= set(ids)


def test_pages_read_on_a_phone_on_paper_and_at_night(pages):
    for made in pages().values():
        assert 'name="viewport" content="width=device-width, initial-scale=1"' in made
        assert "@media print" in made and "prefers-color-scheme: dark" in made
        tables = [tag for tag in read(made).tags if tag == "table"]
        assert made.count('class="rt-scroll"') == len(tables)


def test_the_same_result_gives_the_same_page(pages):
    assert pages() == pages()


def test_not_tested_stands_above_the_verdict(pages):
    for made in pages().values():
        assert made.index('id="not-tested"') < made.index("rt-verdict rt-")


def test_audit_page_says_what_was_measured(audit_dict):
    given = audit_dict()
    seen = words(page.audit(given))
    for part in [
        given["verdict"],
        *given["not_tested"].values(),
        "39.9 % (30.7 to 46.4)",
        "0.944 (0.937 to 0.951)",
        "cannot be tested with 2,594 non-members; a rate of 0.1 % needs 2,995",
        "Without the model an attacker cannot tell members from others (baseline AUC 0.514 (0.499 to 0.530)",
        "LiRA (likelihood ratio, shadow models) against models that never learned from these people: AUC 0.500",
        "a gap of 34.6 points (32.6 to 36.6)",
        "No training row was found inside the model's arrays.",
        "Who is most exposed",
        "61419d1971874290",
        "age = 37.0",
        "reticent 0.1.0",
        "at least 3.20 at 95 % confidence",
        "Internal: speaks of single people",
    ]:
        assert part in seen, part


def test_no_page_calls_a_model_safe(pages):
    for made in pages().values():
        assert not re.search(r"\b(is|are) (now )?(safe|anonymous|private)\b", words(made))


def test_external_pages_hold_aggregates_only(pages, audit_dict):
    internal = audit_dict()
    for made in pages(external=True).values():
        seen = words(made)
        assert "External: aggregates only." in seen and "Internal:" not in seen
        assert "Who is most exposed" not in seen
        for one in internal["exposed"]:
            assert one["digest"] not in made
        assert "age = 37.0" not in seen


def test_external_wins_over_what_the_dict_still_holds(audit_dict):
    leaky = {**audit_dict(), "external": True}
    made = page.audit(leaky)
    assert leaky["exposed"][0]["digest"] not in made and "age = 37.0" not in made


def test_one_internal_part_makes_the_whole_story_internal(audit_dict, frontier_dict, case_dict):
    made = page.story(audit_dict(), frontier_dict(external=True), case_dict(external=True))
    assert "Internal: speaks of single people" in made and "External:" not in made


@pytest.mark.parametrize(
    ("state", "verdict", "word"),
    [
        ("nothing found", "No attack of this list recognized more than 1.9 % of members.", "Nothing found by these"),
        ("withheld", "No verdict: members and non-members are not of one population.", "No verdict"),
        ("not tested", "Not tested: no attack on the model was possible with what was handed in.", "Not tested"),
        ("exposed", "The model gives members away.", "People can be recognized"),
    ],
)
def test_each_state_has_its_word(audit_dict, state, verdict, word):
    given = {**audit_dict(), "state": state, "verdict": verdict}
    made = page.audit(given)
    assert verdict in words(made) and word in words(made)
    assert ("Of a hundred people" in made) == (state in ("exposed", "nothing found"))  # no picture without a verdict


def test_an_audit_without_findings_is_still_a_page(audit_dict):
    none = {"value": None, "low": 0.0, "high": 1.0, "level": 0.95, "method": "none", "n": 0, "untested": "not tested"}
    given = audit_dict()
    given.update(
        state="not tested",
        findings=[],
        fidelity={},
        exposed=[],
        subgroups=[],
        strongest={"auc": none, "tpr": [{"fpr": 0.01, "estimate": none}], "attacks": []},
    )
    seen = words(page.audit(given))
    assert "Who is most exposed" not in seen and "ROC" not in seen
    read(page.fragment(given))


def test_stored_rows_are_said_plainly(audit_dict):
    given = audit_dict()
    given["findings"][-1]["facts"]["rows found"] = 812.0
    assert "812 training rows lie inside the model's file" in words(page.audit(given))


def test_a_baseline_that_can_tell_is_not_hidden(audit_dict):
    given = audit_dict()
    for one in given["findings"]:
        one["baseline_auc"].update(value=0.6, low=0.58, high=0.62)
        if one["control_auc"]:
            one["control_auc"].update(value=0.56, low=0.55, high=0.57)
    seen = words(page.audit(given))
    assert "part of what is found may not be the model's doing" in seen
    assert "read with care" in seen


def poison(anything):
    """Every text becomes an attack, numbers and the words that steer a page stay."""
    steer = {"reticent", "exposed", "measured", "all", "none", "data", "training", "output"}
    if isinstance(anything, dict):
        return {key: one if key in ("schema", "untested") else poison(one) for key, one in anything.items()}
    if isinstance(anything, list):
        return [poison(one) for one in anything]
    if isinstance(anything, str) and anything not in steer:
        return f"{EVIL}\"'><b onload=x>{anything}"
    return anything


def test_nothing_handed_in_becomes_markup(audit_dict, frontier_dict, case_dict):
    before, tried, held = poison(audit_dict()), poison(frontier_dict()), poison(case_dict())
    clean = page.story(audit_dict(), frontier_dict(), case_dict())
    made = page.story(before, tried, held)
    assert EVIL not in made and html.escape(EVIL) in made
    reader = read(made)
    assert "script" not in reader.tags
    assert not [key for _, key, _ in reader.attributes if key.startswith("on")]
    assert sorted(set(reader.tags)) == sorted(set(read(clean).tags))
    for one in (page.fragment(before), page.fragment(tried), page.fragment(held)):
        assert EVIL not in one


def test_frontier_page_shows_every_candidate_and_the_choice(frontier_dict):
    given = frontier_dict()
    seen = words(page.frontier(given))
    for point in given["points"]:
        assert point["title"] in seen
        assert point["claim"] is None or point["claim"]["statement"] in seen
    assert seen.count("★ chosen") == 1
    assert given["sentence"] in seen and given["goal_sentence"] in seen
    assert f"Not tried: {given['not_tried'][0]}" in seen
    assert "\N{MINUS SIGN}0.9 points" in seen
    assert "confirmed on the sealed half" in seen


def test_frontier_page_states_what_a_defense_claims(frontier_dict):
    given = frontier_dict()
    given["points"][6]["claim"] = {"kind": "k-anonymity", "k": 10, "statement": "k = 10 on age, educ"}
    assert "k = 10 on age, educ" in words(page.frontier(given))


@pytest.mark.parametrize(
    ("chosen", "confirmed", "word"),
    [(None, False, "No candidate meets the goal"), (3, False, "Chosen, but not confirmed on the sealed half")],
)
def test_frontier_page_does_not_hope(frontier_dict, chosen, confirmed, word):
    made = page.frontier(frontier_dict(chosen=chosen, confirmed=confirmed))
    assert word in words(made)
    assert "rt-verdict rt-calm" not in made


def test_case_page_names_states_and_adds_nothing_up(case_dict):
    given = case_dict()
    made = page.case(given)
    seen = words(made)
    for claim in given["claims"]:
        assert claim["statement"] in seen and claim["evidence"] in seen
        assert f'class="rt-state rt-{claim["state"]}"' in made
    assert "Case, not signed; failed: C5" in seen
    assert not re.search(r"\d+ (of|/) \d+ claims|score:|\d+ % of claims", seen)
    assert "Before and after" in seen


def test_case_of_an_unchanged_model(case_dict):
    seen = words(page.case(case_dict(changed=False)))
    assert "Before and after" not in seen and "The audit before" in seen


def test_story_tells_the_whole_way_in_order(pages):
    seen = words(pages()["story"])
    order = [
        "Not tested",
        "People can be recognized",
        "One candidate meets the goal",
        "1. What the model reveals",
        "2. What was tried",
        "Before and after",
        "3. What may be claimed",
        "Details",
        "How to read this",
    ]
    places = [seen.index(part) for part in order]
    assert places == sorted(places)


def test_timings_stand_apart(audit_dict):
    made = page.audit(audit_dict())
    assert made.index("Timings (they change from run to run") < made.index("7.3 s")
    assert made.count("7.3 s") == 1


def test_fragment_styles_only_itself(audit_dict, frontier_dict, case_dict):
    for given in (audit_dict(), frontier_dict(), case_dict()):
        made = page.fragment(given)
        read(made)
        assert made.startswith('<div class="reticent rt-fragment">')
        [style] = re.findall(r"<style>(.*?)</style>", made, re.S)
        bare = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
        rules = re.findall(r"([^{}]+)\{", bare)
        assert all(
            part.strip().startswith((".reticent", "@media"))
            for rule in rules
            for part in rule.split(",")
            if part.strip()
        )


def test_fragment_refuses_what_it_does_not_know():
    with pytest.raises(ParameterError, match="reticent/banana/1"):
        page.fragment({"schema": "reticent/banana/1"})


def test_write_makes_the_folder_and_gives_the_path(tmp_path):
    path = page.write(tmp_path / "new" / "report.html", "<p>é</p>")
    assert path.read_bytes() == "<p>é</p>".encode()
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_write_fails_loudly_where_there_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"expected to write the report to .*Choose a folder"):
        page.write(tmp_path / "file" / "report.html", "<p>")
    with pytest.raises(OutputError, match="nothing was changed"):
        page.write(tmp_path, "<p>")  # a folder stands where the file should go
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_write_takes_the_old_page_away_only_in_one_step(tmp_path, monkeypatch):
    path = page.write(tmp_path / "report.html", "old")

    def refuse(self, other):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        page.write(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_write_leaves_the_old_page_when_it_fails_half_way(tmp_path):
    path = page.write(tmp_path / "report.html", "old")
    with pytest.raises(UnicodeEncodeError):
        page.write(path, "new \ud800")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
