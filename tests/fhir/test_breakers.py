"""Threat model I1: a circuit breaker for each origin, in memory."""

from app.fhir.breakers import MOST_ORIGINS, Breakers

ONE, OTHER = ("https", "one.example.org", 443), ("https", "other.example.org", 443)


class Clock:
    """Seconds as the test says."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breakers:
    breakers = Breakers(clock, failures=3, pause_seconds=10)
    for _ in range(3):
        breakers.note(ONE, answered=False)
    return breakers


def test_it_opens_after_failures_in_a_row() -> None:
    breakers = Breakers(Clock(), failures=3)
    answers = []
    for _ in range(3):
        answers.append(breakers.may_ask(ONE))
        breakers.note(ONE, answered=False)

    assert answers == [True, True, True]
    assert not breakers.may_ask(ONE)


def test_an_answer_between_starts_the_count_again() -> None:
    breakers = Breakers(Clock(), failures=2)
    for answered in (False, True, False):
        breakers.note(ONE, answered=answered)

    assert breakers.may_ask(ONE)


def test_another_origin_is_not_affected() -> None:
    assert opened(Clock()).may_ask(OTHER)


def test_after_the_pause_one_call_may_try() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now = 9.9
    assert not breakers.may_ask(ONE)
    clock.now = 10.0

    assert [breakers.may_ask(ONE) for _ in range(3)] == [True, False, False]


def test_a_trial_that_went_well_closes_it() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now = 10.0
    breakers.may_ask(ONE)
    breakers.note(ONE, answered=True)

    assert [breakers.may_ask(ONE) for _ in range(3)] == [True, True, True]


def test_a_trial_that_failed_opens_it_again() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now = 10.0
    breakers.may_ask(ONE)
    breakers.note(ONE, answered=False)
    clock.now = 19.9
    assert not breakers.may_ask(ONE)
    clock.now = 20.0

    assert breakers.may_ask(ONE)


def test_a_trial_of_which_nothing_was_heard_is_followed_by_another() -> None:
    """The caller went away in the middle: nobody is locked out for good."""
    clock = Clock()
    breakers = opened(clock)
    clock.now = 10.0
    assert breakers.may_ask(ONE)
    clock.now = 20.0

    assert breakers.may_ask(ONE)


def test_memory_is_bounded() -> None:
    breakers = Breakers(Clock())
    for port in range(MOST_ORIGINS + 10):
        breakers.note(("http", "127.0.0.1", port), answered=False)

    assert len(breakers._troubles) == MOST_ORIGINS  # noqa: SLF001  # what is kept is the claim
