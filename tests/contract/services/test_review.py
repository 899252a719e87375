"""ReviewService: a queue of results that people judge, their reviews, and how far they agree."""

from __future__ import annotations

import asyncio
import json as json_module
from collections.abc import Awaitable
from typing import Any, cast

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    answered,
    ended,
    eventually,
    failed,
    invalid,
    item,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    summary,
)
from trialbook.v1.event_pb2 import Event, EventFilter
from trialbook.v1.event_service_pb2 import ListEventsRequest
from trialbook.v1.review_pb2 import (
    REVIEW_STATE_CLOSED,
    REVIEW_STATE_IN_REVIEW,
    REVIEW_STATE_REVIEWED,
    REVIEW_STATE_WAITING,
    Review,
    ReviewCounts,
    ReviewEntry,
)
from trialbook.v1.review_service_pb2 import (
    ClaimReviewEntriesRequest,
    CloseReviewsRequest,
    GetReviewSummaryRequest,
    GetReviewSummaryResponse,
    ListReviewEntriesRequest,
    RequestReviewsRequest,
    ResultFilter,
    ReviewSubmission,
    SubmitReviewsRequest,
)
from trialbook.v1.run_pb2 import RESULT_STATUS_FAILED, ResultStatus, Run
from trialbook.v1.run_service_pb2 import CancelRunRequest

LARGE = '"' + "x" * 1_000_000 + '"'


def by(author: str) -> tuple[tuple[str, str], ...]:
    return (("trialbook-author", author),)


async def finished(service: Service, count: int = 6, *scorers: str) -> Run:
    """A run whose results 1 and 2 are wrong and right, and so on; its last one failed."""
    worker = await new_worker(service)
    rows = [item("1", "1" if number % 2 else "2", item_id=f"i{number}") for number in range(count)]
    run = await new_run(service, rows, *map(scorer, scorers), concurrency=count)
    tasks = await worker.lease_all(count)
    await worker.report(*map(answered, tasks[:-1]), failed(tasks[-1], "INVALID"))
    await worker.close()
    return await ended(service, run.name)


async def ask(service: Service, run: Run, author: str = "lead", **request: Any) -> int:
    answer = await service.reviews.RequestReviews(
        RequestReviewsRequest(parent=run.name, **request), metadata=by(author)
    )
    return answer.changed_count


async def listed(service: Service, parent: str, author: str = "", **more: Any) -> list[ReviewEntry]:
    """List entries, page by page."""
    found: list[ReviewEntry] = []
    token = ""
    while True:
        page = await service.reviews.ListReviewEntries(
            ListReviewEntriesRequest(parent=parent, page_token=token, **more), metadata=by(author)
        )
        found += page.entries
        token = page.next_page_token
        if not token:
            return found


async def claim(service: Service, parent: str, author: str, **more: Any) -> list[ReviewEntry]:
    answer = await service.reviews.ClaimReviewEntries(
        ClaimReviewEntriesRequest(parent=parent, **more), metadata=by(author)
    )
    return list(answer.entries)


async def submit(
    service: Service,
    run: Run,
    author: str,
    *reviews: tuple[int, dict[str, Any]],
    request_id: str = "",
) -> list[ReviewEntry]:
    submissions = [
        ReviewSubmission(number=number, review=Review(**review)) for number, review in reviews
    ]
    answer = await service.reviews.SubmitReviews(
        SubmitReviewsRequest(parent=run.name, reviews=submissions, request_id=request_id),
        metadata=by(author),
    )
    return list(answer.entries)


async def close(service: Service, run: Run, *numbers: int, **more: str) -> int:
    answer = await service.reviews.CloseReviews(
        CloseReviewsRequest(parent=run.name, numbers=numbers, **more)
    )
    return answer.closed_count


async def summed_up(service: Service, run: Run) -> GetReviewSummaryResponse:
    return await service.reviews.GetReviewSummary(GetReviewSummaryRequest(name=run.name))


async def told(service: Service, kind: str) -> list[Event]:
    request = ListEventsRequest(
        parent=PROJECT, filter=EventFilter(nouns=["run"], kinds=[kind]), page_size=1000
    )
    return list((await service.events.ListEvents(request)).events)


def numbers(entries: list[ReviewEntry]) -> list[int]:
    return [int(entry.result.rpartition("/")[2]) for entry in entries]


