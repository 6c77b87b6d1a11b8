#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""terminal.py [TEXT KEYS]... -- COMMAND...: runs the command in a terminal of its own. Waits for each text and
types the keys then ("\\x03" is Ctrl-C); writes all that the terminal shows to standard output. Ends as the command does,
or with 99 where a text does not come within a minute."""
import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
steps = sys.argv[1:split]
command = sys.argv[split + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, at, end = b"", 0, time.monotonic() + 60
while time.monotonic() < end:
    if steps and (found := seen.find(steps[0].encode(), at)) >= 0:
        at = found + len(steps[0].encode())
        os.write(fd, steps[1].encode().decode("unicode_escape").encode())
        steps = steps[2:]
        continue
    if not select.select([fd], [], [], 1)[0]:
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    if not data:
        break
    seen += data
sys.stdout.write(seen.decode(errors="replace").replace("\r\n", "\n"))
sys.stdout.flush()
if steps and not time.monotonic() < end:
    os.kill(pid, 9)
    sys.exit(99)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
