from __future__ import annotations

from trialbook.services.engine.seed import seed_of


def test_seeds_are_the_same_in_every_release() -> None:
    """Or a run that is repeated with its seed would draw something else."""
    assert seed_of(0, "i1", 1) == 9186124510407768522
    assert seed_of(-7, "item:1", 3) == 1605301131110872819


def test_seeds_differ_by_all_that_they_follow_from_and_fit_a_signed_number() -> None:
    seeds = {
        seed_of(seed, f"i{item}", trial)
        for seed in range(-5, 5)
        for item in range(50)
        for trial in range(1, 6)
    }

    assert len(seeds) == 10 * 50 * 5
    assert 0 <= min(seeds) <= max(seeds) < 2**63
    assert seed_of(1, "1:i", 2) != seed_of(1, "i", 21)
