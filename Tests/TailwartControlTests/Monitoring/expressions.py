"""Reads a Grafana dashboard and a file of alert rules, and prints as JSON what their expressions ask for.

    expressions.py DASHBOARD RULES

Fails where Grafana's own types do not take the dashboard, and where an expression is none. Its answer names as problems: keys that Grafana does not
know, and panels and alerts that do not say what they are.
"""

import json
import sys

import promql_parser
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(before, after, path="$"):
    """Keys of a JSON value that are not in another one, or have another value there."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            # What is not set and what is empty are the same to Grafana.
            if key not in after:
                if value not in (None, [], {}, False, ""):
                    yield f"{path}.{key}"
            else:
                yield from lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield path
        for number, pair in enumerate(zip(before, after)):
            yield from lost(*pair, f"{path}[{number}]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def walk(node):
    yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, name, None)
        if child is not None:
            yield from walk(child)
    for child in getattr(node, "args", None) or []:
        yield from walk(child)


def asked(text):
    """What an expression asks for: metrics with the labels that they are chosen by, and the labels that are grouped and joined by."""
    plain = text.replace("$__rate_interval", "5m").replace("$instance", "edge")
    metrics, labels = [], set()
    for node in walk(promql_parser.parse(plain)):
        modifier = getattr(node, "modifier", None)
        if isinstance(node, promql_parser.VectorSelector):
            metrics.append({"name": node.name, "labels": sorted({m.name for m in node.matchers.matchers})})
        elif isinstance(node, promql_parser.AggregateExpr) and modifier:
            labels |= set(modifier.labels)
        elif isinstance(node, promql_parser.BinaryExpr) and modifier and modifier.matching:
            labels |= set(modifier.matching.labels)
    return {"expression": text, "metrics": metrics, "labels": sorted(labels)}


def main():
    with open(sys.argv[1]) as file:
        source = json.load(file)
    register_default_plugins()
    dashboard = Dashboard.from_json(source)
    again = json.loads(JSONEncoder().encode(dashboard))
    problems = list(lost(source, again))
    identifiers = [panel["id"] for panel in source["panels"]]
    if len(set(identifiers)) != len(identifiers):
        problems.append("two panels have the same id")
    queries = []
    for panel in dashboard.panels:
        if panel.type_val == "row":
            continue
        if not panel.title or not panel.targets:
            problems.append(f"panel {panel.id_val} has no title or asks nothing")
        queries += [target.expr for target in panel.targets]
    with open(sys.argv[2]) as file:
        rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    for rule in rules:
        if set(rule["annotations"]) != {"summary", "fix"} or not all(rule["annotations"].values()):
            problems.append(f"{rule['alert']} has no summary and fix")
        if rule["labels"].get("severity") not in ("info", "warning", "critical"):
            problems.append(f"{rule['alert']} has no severity")
        queries.append(rule["expr"])
    print(
        json.dumps(
            {
                "rows": [panel.title for panel in dashboard.panels if panel.type_val == "row"],
                "alerts": [rule["alert"] for rule in rules],
                "asked": [asked(query) for query in queries],
                "problems": problems,
            }
        )
    )


main()
