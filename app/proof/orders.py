"""Which facts of a draft order can stand together: what each kind of order can have, and how the names that
`app/clinical/ordering.py` takes from a decision follow from that decision, said again as formulas.

A missing law makes the proof stricter, never wrong. What the walk before has decided is encoded whole, so nothing about
the decision is assumed.
"""

from collections.abc import Iterator, Sequence

import z3

from app.proof.encode import DATED, Formula, Made, Walk, one_of

ULTRASOUND = ("SCAN-SYMPTOMATIC-LEG", "REPEAT-CDUS")
VENOGRAPHY = ("VENOGRAPHY",)
VENOGRAPHIES = ("ct_venography", "mr_venography")
WITHOUT_A_TIME = ("lapsed", "none")


def order_laws(walk: Walk) -> list[Formula]:
    """The laws of an order's names after the walk that was made before; none for a pathway of patients."""
    return [*_kinds(walk), *_weights(walk), *_windows(walk), *_arranged(walk)] if walk.before else []


def _made(walk: Walk, ids: Sequence[str]) -> list[Made]:
    return [walk.made[name] for name in ids]


def _is(walk: Walk, name: str, *values: str) -> Formula:
    return walk.patient.is_one_of(name, values)


def _kinds(walk: Walk) -> Iterator[Formula]:
    """What an order of another kind does not have."""
    is_ultrasound = _is(walk, "order_kind", "leg_ultrasound")
    is_venography = _is(walk, "order_kind", *VENOGRAPHIES)
    yield z3.Or(is_ultrasound, _is(walk, "order_side", "not_applicable"))
    yield z3.Or(is_ultrasound, _is(walk, "order_extent", "unknown"))
    yield z3.Or(is_venography, _is(walk, "order_contrast", "unknown"))
    yield z3.Implies(_is(walk, "order_kind", "discharge"), _is(walk, "order_form", "new"))
    # which leg is to be examined is known as soon as the side of L or of the symptoms is
    yield z3.Implies(
        z3.And(is_ultrasound, _is(walk, "symptom_side", "left", "right", "bilateral")),
        z3.Not(_is(walk, "order_side", "not_applicable")),
    )


def _weights(walk: Walk) -> Iterator[Formula]:
    """As loud as the decision says it."""
    for name, ids in (("ultrasound_weight", ULTRASOUND), ("venography_weight", VENOGRAPHY)):
        made = _made(walk, ids)
        yield _is(walk, name, "none") == z3.Not(one_of(each.present for each in made))
        yield _is(walk, name, "warning") == one_of(z3.And(each.present, each.warning) for each in made)


def _windows(walk: Walk) -> Iterator[Formula]:
    """Days can be compared only with advised days."""
    has_window = []
    for kinds, ids in ((("leg_ultrasound",), ULTRASOUND), (VENOGRAPHIES, VENOGRAPHY)):
        is_kind, made = _is(walk, "order_kind", *kinds), _made(walk, ids)
        ahead = one_of(z3.And(_has_days(each), each.when.earliest > 0) for each in made)
        begun = one_of(z3.And(_has_days(each), each.when.earliest <= 0) for each in made)
        has_window.append(z3.And(is_kind, one_of(_has_days(each) for each in made)))
        yield z3.Implies(z3.And(is_kind, _is(walk, "order_timing", "before", "undated_early")), ahead)
        yield z3.Implies(z3.And(is_kind, _is(walk, "order_timing", "undated_early")), z3.Not(begun))
        yield z3.Implies(z3.And(is_kind, _is(walk, "order_timing", "undated")), begun)
    yield _is(walk, "order_timing", "no_window") == z3.Not(one_of(has_window))


def _has_days(made: Made) -> Formula:
    return z3.And(made.present, made.when.has_kind(DATED))


def _arranged(walk: Walk) -> Iterator[Formula]:
    """Nothing can be arranged outside its days, or be lacking, when nothing is due."""
    for name, ids in (("ultrasound_arranged", ULTRASOUND), ("venography_arranged", VENOGRAPHY)):
        made = _made(walk, ids)
        due = one_of(z3.And(each.present, z3.Not(each.when.has_kind(WITHOUT_A_TIME))) for each in made)
        yield z3.Implies(_is(walk, name, "none", "outside"), due)
        yield z3.Implies(_is(walk, name, "inside"), one_of(each.present for each in made))
        yield z3.Implies(due, z3.Not(_is(walk, name, "not_due")))
