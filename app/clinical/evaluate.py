"""Facts in, advice out: every pathway asked once, its site settings applied."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.clinical.examinations import Episode
from app.clinical.situation import PARAMETERS, PARAMETERS_OF, situation
from app.clinical.vocabulary import Exam, Facts
from app.errors import AuthorError, CallerError
from app.pathway.decide import Decision, Recommendation, Situation, decide, merged, ranked
from app.pathway.load import Pathway, fill

Config = Mapping[str, object]


def check_numbers(pathways: Sequence[Pathway]) -> None:
    """Raise AuthorError for a number that the code reads and a pathway lacks, or that two pathways give differently."""
    known: dict[str, tuple[str, int]] = {}
    for pathway in pathways:
        for fact, needed in {"every patient": PARAMETERS, **PARAMETERS_OF}.items():
            if fact in pathway.facts.facts or needed is PARAMETERS:
                for name in needed:
                    if name not in pathway.days:
                        reason = f"parameters: {name} is missing: it is read for {fact}"
                        raise AuthorError(f"{pathway.id}/pathway.yaml", None, reason)
        for name, value in pathway.days.items():
            home, other = known.setdefault(name, (pathway.id, value))
            if other != value:
                reason = f"parameters.{name}: {value} here and {other} in {home}: one name has one value"
                raise AuthorError(f"{pathway.id}/pathway.yaml", None, reason)


@dataclass(frozen=True, slots=True)
class PathwayDecision:
    """One pathway's decision and the situation it was made of. `pathway` carries the site's settings, `latest` is L."""

    pathway: Pathway
    situation: Situation
    decision: Decision
    latest: Exam | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all pathways say. `recommendations` are in the order of decision table section 16: the first one leads."""

    today: date
    facts: Facts
    decisions: tuple[PathwayDecision, ...]
    recommendations: tuple[Recommendation, ...]

    @property
    def lead(self) -> Recommendation | None:
        """The recommendation that leads, or None: nothing to say."""
        return self.recommendations[0] if self.recommendations else None

    @property
    def pathways(self) -> tuple[Pathway, ...]:
        """The pathways asked, with the site's settings."""
        return tuple(item.pathway for item in self.decisions)

    def decided(self, made: Recommendation) -> PathwayDecision:
        """The pathway decision this recommendation came from; the first, if several pathways say the same."""
        return next(
            item for item in self.decisions if any(each.id == made.id for each in item.decision.recommendations)
        )

    def home_of(self, made: Recommendation) -> Pathway:
        """The pathway that made this recommendation."""
        return self.decided(made).pathway


def evaluate(pathways: Sequence[Pathway], facts: Facts, *, today: date, config: Config) -> Evaluation:
    """Ask every pathway. Raises CallerError (400) for a setting that no pathway has or that is out of its bounds."""
    return decide_all(configure(pathways, config), facts, today)


def decide_all(pathways: Sequence[Pathway], facts: Facts, today: date) -> Evaluation:
    """Ask every pathway, as configured. What two pathways both say is said once, with the rules of both.

    A pathway that advises on orders is asked elsewhere (`ordering.py`), and only about an order.
    """
    pathways = [pathway for pathway in pathways if not pathway.advises_on_orders]
    episode = Episode(facts, today, {name: days for each in pathways for name, days in each.days.items()})
    found = situation(episode)
    decisions = tuple(_decide(pathway, found, episode.latest) for pathway in pathways)
    steps = {name: step for pathway in pathways for name, step in pathway.steps.items()}
    made: dict[str, Recommendation] = {}
    for item in decisions:
        for each in item.decision.recommendations:
            made[each.id] = merged(made[each.id], each) if each.id in made else each
    return Evaluation(today, facts, decisions, ranked(tuple(made.values()), steps))


def _decide(pathway: Pathway, found: Situation, latest: Exam | None) -> PathwayDecision:
    policies = {name: policy.value for name, policy in pathway.policies.items()}
    named = replace(found, names={**policies, **found.names})
    return PathwayDecision(pathway, named, decide(pathway, named), latest)


def configure(pathways: Sequence[Pathway], config: Config) -> tuple[Pathway, ...]:
    """The pathways with a site's settings. Parameters stay inside their declared bounds, policies in their lists."""
    if not config:
        return tuple(pathways)
    known = {name for pathway in pathways for name in settings_of(pathway)}
    for name in config:
        if name not in known:
            # the name is the caller's text and is not repeated; the allowed ones are ours
            raise CallerError(400, "config-unknown", "a setting in config is not known", _one_of(known), ("config",))
    return tuple(_configured(pathway, config) for pathway in pathways)


def settings_of(pathway: Pathway) -> Iterator[str]:
    """The settings a site may change."""
    yield from pathway.policies
    yield from (name for name, parameter in pathway.parameters.items() if parameter.site_may_change)


def _configured(pathway: Pathway, config: Config) -> Pathway:
    days = dict(pathway.days)
    policies = dict(pathway.policies)
    for name, value in config.items():
        if name in policies:
            allowed = policies[name].values
            if value not in allowed:
                raise CallerError(
                    400, "config-invalid", f"{name} has a value it cannot take", _one_of(allowed), (f"config.{name}",)
                )
            policies[name] = policies[name].model_copy(update={"value": value})
        elif name in pathway.parameters:
            days[name] = _in_bounds(pathway, name, value)
    if days["repeat_min_day"] > days["repeat_max_day"]:
        change = "let repeat_min_day be at most repeat_max_day"
        raise CallerError(400, "config-invalid", "the repeat window ends before it begins", change, ("config",))
    because = {rule: fill(row.because, days) for rule, row in pathway.rows.items()}
    return replace(pathway, days=days, policies=policies, because=because)


def _in_bounds(pathway: Pathway, name: str, value: object) -> int:
    parameter = pathway.parameters[name]
    days = _whole(value)
    if days is None or not parameter.minimum <= days <= parameter.maximum:
        change = f"a whole number from {parameter.minimum} to {parameter.maximum} ({parameter.unit})"
        raise CallerError(400, "config-invalid", f"{name} is outside its bounds", change, (f"config.{name}",))
    return days


def _whole(value: object) -> int | None:
    """A whole number, also when it was written as 5.0: JSON has one kind of number. True and false are none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _one_of(values: Sequence[str] | set[str]) -> str:
    return f"use one of: {', '.join(sorted(values))}"
