from reticent.defenses.data.minimize.form import Choice, Form, Question, then
from reticent.defenses.data.minimize.needs import Need, percent


def question(of, n=2):
    choices = tuple(Choice(answer=f"{i}", share=of / n, question=None, raw=()) for i in range(n))
    return Question(column="x", of=of, choices=choices)


def need(column, **shares):
    given = {"not_asked": 1.0, "in_pieces": 0.0, "raw": 0.0, "kind": "not needed", "pieces": (), "ncp": 1.0}
    return Need(column=column, **(given | shares))


def test_a_long_form_names_what_is_asked_most():
    form = Form(questions=tuple(question(1 / (i + 1)) for i in range(40)), needs=(), agreement=0.9, first=())
    lines = str(form).splitlines()
    assert len(lines) == 1 + 15 * 3 + 1
    assert lines[-1] == "and 25 more questions, each asked of at most 6 %; see `questions`."


def test_without_questions_it_says_what_is_asked():
    form = Form(questions=(), needs=(), agreement=0.9, first=("age", "town"))
    assert str(form).splitlines()[1] == "Of everyone: give age and town as they are."
    assert (
        Form(questions=(), needs=(), agreement=0.9, first=()).__str__().splitlines()[1] == "Of everyone: nothing else."
    )


def test_what_is_not_needed_is_said_last():
    form = Form(questions=(question(1.0),), needs=(need("race"), need("sex")), agreement=0.98, first=())
    assert str(form).splitlines()[-1] == "Not needed of anyone: race, sex."


def test_what_follows():
    assert then(3, ()) == "question 3"
    assert then(None, ()) == "nothing else"
    assert then(None, ("age",)) == "give age as it is"
    assert then(None, tuple("abcdefgh")) == "give a, b, c, d, e, f, g and h as they are"  # none may be forgotten


def test_needs_in_words():
    some = need("age", kind="raw", pieces=tuple("abcdefgh"), not_asked=0.2, in_pieces=0.76, raw=0.04)
    assert str(some) == (
        "age: a; b; c; d; e; f and 2 more (76 % of people), as it is (4 % of people), not asked of the others"
    )
    assert str(need("race")) == "race: not needed"
    assert some.to_dict()["pieces"] == [*"abcdefgh"]


def test_shares_in_words():
    assert [percent(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0, 1 - 1e-12)] == [
        *("0 %", "under 1 %", "50 %", "over 99 %", "100 %", "100 %")
    ]
