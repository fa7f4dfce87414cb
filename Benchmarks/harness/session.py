"""The measurements. Contenders take turns within every round, so that a busy minute hits all of them."""

import contextlib
import subprocess
import time
from dataclasses import dataclass

from harness.contender import LOAD, ROUTED_NAME, Instance
from harness.service import DESCRIPTORS, Failure, Service, load


@dataclass(frozen=True)
class Scale:
    """How much work one measurement is."""
    rounds: int
    growth_rounds: int
    connections: int
    growth_connections: int
    bytes_single: int
    bytes_sixteen: int
    banner_seconds: int
    silent_seconds: int
    rounds_until: float  # seconds after the start; a slow machine makes fewer rounds
    growth_until: float
    held: tuple = (10, 1000, min(8000, (DESCRIPTORS - 1000) // 2))

    @staticmethod
    def quick(contenders):
        return Scale(rounds=3 if contenders <= 4 else 2, growth_rounds=2 if contenders <= 4 else 1, connections=2500,
                     growth_connections=1500, bytes_single=250_000_000, bytes_sixteen=16_000_000, banner_seconds=1,
                     silent_seconds=10, rounds_until=62, growth_until=108)

    @staticmethod
    def full(contenders):
        return Scale(rounds=max(3, 28 // max(contenders, 4)), growth_rounds=max(2, 20 // max(contenders, 4)),
                     connections=5000, growth_connections=4000, bytes_single=600_000_000, bytes_sixteen=40_000_000,
                     banner_seconds=2, silent_seconds=30, rounds_until=360, growth_until=560)


CONCURRENCY = 64


class Budget:
    """Rounds as long as one more is likely to end in time."""

    def __init__(self, started, until):
        self.started, self.until = started, until

    def rounds(self, most, least):
        began = time.monotonic()
        for number in range(most):
            now = time.monotonic()
            longest = (now - began) / max(number, 1)
            if number >= least and now - self.started + longest > self.until:
                return
            yield number


class Samples(dict):
    """(series, contender) -> one value per turn."""

    rounds = growth_rounds = 0

    def put(self, series, contender, value):
        self.setdefault((series, contender.key), []).append(value)


def _cpu_per_connection(instance, count, **options):
    instance.tree.settle()
    before = instance.tree.cpu()
    load(LOAD, "connections", count=count, concurrency=CONCURRENCY, **options)
    instance.tree.settle()
    return (instance.tree.cpu() - before) / count * 1e6


def _plain(instance, scale, samples, series="plain"):
    value = _cpu_per_connection(instance, scale.connections, port=instance.port["plain"])
    samples.put(series, instance.contender, value)


def _records(instance, scale, samples):
    _plain(instance, scale, samples, series="records")


def _sni(instance, scale, samples):
    value = _cpu_per_connection(instance, scale.connections, port=instance.port["sni"], hello=ROUTED_NAME, tag="A")
    samples.put("sni", instance.contender, value)


def _bulk(streams):
    def measure(instance, scale, samples):
        size = scale.bytes_single if streams == 1 else scale.bytes_sixteen
        instance.tree.settle()
        before = instance.tree.cpu()
        result = load(LOAD, "bulk", port=instance.port["bulk"], streams=streams, bytes=size)
        instance.tree.settle()
        used = instance.tree.cpu() - before
        samples.put(f"gigabyte-{streams}", instance.contender, used * 1000 / (result["bytes"] / 1e9))
        samples.put(f"throughput-{streams}", instance.contender, result["bytes"] / result["seconds"] / 1e6)
    return measure


def _banner(name, rate):
    def measure(instance, scale, samples):
        instance.tree.settle()
        result = load(LOAD, "rate", port=instance.port["plain"], rate=rate, seconds=scale.banner_seconds)
        samples.put(f"banner-{name}-p50", instance.contender, result["p50_us"])
        samples.put(f"banner-{name}-p99", instance.contender, result["p99_us"])
    return measure


# The figures with the narrowest bounds take two turns in a round.
ROUND = [
    ({"plain"}, _plain), ({"sni"}, _sni), ({"gigabyte", "throughput"}, _bulk(1)), ({"gigabyte", "throughput"}, _bulk(16)),
    ({"plain"}, _plain), ({"sni"}, _sni), ({"banner"}, _banner("idle", 200)), ({"banner"}, _banner("rate", 2000)),
]


@contextlib.contextmanager
def running(contenders, logged=False):
    instances = []
    try:
        for contender in contenders:
            instances.append(Instance(contender, logged))
            instances[-1].verify()
        yield instances
    finally:
        for instance in instances:
            instance.stop()


def measure_rounds(contenders, figures, scale, samples, say, started):
    measures = [(keys & figures, measure) for keys, measure in ROUND if keys & figures]
    if not measures:
        return
    able = [contender for contender in contenders if contender.takes_part_in(figures)]
    with running(able) as instances:
        for number in Budget(started, scale.rounds_until).rounds(scale.rounds, least=2):
            say(f"round {number + 1} of {scale.rounds}")
            samples.rounds = number + 1
            for keys, measure in measures:
                for instance in instances:
                    if instance.contender.takes_part_in(keys):
                        measure(instance, scale, samples)


def measure_records(contenders, figures, scale, samples, say, started):
    able = [contender for contender in contenders
            if contender.kind in ("tailwart", "haproxy", "nginx") and contender.takes_part_in({"records"})]
    if "records" not in figures or not able:
        return
    say("with a log line for each connection")
    with running(able, logged=True) as instances:
        for _ in Budget(started, scale.rounds_until + 30).rounds(scale.growth_rounds, least=2):
            for instance in instances:
                _records(instance, scale, samples)


class Holder:
    """Idle connections through one instance."""

    def __init__(self, instance):
        self.instance = instance
        self.service = Service([LOAD, "hold", "--port", str(instance.port["held"])], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)

    def hold(self, count):
        self.service.process.stdin.write(f"{count}\n")
        if self.service.process.stdout.readline().strip() != str(count):
            raise Failure(f"{self.instance.contender.label} did not keep {count} connections open")
        self.instance.tree.settle()

    def stop(self):
        self.service.stop()


def measure_idle(contenders, figures, scale, samples, say, started):
    """Fresh processes: empty memory, then thousands of idle connections, their silence, and new ones beside them."""
    if not figures & {"memory", "empty", "silent", "growth"}:
        return
    instances, holders = [], []
    most = scale.held[-1]
    try:
        for contender in contenders:
            if not contender.takes_part_in(figures & {"memory", "empty", "silent", "growth"}):
                continue
            instance = Instance(contender)
            instances.append(instance)
            empty, anonymous = instance.tree.memory()
            samples.put("empty-pss", contender, empty / 1000)
            samples.put("empty-anonymous", contender, anonymous / 1000)
            if not figures & {"memory", "silent", "growth"}:
                continue
            holders.append(Holder(instance))
            say(f"{most} idle connections through {contender.label}")
            holders[-1].hold(most)
            time.sleep(0.5)
            samples.put("memory", contender, (instance.tree.memory()[0] - empty) / most)
        if "silent" in figures:
            say(f"{scale.silent_seconds} s of silence, all contenders at once")
            time.sleep(2)
            before = [(instance.tree.cpu(), time.monotonic()) for instance in instances]
            time.sleep(scale.silent_seconds)
            for instance, (cpu, began) in zip(instances, before):
                used = (instance.tree.cpu() - cpu) / (time.monotonic() - began)
                samples.put("silent", instance.contender, used * 1e6)
        if "growth" in figures:
            for instance in instances:
                load(LOAD, "connections", port=instance.port["plain"], count=1000, concurrency=CONCURRENCY)
            for number in Budget(started, scale.growth_until).rounds(scale.growth_rounds, least=1):
                say(f"growth, round {number + 1} of {scale.growth_rounds}")
                samples.growth_rounds = number + 1
                # The bound compares the levels of one contender, so these follow each other; every other round goes down.
                levels = list(zip((10, 1000, 8000), scale.held))[::1 if number % 2 else -1]
                for instance, holder in zip(instances, holders):
                    for label, count in levels:
                        holder.hold(count)
                        value = _cpu_per_connection(instance, scale.growth_connections, port=instance.port["plain"])
                        samples.put(f"growth-{label}", instance.contender, value)
    finally:
        for service in holders + instances:
            service.stop()