def states(entries: list[ReviewEntry]) -> list[int]:
    return [entry.state for entry in entries]


async def test_results_that_a_filter_means_are_put_into_the_queue(service: Service) -> None:
    run = await finished(service, 6, "exact_match")
    filters = [
        (ResultFilter(), [1, 2, 3, 4, 5, 6]),
        (ResultFilter(numbers=[5, 2, 99]), [2, 5]),
        (ResultFilter(item_ids=["i2", "none"]), [3]),
        (ResultFilter(status=RESULT_STATUS_FAILED), [6]),
        (ResultFilter(failing=True), [1, 3, 5, 6]),
        (ResultFilter(failing=True, scorer="exact_match"), [1, 3, 5]),
        (ResultFilter(failing=True, numbers=[1, 2], item_ids=["i0", "i1"]), [1]),
    ]

    for wanted, (chosen, meant) in enumerate(filters, 1):
        changed = await ask(service, run, filter=chosen, note="look", reviewers_wanted=wanted)

        entries = await listed(service, run.name)
        last = [entry for entry in entries if entry.reviewers_wanted == wanted]
        assert (numbers(last), changed) == (meant, len(meant)), chosen
    first = (await listed(service, run.name))[0]
    assert (first.state, first.author) == (REVIEW_STATE_WAITING, "lead")
    assert (first.note, first.item_id, first.trial) == ("look", "i0", 1)


async def test_what_is_skipped_is_not_put_into_the_queue(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 4)
    await worker.answer(await worker.lease_one())
    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    await worker.close()
    await ended(service, run.name)

    assert await ask(service, run) == 1
    skipped = await refusal(submit(service, run, "ada", (1, {"passed": True}), (2, {"value": 1})))
    missing = await refusal(submit(service, run, "ada", (5, {"passed": True})))

    assert (skipped.code, skipped.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "NOT_REVIEWABLE",
    )
    assert skipped.metadata["resource"] == f"{run.name}/results/2"
    assert missing.metadata["resource"] == f"{run.name}/results/5"
    assert not (await listed(service, run.name))[0].reviews, "all or none"


async def test_only_what_changes_something_is_written(service: Service) -> None:
    run = await finished(service)

    changes = [
        await ask(service, run, filter=ResultFilter(numbers=[1, 2])),
        await ask(service, run, filter=ResultFilter(numbers=[1, 2, 3]), note="other"),
        await ask(service, run, filter=ResultFilter(numbers=[1]), reviewers_wanted=3),
        await ask(service, run, filter=ResultFilter(numbers=[1]), reviewers_wanted=2),
    ]

    assert changes == [2, 1, 1, 0]
    assert [entry.reviewers_wanted for entry in await listed(service, run.name)] == [3, 1, 1]
    requested = await told(service, "reviews_requested")
    assert [event.resource.rpartition("/")[2] for event in requested] == ["1", "2", "3", "1"]
    assert [event.reason for event in requested] == ["", "", "other", ""]
    assert {event.author for event in requested} == {"lead"}
    assert json_module.loads(requested[-1].data.json) == {
        "number": 1,
        "item_id": "i0",
        "trial": 1,
        "reviewers_wanted": 3,
    }


async def test_an_entry_stands_where_its_reviews_and_people_bring_it(service: Service) -> None:
    run = await finished(service)
    await ask(service, run, filter=ResultFilter(numbers=[1]), reviewers_wanted=2)

    async def state() -> int:
        return (await listed(service, run.name))[0].state

    passed = (1, {"passed": True})
    steps = [await state()]
    await submit(service, run, "ada", passed)
    steps.append(await state())
    await submit(service, run, "bob", passed)
    steps.append(await state())
    await ask(service, run, filter=ResultFilter(numbers=[1]), reviewers_wanted=3)
    steps.append(await state())
    await close(service, run, 1)
    await submit(service, run, "cyd", passed)
    steps.append(await state())
    await ask(service, run, filter=ResultFilter(numbers=[1]), reviewers_wanted=4)
    steps.append(await state())

    assert steps == [
        REVIEW_STATE_WAITING,
        REVIEW_STATE_IN_REVIEW,
        REVIEW_STATE_REVIEWED,
        REVIEW_STATE_IN_REVIEW,
        REVIEW_STATE_CLOSED,
        REVIEW_STATE_IN_REVIEW,
    ]


