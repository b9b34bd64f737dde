"""repl_speed.py PROGRAM FOLDER: how long a person waits for the first prompt, and for a result after
a change. The best of several, and of many more when those were too slow: the machine may be busy.
Started by repl_speed_test.sh."""
import os
import subprocess
import sys
import time

from repl_terminal import Terminal, check, tally

program, folder = sys.argv[1:]
os.chdir(folder)
TRIES, MOST_TRIES = 7, 100
START_MS, RELOAD_MS = 50, 100


def elapsed_ms(began):
    return (time.monotonic() - began) * 1000


def version_ms():
    began = time.monotonic()
    subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
    return elapsed_ms(began)


def prompt_ms():
    began = time.monotonic()
    terminal = Terminal(program)
    terminal.read_until(b"leaves.")
    terminal.read_until(b"> ")
    waited = elapsed_ms(began)
    terminal.close()
    return waited


def write_handler(number):
    with open("handler.lua", "w") as file:
        file.write("return function() return 'answer %d' end\n" % number)


def run_ms(terminal, number):
    began = time.monotonic()
    after = len(terminal.seen)
    os.write(terminal.fd, b".run\r")
    terminal.read_until(b"MB\r\n> ", after)
    waited = elapsed_ms(began)
    check("the result is the new one", b"answer %d" % number in terminal.seen[after:], terminal.seen)
    return waited


def best(short, long, most_ms):
    """The least of two waits, the second of which may take so much longer."""
    shorts, longs = [], []
    while len(longs) < TRIES or (min(longs) - min(shorts) >= most_ms and len(longs) < MOST_TRIES):
        shorts.append(short(len(shorts)))
        longs.append(long(len(longs)))
    return min(shorts), min(longs)


def reload_ms():
    """(a run, a run of what was just saved)"""
    def changed_ms(number):
        write_handler(number + 1)
        return run_ms(terminal, number + 1)

    write_handler(0)
    terminal = Terminal(program, options=("--handler", "handler.lua"))
    terminal.enter("event = {}", b"> ")
    run_ms(terminal, 0)
    waits = best(lambda number: run_ms(terminal, number), changed_ms, RELOAD_MS)
    terminal.close()
    return waits


write_handler(0)
versions, prompts = best(lambda _: version_ms(), lambda _: prompt_ms(), START_MS)
warm, changed = reload_ms()
seen = "--version %.1f ms, first prompt %.1f ms; a run %.1f ms, after a change %.1f ms" % (
    versions, prompts, warm, changed)
print(seen)
check("the first prompt within %d ms more than --version" % START_MS,
      prompts - versions < START_MS, seen)
check("a result within %d ms more than a run" % RELOAD_MS, changed - warm < RELOAD_MS, seen)
tally()
