"""repl_speed.py PROGRAM FOLDER: how long a person waits for the first prompt, and for a result after
a change. The best of several, since the machine may be busy. Started by repl_speed_test.sh."""
import os
import subprocess
import sys
import time

from repl_terminal import Terminal, check, tally

program, folder = sys.argv[1:]
os.chdir(folder)
TRIES = 7
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


def reload_ms():
    """(a run, a run of what was just saved)"""
    write_handler(0)
    terminal = Terminal(program, options=("--handler", "handler.lua"))
    terminal.enter("event = {}", b"> ")
    warm, changed = [], []
    run_ms(terminal, 0)
    for number in range(1, TRIES):
        warm.append(run_ms(terminal, number - 1))
        write_handler(number)
        changed.append(run_ms(terminal, number))
    terminal.close()
    return min(warm), min(changed)


write_handler(0)
versions = min(version_ms() for _ in range(TRIES))
prompts = min(prompt_ms() for _ in range(TRIES))
warm, changed = reload_ms()
seen = "--version %.1f ms, first prompt %.1f ms; a run %.1f ms, after a change %.1f ms" % (
    versions, prompts, warm, changed)
print(seen)
check("the first prompt within %d ms more than --version" % START_MS,
      prompts - versions < START_MS, seen)
check("a result within %d ms more than a run" % RELOAD_MS, changed - warm < RELOAD_MS, seen)
tally()