async def test_the_queue_of_a_project_is_listed_page_by_page(service: Service) -> None:
    first, second = await finished(service, 5), await finished(service, 5)
    await ask(service, second, filter=ResultFilter(numbers=[4, 5]))
    await ask(service, first)
    await submit(service, first, "ada", (2, {"label": "odd"}), (3, {"label": "odd"}))
    await submit(service, second, "ada", (1, {"value": 0.5}))

    of_project = await listed(service, PROJECT, page_size=2)
    of_run = await listed(service, first.name, page_size=2)
    waiting = await listed(service, PROJECT, page_size=2, state=REVIEW_STATE_WAITING)

    expected = [f"{second.name}/results/{number}" for number in (4, 5)]
    expected += [f"{first.name}/results/{number}" for number in range(1, 6)]
    assert [entry.result for entry in of_project] == [*expected, f"{second.name}/results/1"]
    assert numbers(of_run) == [1, 2, 3, 4, 5]
    assert numbers(waiting) == [4, 5, 1, 4, 5]
    assert await listed(service, "projects/other") == []


async def test_an_entry_brings_its_result_and_blind_readers_see_only_their_own(
    service: Service,
) -> None:
    run = await finished(service, 3, "exact_match")
    await ask(service, run, filter=ResultFilter(numbers=[2]), reviewers_wanted=5)
    await submit(service, run, "ada", (2, {"value": -2.5, "comment": "so so"}))
    await submit(service, run, "bob", (2, {"passed": False, "label": "rude"}))
    await claim(service, run.name, "cyd")
    await claim(service, run.name, "dee")

    (seen,) = await listed(service, run.name, "bob", include_content=True)
    (blind,) = await listed(service, run.name, "bob", include_content=True, blind=True)
    (bare,) = await listed(service, run.name, "cyd", blind=True)

    (_, result, _) = await results(service, run.name, include_items=True)
    assert seen.content == result
    assert [review.reviewer for review in seen.reviews] == ["ada", "bob"]
    ada, bob = seen.reviews
    assert ada.name == f"{run.name}/results/2/reviews/ada"
    assert (ada.criterion, ada.value, ada.comment) == ("overall", -2.5, "so so")
    assert not ada.HasField("passed")
    assert (bob.passed, bob.label, bob.HasField("value")) == (False, "rude", False)
    assert list(seen.claimed_by) == ["cyd", "dee"]
    assert list(blind.reviews) == [bob]
    assert not blind.claimed_by
    assert not blind.content.scores
    assert blind.content.input.json == "1"
    assert list(bare.claimed_by) == ["cyd"]
    assert (len(bare.reviews), bare.HasField("content")) == (0, False)


async def test_reviewers_never_hold_an_entry_beyond_what_it_needs(service: Service) -> None:
    run = await finished(service, 20)
    await ask(service, run, filter=ResultFilter(numbers=range(1, 11)))
    await ask(service, run, filter=ResultFilter(numbers=range(11, 21)), reviewers_wanted=2)

    hands = await asyncio.gather(
        *(claim(service, PROJECT, f"reviewer-{n}", limit=7) for n in range(6))
    )

    held = [number for entries in hands for number in numbers(entries)]
    assert sorted(held) == sorted([*range(1, 11), *range(11, 21), *range(11, 21)])
    assert all(len(set(numbers(entries))) == len(entries) <= 7 for entries in hands)
    assert await claim(service, run.name, "late", limit=100) == []


async def test_a_reviewer_gets_again_what_is_in_hand_and_never_what_is_reviewed(
    service: Service,
) -> None:
    run = await finished(service, 5)
    await ask(service, run, reviewers_wanted=2)

    first = await claim(service, run.name, "ada", limit=2, duration=seconds(60))
    again = await claim(service, PROJECT, "ada", limit=3, duration=seconds(600))
    await submit(service, run, "ada", (1, {"passed": True}), (5, {"passed": True}))
    rest = await claim(service, run.name, "ada", limit=100)

    assert (numbers(first), numbers(again), numbers(rest)) == ([1, 2], [1, 2, 3], [2, 3, 4])
    assert again[0].claim_expire_time.seconds - first[0].claim_expire_time.seconds >= 530
    assert {tuple(entry.claimed_by) for entry in rest} == {("ada",)}
    assert first[0].content.output.json == "1"
    assert not first[0].content.scores
    assert numbers(await claim(service, run.name, "bob", limit=100)) == [1, 2, 3, 4, 5]


