"""A terminal as a program sees it: `lunette repl` runs in it, what it writes is kept byte by byte.
For repl_pictures.py and repl_speed.py, which begin with check() and end with tally()."""
import os
import pty
import select
import sys
import time

passed, failed = 0, 0


def check(what, good, seen=b""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED: %s\n  in %r" % (what, seen[-2000:]))


def tally():
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed != 0)


class Terminal:
    """Runs the prompt; answers a query for attributes with `attributes`."""

    def __init__(self, program, attributes=None, options=(), **environment):
        self.attributes, self.seen = attributes, b""
        self.process, self.fd = pty.fork()
        if self.process == 0:
            keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            os.execve(program, [program, "repl", "--store", "store", *options],
                      {**keep, "TERM": "xterm", "XDG_STATE_HOME": os.getcwd(), **environment})

    def read_until(self, wanted, after=0, seconds=200):
        end = time.monotonic() + seconds
        while wanted not in self.seen[after:] and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    break
                if self.attributes and self.seen.endswith(b"\x1b[c"):
                    os.write(self.fd, b"\x1b[?%sc" % self.attributes)
                    self.attributes = None
        return wanted in self.seen[after:]

    def enter(self, line, shown):
        after = len(self.seen)
        os.write(self.fd, line.encode() + b"\r")
        check("'%s' shows %r" % (line, shown), self.read_until(shown, after), self.seen)
        return self.seen[after:]

    def close(self):
        os.write(self.fd, b"\x04")
        self.read_until(b"never", len(self.seen), 0.2)
        os.close(self.fd)
        os.waitpid(self.process, 0)
