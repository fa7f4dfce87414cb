"""What the operating system accounts to a process and its descendants."""

import os
import time

CLOCK_TICK = os.sysconf("SC_CLK_TCK")


class Tree:
    """A process and everything that descends from it."""

    def __init__(self, pid):
        self.pid = pid

    def pids(self):
        children = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat") as file:
                        parent = int(file.read().rpartition(")")[2].split()[1])
                except (OSError, IndexError):
                    continue
                children.setdefault(parent, []).append(int(name))
        found = [self.pid]
        for pid in found:
            found.extend(children.get(pid, []))
        return found

    def cpu(self):
        """User and system time so far, in seconds.

        /proc/PID/task/*/schedstat counts nanoseconds on the processor: the same clock from which the kernel derives user
        and system time, without their rounding to 10 ms. Without it (CONFIG_SCHED_INFO off) the rounded values serve.
        """
        total = 0.0
        for pid in self.pids():
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                        total += int(file.read().split()[0]) / 1e9
            except FileNotFoundError:
                try:
                    with open(f"/proc/{pid}/stat") as file:
                        fields = file.read().rpartition(")")[2].split()
                    total += (int(fields[11]) + int(fields[12])) / CLOCK_TICK
                except FileNotFoundError:
                    continue
        return total

    def memory(self):
        """(proportional set size, its anonymous part) in bytes."""
        total = anonymous = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as file:
                fields = {}
                for line in file:
                    words = line.split()
                    if len(words) == 3 and words[2] == "kB":
                        fields[words[0]] = int(words[1]) * 1024
            total += fields["Pss:"]
            anonymous += fields.get("Pss_Anon:", fields.get("Anonymous:", 0))
        return total, anonymous

    def settle(self, limit=3.0):
        """Waits until the tree does (almost) nothing: leftovers of one measurement must not count in the next."""
        end = time.monotonic() + limit
        before = self.cpu()
        while time.monotonic() < end:
            time.sleep(0.05)
            now = self.cpu()
            if now - before < 0.0005:
                return
            before = now
