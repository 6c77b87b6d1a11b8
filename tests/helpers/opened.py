#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# opened.py FOLDER COMMAND [ARG]...: runs the command and prints the names of the files in that folder that
# anybody has opened meanwhile, sorted. Its exit status is the command's.
import ctypes
import os
import struct
import subprocess
import sys

IN_OPEN, IN_ISDIR = 0x20, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
if fd < 0 or libc.inotify_add_watch(fd, os.fsencode(sys.argv[1]), IN_OPEN) < 0:
    sys.exit("opened.py: " + os.strerror(ctypes.get_errno()))
status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
names = set()
try:
    while data := os.read(fd, 65536):
        while data:
            _, mask, _, n = struct.unpack_from("iIII", data)
            if not mask & IN_ISDIR:
                names.add(data[16 : 16 + n].rstrip(b"\0").decode())
            data = data[16 + n :]
except BlockingIOError:
    pass
print(" ".join(sorted(names)))
sys.exit(status)