async def test_a_claim_ends_by_itself(service: Service) -> None:
    run = await finished(service, 1)
    await ask(service, run)
    await claim(service, run.name, "ada", duration=seconds(1))
    assert await claim(service, run.name, "bob") == []

    async def free() -> list[ReviewEntry]:
        return await claim(service, run.name, "bob")

    assert numbers(await eventually(free)) == [1]
    assert await claim(service, run.name, "ada") == []


async def test_an_answer_that_is_full_leaves_the_rest_to_others(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, [item(LARGE, item_id=f"i{number}") for number in range(4)])
    await worker.finish(run.name)
    await ask(service, run)

    mine = await claim(service, run.name, "ada", limit=4)
    others = await claim(service, run.name, "bob", limit=4)

    assert (numbers(mine), numbers(others)) == ([1, 2], [3, 4])
    assert numbers(await listed(service, run.name, include_content=True)) == [1, 2, 3, 4]


async def test_a_review_takes_the_place_of_the_one_before(service: Service) -> None:
    run = await finished(service)
    said = {"criterion": "tone", "value": 2.0, "passed": True, "label": "ok", "comment": "fine"}

    first = await submit(service, run, "ada", (1, said), (2, {"passed": False}), (1, {"value": 1}))
    again = await submit(service, run, "ada", (1, said))
    changed = await submit(service, run, "ada", (1, {**said, "comment": "finer"}))
    await submit(service, run, "bob", (1, said))

    assert numbers(first) == [1, 2]
    assert states(first) == [REVIEW_STATE_REVIEWED] * 2
    assert [review.criterion for review in first[0].reviews] == ["overall", "tone"]
    assert again == first[:1]
    tone = next(review for review in changed[0].reviews if review.criterion == "tone")
    assert (tone.comment, tone.reviewer) == ("finer", "ada")
    recorded = await told(service, "reviews_recorded")
    assert [event.author for event in recorded] == ["ada"] * 4 + ["bob"]
    assert json_module.loads(recorded[0].data.json)["comment"] == "fine"
    assert recorded[0].resource == f"{run.name}/results/1"


async def test_entries_are_closed_once(service: Service) -> None:
    run = await finished(service)
    await ask(service, run)
    await claim(service, run.name, "ada", limit=6)

    closed = [
        await close(service, run, 1, 2, 2, note="enough"),
        await close(service, run, 2, 3),
        await close(service, run, 3),
    ]

    assert closed == [2, 1, 0]
    assert numbers(await listed(service, run.name, state=REVIEW_STATE_CLOSED)) == [1, 2, 3]
    assert numbers(await claim(service, run.name, "ada", limit=6)) == [4, 5, 6]
    events = await told(service, "reviews_closed")
    assert [event.reason for event in events] == ["enough", ""]
    assert json_module.loads(events[0].data.json)["numbers"] == [1, 2]
    other = await finished(service)
    unknown = await refusal(close(service, other, 1))
    assert (unknown.reason, unknown.metadata["resource"]) == (
        "RESOURCE_NOT_FOUND",
        f"{other.name}/results/1",
    )


async def test_calls_that_are_repeated_answer_the_same(service: Service) -> None:
    run = await finished(service)

    counts = [await ask(service, run, request_id="r") for _ in range(2)]
    entries = [
        await submit(service, run, "ada", (1, {"label": "x"}), request_id="s") for _ in range(2)
    ]
    closed = [await close(service, run, 1, request_id="c") for _ in range(2)]
    reused = await refusal(submit(service, run, "ada", (1, {"label": "y"}), request_id="s"))

    assert counts == [6, 6]
    assert entries[0] == entries[1]
    assert closed == [1, 1]
    assert reused.reason == "REQUEST_ID_REUSED"


