"""Checks YAML texts against a JSON Schema with a validator that is not ours.

Reads {"schema": ..., "documents": [text, ...]} from the file in its argument, and prints a list with null for each text that
is valid, else what is wrong.
"""

import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Types plain scalars as the core schema of YAML 1.2 does; PyYAML takes `off` for false, as YAML 1.1 did."""

    yaml_implicit_resolvers = {}


for name, pattern in [
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ("null", r"~|null|Null|NULL|"),
]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"^(?:{pattern})$"), None)


def value(node, seen):
    if id(node) not in seen:
        if isinstance(node, yaml.ScalarNode):
            kind = node.tag.rpartition(":")[2]
            text = node.value
            convert = {
                "bool": lambda: text.lower() == "true",
                "int": lambda: int(text, 0 if text[:2] in ("0o", "0x") else 10),
                "float": lambda: float(text.replace(".inf", "inf").replace(".nan", "nan")),
                "null": lambda: None,
            }.get(kind, lambda: text)
            seen[id(node)] = convert()
        elif isinstance(node, yaml.SequenceNode):
            seen[id(node)] = [value(member, seen) for member in node.value]
        else:
            keys = [key.value if isinstance(key, yaml.ScalarNode) else "" for key, _ in node.value]
            seen[id(node)] = dict(zip(keys, [value(member, seen) for _, member in node.value]))
    return seen[id(node)]


with open(sys.argv[1], encoding="utf-8") as file:
    request = json.load(file)
jsonschema.Draft202012Validator.check_schema(request["schema"])
validator = jsonschema.Draft202012Validator(request["schema"])
answers = []
for text in request["documents"]:
    node = yaml.compose(text, Loader)
    error = node and next(validator.iter_errors(value(node, {})), None)
    answers.append(f"{error.json_path}: {error.message}" if error else None if node else "the file is empty")
json.dump(answers, sys.stdout)
