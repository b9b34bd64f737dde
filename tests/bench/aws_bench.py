"""S3 through Lunette and through boto3 as people use it: one client, a pool of 16 threads.

Gets and puts of 100 KB and 2 MB, one and 16 at a time, on loopback without TLS: against a stand-in
that only answers, which shows the clients, and against Ceph's radosgw in memory, which checks what
they send and is itself most of what takes time.
"""
import contextlib
import shutil

import bench
import servers

CASES = [(operation, size, concurrency) for operation in ("get", "put")
         for size in (100_000, 2_000_000) for concurrency in (1, 16)]
BOTO3 = "build/bench/boto3/bin/python"


@contextlib.contextmanager
def radosgw():
    with servers.radosgw("uploads") as endpoint:
        # The objects that are to be got.
        for size in (100_000, 2_000_000):
            boto3 = program("boto3", endpoint, ("put", size, 1))
            boto3.ask(16)
            boto3.close()
        yield endpoint


SERVERS = {"stand-in": servers.stand_in, "radosgw": radosgw}


def program(name, endpoint, case):
    arguments = [str(part) for part in case]
    command = {"Lunette": [bench.LUNETTE, "run", "--aws", "tests/bench/aws_lunette.lua"],
               "boto3": [BOTO3, "tests/bench/aws_boto3.py"]}[name]
    return bench.Program(name, command + arguments, servers.environment(endpoint))


def describe(case):
    operation, size, concurrency = case
    return f"{operation} {'2 MB' if size > 1_000_000 else '100 KB'}, {concurrency} at a time"


def measure(server, turn_s):
    results = []
    with SERVERS[server]() as endpoint:
        for case in CASES:
            pair = [program(name, endpoint, case) for name in ("Lunette", "boto3")]
            result = bench.compare(*pair, turn_s)
            results.append({"server": server, "case": describe(case), **result})
            ours, theirs = result["Lunette"], result["boto3"]
            bench.progress(f"  {server}: {describe(case)}: "
                           f"{bench.number(ours['per_second'])} / "
                           f"{bench.number(theirs['per_second'])} a second, "
                           f"{bench.number(ours['cpu_ms'])} / "
                           f"{bench.number(theirs['cpu_ms'])} ms of CPU")
    return results


COLUMNS = ["", "requests/s", "boto3", "ratio", "CPU a request", "boto3", "ratio",
           "peak memory", "boto3"]


def row(result):
    ours, theirs = result["Lunette"], result["boto3"]
    return [result["case"],
            bench.number(ours["per_second"]), bench.number(theirs["per_second"]),
            bench.times(result["ratio"]["per_second"]),
            bench.number(ours["cpu_ms"]) + " ms", bench.number(theirs["cpu_ms"]) + " ms",
            bench.times(result["ratio"]["cpu_ms"]),
            bench.megabytes(ours["peak_bytes"]), bench.megabytes(theirs["peak_bytes"])]


def start_line(results):
    """Of what came before the steady state: start, and one request."""
    def median(name, what):
        return bench.number(bench.statistics.median(result[name][what] for result in results))
    return "From start to the first answer: " + ", ".join(
        f"{name} {median(name, 'start_ms')} ms ({median(name, 'start_cpu_ms')} ms of CPU)"
        for name in ("Lunette", "boto3")) + "."


def main():
    chosen = [name for name in SERVERS if name != "radosgw" or shutil.which("radosgw")]
    turn_s = bench.seconds(100) / (len(chosen) * len(CASES) * 2 * bench.ROUNDS)
    bench.progress("requests through Lunette / boto3")
    results = [result for server in chosen for result in measure(server, turn_s)]
    texts = {"txt": [], "md": []}
    for server in chosen:
        rows = [row(result) for result in results if result["server"] == server]
        columns = [server] + COLUMNS[1:]
        texts["txt"] += [bench.text_table(columns, rows), ""]
        texts["md"] += [bench.markdown_table(columns, rows), ""]
    for text in texts.values():
        text.append(start_line([result for result in results if result["server"] == chosen[0]]))
    bench.save("aws", {"machine": bench.machine(), "results": results},
               {ending: "\n".join(text) for ending, text in texts.items()})
    print("\n".join(texts["txt"]))


main()