async def test_a_summary_tells_how_far_reviewers_agree_with_each_other_and_the_scorers(
    service: Service,
) -> None:
    run = await finished(service, 6, "exact_match", "levenshtein")
    await ask(service, run)
    verdicts = {"ada": [False, True, False, True], "bob": [False, True, True, True]}
    for reviewer, said in verdicts.items():
        await submit(
            service,
            run,
            reviewer,
            *((number, {"passed": passed}) for number, passed in enumerate(said, 1)),
            (5, {"criterion": "tone", "value": 1.0 if reviewer == "ada" else 3.0}),
            (4, {"criterion": "tone", "value": 2.0}),
        )
    await close(service, run, 6)

    answer = await summed_up(service, run)

    assert answer.counts == ReviewCounts(reviewed=5, closed=1)
    overall, tone = answer.agreements
    assert (overall.criterion, overall.field) == ("overall", "passed")
    assert (overall.results, overall.ratings) == (4, 8)
    # Coincidences of 3 false and 5 true ratings, 2 of which disagree: 1 - 7 * 2 / (2 * 3 * 5).
    assert overall.krippendorff_alpha == pytest.approx(1 - 14 / 30)
    both = {(pair.first, pair.second): pair for pair in overall.pairs}
    assert set(both) == {
        ("ada", "bob"),
        ("ada", "scorer:exact_match"),
        ("bob", "scorer:exact_match"),
    }
    assert both["ada", "bob"].observed == 0.75
    assert both["ada", "bob"].cohen_kappa == pytest.approx(0.5)
    assert both["ada", "scorer:exact_match"].cohen_kappa == 1
    assert (tone.criterion, tone.field, tone.results) == ("tone", "value", 2)
    (pair,) = tone.pairs
    assert pair.observed == 0.5
    assert pair.cohen_kappa == pytest.approx(-1 / 3)


async def test_a_run_that_nobody_reviewed_has_an_empty_summary(service: Service) -> None:
    run = await finished(service)

    assert await summed_up(service, run) == GetReviewSummaryResponse(counts=ReviewCounts())


async def test_bad_filters_and_reviews_are_refused_by_their_paths(service: Service) -> None:
    run = await finished(service, 1, "exact_match")
    numbered: list[tuple[int, dict[str, Any]]] = [
        (1, {"value": 1e101}),
        (0, {"label": "x" * 101}),
        (1, {}),
    ]

    told_of_filter = [
        await refusal(ask(service, run, filter=wanted))
        for wanted in (
            ResultFilter(failing=True, scorer="none"),
            ResultFilter(scorer="exact_match"),
            ResultFilter(numbers=[1, 0]),
            ResultFilter(status=cast("ResultStatus", 99)),
        )
    ]
    told_of_reviews = await refusal(submit(service, run, "ada", *numbered))
    told_of_one = await refusal(
        submit(service, run, "a", (1, {"criterion": "a b", "value": float("nan"), "comment": "\0"}))
    )

    assert [refused.paths for refused in told_of_filter] == [
        ["filter.scorer"],
        ["filter.scorer"],
        ["filter.numbers[1]"],
        ["filter.status"],
    ]
    assert summary(told_of_reviews) == invalid(
        "reviews[0].review.value",
        "reviews[1].number",
        "reviews[1].review.label",
        "reviews[2].review",
        "reviews[2]",
    )
    assert told_of_one.paths == [
        "reviews[0].review.criterion",
        "reviews[0].review.value",
        "reviews[0].review.comment",
    ]


async def test_bad_requests_are_refused(service: Service) -> None:
    run = await finished(service)

    for call, path in (
        (ask(service, run, reviewers_wanted=101), "reviewers_wanted"),
        (ask(service, run, note="x" * 1001), "note"),
        (submit(service, run, "ada"), "reviews"),
        (close(service, run), "numbers"),
        (close(service, run, 1, -1), "numbers[1]"),
        (close(service, run, 1, note="\0"), "note"),
        (claim(service, PROJECT, "ada", limit=101), "limit"),
        (claim(service, PROJECT, "ada", duration=seconds(0.5)), "duration"),
        (claim(service, "nothing", "ada"), "parent"),
        (listed(service, f"{PROJECT}/runs"), "parent"),
        (listed(service, PROJECT, state=9), "state"),
        (listed(service, PROJECT, page_size=-1), "page_size"),
    ):
        assert summary(await refusal(call)) == invalid(path)


async def test_nothing_can_be_said_of_a_run_that_is_not_there(service: Service) -> None:
    run = await finished(service)
    gone = Run(name=f"{run.name}x")
    calls: list[Awaitable[Any]] = [
        ask(service, gone),
        submit(service, gone, "ada", (1, {"value": 1})),
        close(service, gone, 1),
        claim(service, gone.name, "ada"),
        listed(service, gone.name),
        summed_up(service, gone),
    ]
    for missing in calls:
        assert (await refusal(missing)).reason == "RESOURCE_NOT_FOUND"
