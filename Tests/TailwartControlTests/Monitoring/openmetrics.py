"""Reads a page of OpenMetrics with the reference parser, which is strict, and prints how many samples it has.

    openmetrics.py PAGE
"""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], newline="") as file:
    families = list(text_string_to_metric_families(file.read()))
print(sum(len(family.samples) for family in families))
