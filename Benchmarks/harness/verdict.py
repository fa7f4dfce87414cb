"""Medians, ratios and whether a bound holds."""

from dataclasses import dataclass
from statistics import median


def median_of(samples, series, contender):
    values = samples.get((series, contender.key))
    return median(values) if values else None


def ratio_of(samples, series, one, other):
    """The median of the ratios of the same round: what slowed a whole round down cancels out."""
    ours, theirs = samples.get((series, one.key)), samples.get((series, other.key))
    if not ours or not theirs:
        return None
    pairs = [a / b for a, b in zip(ours, theirs) if b > 0]
    return median(pairs) if pairs else None


@dataclass(frozen=True)
class Verdict:
    what: str
    value: str
    bound: str
    good: bool | None  # None: nobody to judge
    floor: str  # what the floor reaches by the same measure


def _name(figure, series):
    words = figure.series[series]
    return f"{figure.title}, {words}" if words else figure.title


def verdicts(figures, samples, contenders):
    """One verdict for each bound of each figure that was measured."""
    first = {}
    for contender in contenders:
        first.setdefault(contender.kind, contender)
    subject, floor = first.get("tailwart"), first.get("floor")
    found = []

    def add(what, measure, bound_text, holds, style):
        ours = measure(subject) if subject else None
        least = measure(floor) if floor else None
        found.append(Verdict(what, style.format(ours) if ours is not None else "–", bound_text,
                             holds(ours) if ours is not None else None,
                             style.format(least) if least is not None else "–"))

    for figure in figures:
        for series in figure.judged or figure.series:
            if not any((series, contender.key) in samples for contender in contenders):
                continue
            name = _name(figure, series)
            for kind, bound in figure.ratios.items():
                if kind not in first:
                    continue
                sign = "≥" if figure.least else "≤"
                add(f"{name} ÷ {first[kind].label}",
                    lambda who, peer=first[kind], series=series: ratio_of(samples, series, who, peer),
                    f"{sign} {bound:.2f}",
                    lambda value, bound=bound, least=figure.least: round(value, 2) >= bound if least
                    else round(value, 2) <= bound, "{:.2f}")
            if figure.absolute is not None:
                add(name, lambda who, series=series: median_of(samples, series, who),
                    f"≤ {figure.absolute:g} {figure.unit}",
                    lambda value, bound=figure.absolute: value <= bound, "{:.0f} " + figure.unit)
            base = next(iter(figure.series))
            if figure.flat is not None and series != base:
                def growth(who, series=series, base=base):
                    ours, start = samples.get((series, who.key)), samples.get((base, who.key))
                    return median(a / b for a, b in zip(ours, start)) if ours and start else None
                add(f"{name} ÷ {figure.series[base]}", growth, f"≤ {figure.flat:.2f}",
                    lambda value, bound=figure.flat: round(value, 2) <= bound, "{:.2f}")
    return found
