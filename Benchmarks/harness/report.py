"""The result as text: a table for the terminal and RESULTS.md."""

import os
import platform
import subprocess
import time

from harness.verdict import median_of, ratio_of, verdicts


def _number(value):
    return "–" if value is None else f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.1f}"


def _judgement(good):
    return {True: "reached", False: "**missed**", None: "not measured"}[good]


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(head))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _plain_table(head, rows):
    rows = [[cell.replace("*", "") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))) for row in [head] + rows)


def verdict_rows(figures, samples, contenders):
    head = ["figure", "Tailwart", "target", "verdict", "floor"]
    rows = [[v.what, v.value, v.bound, _judgement(v.good), v.floor] for v in verdicts(figures, samples, contenders)]
    return head, rows


def median_rows(figures, samples, contenders):
    head = ["median (least–most)"] + [contender.label for contender in contenders]
    rows = []
    for figure in figures:
        for series, words in figure.series.items():
            cells = []
            for contender in contenders:
                values = samples.get((series, contender.key))
                if not values:
                    cells.append("–")
                elif len(values) == 1:
                    cells.append(_number(values[0]))
                else:
                    middle = median_of(samples, series, contender)
                    cells.append(f"{_number(middle)} ({_number(min(values))}–{_number(max(values))})")
            if any(cell != "–" for cell in cells):
                rows.append([f"{figure.title}{', ' if words else ''}{words} [{figure.unit}]"] + cells)
    return head, rows


def ratio_rows(figures, samples, contenders):
    """Tailwart against everyone, bound or not; without Tailwart, the floor."""
    subject = contenders[0] if contenders[0].kind == "tailwart" else contenders[-1]
    others = [contender for contender in contenders if contender != subject]
    head = [f"{subject.label} ÷"] + [contender.label for contender in others]
    rows = []
    for figure in figures:
        for series, words in figure.series.items():
            ratios = [ratio_of(samples, series, subject, other) for other in others]
            if any(ratio is not None for ratio in ratios):
                rows.append([f"{figure.title}{', ' if words else ''}{words}"] +
                            ["–" if ratio is None else f"{ratio:.2f}" for ratio in ratios])
    return head, rows


def terminal(figures, samples, contenders):
    parts = [_plain_table(*rows(figures, samples, contenders)) for rows in (median_rows, ratio_rows, verdict_rows)]
    return "\n\n".join(parts)


def _commit(folder):
    def git(*words):
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True)
    head = git("rev-parse", "--short", "HEAD")
    if head.returncode != 0:
        return "none"
    return head.stdout.strip() + (", with changes" if git("status", "--porcelain").stdout.strip() else "")


def _processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def markdown(figures, samples, contenders, quick, seconds, folder):
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    facts = [
        ("date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())),
        ("commit", _commit(folder)),
        ("kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("cores", f"{len(os.sched_getaffinity(0))}, {_processor()}"),
        ("contenders", ", ".join(contender.label for contender in contenders)),
        ("C compiler (load tool, floor)", compiler),
        ("run", f"{'quick' if quick else 'full'}, {samples.rounds} rounds, {samples.growth_rounds} for growth, "
                f"{seconds:.0f} s"),
    ]
    text = ["# Results", "",
            "Written by `Benchmarks/run`; [README.md](README.md) says what each figure means and how it is measured.",
            "",
            _table(["", ""], [list(fact) for fact in facts]).replace("--:", "---"), "",
            "## Against the targets", "",
            "The column *floor* is what a minimal C relay on the same system calls reaches by the same measure.", "",
            _table(*verdict_rows(figures, samples, contenders)), "",
            "## Medians", "", _table(*median_rows(figures, samples, contenders)), "",
            "## Ratios", "", "Medians of the ratios within one round; below 1 is less.", "",
            _table(*ratio_rows(figures, samples, contenders)), ""]
    return "\n".join(text)
