"""The figures: what each is called, its unit, and what it must reach."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    key: str
    title: str
    unit: str
    series: dict  # key -> words for the reader, "" for the only one
    ratios: dict = field(default_factory=dict)  # kind of peer -> bound of our value / theirs
    judged: tuple = ()  # the series that the bounds hold for; all if empty
    least: bool = False  # the bounds are least values: more is better
    absolute: float | None = None  # most that our own value may be
    flat: float | None = None  # most that any series may be, relative to the first
    apart: bool = False  # in the chart, each series has its own scale


FIGURES = [
    Figure("plain", "CPU per connection, plain, with a PROXY header", "µs", {"plain": ""},
           {"haproxy": 0.85, "nginx": 0.90}),
    Figure("sni", "CPU per connection, routed by server name", "µs", {"sni": ""},
           {"haproxy": 0.85, "nginx": 0.90}),
    Figure("gigabyte", "CPU per relayed GB", "ms", {"gigabyte-1": "1 stream", "gigabyte-16": "16 streams"},
           {"haproxy": 0.50, "nginx": 0.45}),
    Figure("throughput", "Throughput", "MB/s", {"throughput-1": "1 stream", "throughput-16": "16 streams"},
           {"haproxy": 1.30, "nginx": 1.30}, least=True),
    Figure("memory", "Memory per idle connection", "bytes", {"memory": ""}, absolute=512),
    Figure("empty", "Memory of the empty process", "kB",
           {"empty-pss": "proportional set size", "empty-anonymous": "anonymous"}, {"haproxy": 1.00},
           judged=("empty-anonymous",)),
    Figure("banner", "Time to the banner", "µs",
           {"banner-idle-p50": "idle, p50", "banner-idle-p99": "idle, p99",
            "banner-rate-p50": "2000/s, p50", "banner-rate-p99": "2000/s, p99"},
           {"haproxy": 1.00}, apart=True),
    # A timer that fires once a second in each of two workers costs about 20 µs a second; a process that walks over its
    # connections costs thousands.
    Figure("silent", "CPU of silent connections, per second", "µs", {"silent": ""}, absolute=200),
    Figure("growth", "CPU per connection while others are open", "µs",
           {"growth-10": "10 open", "growth-1000": "1000 open", "growth-8000": "8000 open"}, flat=1.10),
    Figure("records", "CPU per connection with a log line each", "µs", {"records": ""}),
]
