"""A limit on the memory of a process, as a sandbox has it: a control group of its own (root only)."""
import contextlib
import os
import pathlib
import time

V1 = pathlib.Path("/sys/fs/cgroup/memory")
V2 = pathlib.Path("/sys/fs/cgroup")


def kind():
    """What there is, in words for the table; None when it can't be used here."""
    if os.access(V1 / "cgroup.procs", os.W_OK):
        return "cgroup v1"
    if os.access(V2 / "cgroup.procs", os.W_OK) and (V2 / "memory.stat").exists():
        return "cgroup v2"
    return None


@contextlib.contextmanager
def memory(megabytes):
    """Gives what a process has to call before exec, to live within so many MiB, without swap."""
    is_v1 = kind() == "cgroup v1"
    group = (V1 if is_v1 else V2) / f"bench-{os.getpid()}"
    group.mkdir()
    try:
        limit = group / ("memory.limit_in_bytes" if is_v1 else "memory.max")
        limit.write_text(str(megabytes << 20))
        if not is_v1 and (group / "memory.swap.max").exists():
            (group / "memory.swap.max").write_text("0")
        yield lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
    finally:
        leave(group)


def leave(group):
    """A group can be removed a moment after its last process has gone."""
    for _ in range(100):
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.05)
