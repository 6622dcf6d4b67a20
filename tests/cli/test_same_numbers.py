"""The same seed gives the same numbers, whatever the number of workers."""

import json

import pytest


@pytest.fixture
def numbers(desk, without_times):
    """``numbers(verb, jobs, **options)``: all JSON that the command writes with so many workers, by name."""

    def run(verb, jobs, **options):
        out = desk.folder / f"with-{jobs}"
        out.mkdir()
        (out / "row.key").write_text("5e" * 32)  # the digests of rows are then the same too
        said = desk.command(*desk.argv(verb, out=out, jobs=str(jobs), **options))
        assert said.code in (0, 41), said.err
        return {path.name: without_times(json.loads(path.read_text())) for path in sorted(out.glob("*.json"))}

    return run


@pytest.mark.slow
def test_an_audit_with_one_worker_and_with_two(numbers):
    one, two = (numbers("audit", jobs) for jobs in (1, 2))
    assert list(one) == ["audit.json"] and one == two
    assert one["audit.json"]["exposed"][0]["digest"]


@pytest.mark.slow
def test_a_protection_with_one_worker_and_with_two(numbers):
    one, two = (
        numbers("protect", jobs, defenses="coarsen,k-anonymize", quasi_identifiers="mean radius") for jobs in (1, 2)
    )
    assert len(one) >= 2 and one == two


def test_another_seed_gives_other_numbers(desk):
    said = [desk.verb("audit", attacks="lira", seed=str(seed), out=f"seed-{seed}") for seed in (0, 1)]
    assert [one.code for one in said] == [0, 0]
    zero, one = (json.loads((desk.folder / f"seed-{seed}" / "audit.json").read_text()) for seed in (0, 1))
    assert zero["findings"][0]["auc"] != one["findings"][0]["auc"]
