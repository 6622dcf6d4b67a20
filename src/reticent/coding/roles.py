"""Guess what a column is to somebody who looks for a person, from its values; and what its name sounds like.

A guess, with its reason: whether somebody out there knows a column does not stand in the table.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> from reticent.coding.traits import traits_of
>>> table = pd.DataFrame({"zip_code": [*range(50)] * 4, "case": [f"c{i}" for i in range(200)], "land": "Eire"})
>>> zip_code, case, land = traits_of(open_frame(table), range(3))
>>> role_of(zip_code, 0, 200)[0], role_of(case, 200, 200)[0], role_of(land, 0, 200)[0]
('candidate', 'identifier', 'constant')
>>> sounds_known(zip_code), sounds_known(case)
(True, False)
"""

import re
from typing import Literal

from reticent.coding.traits import Trait

Role = Literal["candidate", "known", "fine measurement", "identifier", "constant", "sensitive", "label"]

_HARDLY_REPEATS = 0.95
_MANY = 100  # people: in fewer, numbers may all differ by chance

_OFTEN_KNOWN = re.compile(
    "age|agep|sex|gender|race|ethnic|ethnicity|hispanic|birth|birthday|born|dob|date|zip|zipcode|postcode|postal|plz|"
    "city|town|village|county|state|region|province|district|country|nationality|native|address|street|marital|married|"
    "marriage|relationship|family|children|kids|dependents|household|occupation|job|profession|employer|work|workclass|"
    "industry|hours|education|school|degree|religion|language|height"
)
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def role_of(trait: Trait, alone: int, people: int) -> tuple[Role, str]:
    """Return the role that a trait has by its values, and why.

    Parameters
    ----------
    alone, people
        How many people are alone with their value, and how many there are.
    """
    if trait.size < 2:
        return "constant", "one value only"
    if trait.kind == "words" and people >= _MANY and alone >= _HARDLY_REPEATS * people:
        return "identifier", "words, and hardly any repeat: a name, a number or free text"
    if trait.kind == "whole numbers" and people >= _MANY and alone == people:
        return "identifier", "whole numbers, and none repeats"
    if trait.kind in ("whole numbers", "numbers") and people < 2 * trait.size:
        return "fine measurement", "fewer than two people for each value"
    return "candidate", ""


def sounds_known(trait: Trait) -> bool:
    """Return whether the name of a column sounds like something that others often know: age, town, job.

    The words are English, few, and say nothing about these people.
    """
    return any(_OFTEN_KNOWN.fullmatch(part.lower()) for name in trait.columns for part in _PART.findall(str(name)))
