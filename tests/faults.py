#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make faults: one call of firmo-jobs fails, in a run with real workers under make and in every other mode.

COUNT points (1000) are chosen by SEED: a scene, a kind of call (memory, write, open, fork, ...; tests/helpers/fault.c),
whether it is ours or the watchdog's, its number, the error. At each of them: make's tokens are complete, nobody is left
alive, no suite with a failing file ends with 0, a report is whole or not there, what was announced is in the history
or the loss is told, the history is sound, and there is a line that says what is wrong. SEED=n COUNT=1 FROM=m makes
point m again.
"""
import concurrent.futures
import glob
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import xml.dom.minidom

PROGRAM = os.environ["FIRMO_JOBS"]
FAULT = os.environ["HELPERS"] + "/fault"
AUDIT = os.environ["HELPERS"] + "/jobserver-audit"
LIBRARY = os.path.dirname(os.environ["HELPERS"]) + "/faults/memory.so"
COUNT = int(os.environ.get("COUNT") or 1000)
SEED = int(os.environ.get("SEED") or time.time())
FROM = int(os.environ.get("FROM") or 1)
SECONDS = int(os.environ.get("SECONDS_AT_MOST") or 0)
ONLY = os.environ.get("ONLY", "").split()  # scenes, kinds of calls
MAKE = os.environ.get("MAKE_UNDER_TEST") or "make"

TESTS = {
    "a_test.lua": "print('fine')",
    "b_test.lua": "io.stderr:write('bad\\n') os.exit(1)",
    "c_test.lua": "print('1..3') print('ok 1 - x') print('not ok 2 - y') print('ok 3 - z')",
    "d_test.lua": "local lu = require('luaunit')\nfunction testGood() end\nfunction testBad() lu.assertEquals(1, 2) end\n"
                  "os.exit(lu.LuaUnit.run())",
    "e_test.lua": "os.execute('setsid sleep 30 >/dev/null 2>&1 & sleep 0.02')",
    "f_test.lua": "for i = 1, 2000 do print(('x'):rep(60)) end local f = io.open('tests/a_test.lua') f:close()",
    "g_test.lua": "assert(os.execute('make -s -f inner.mk -j3 >/dev/null 2>&1'))",
}
GOOD = ("a_test.lua", "e_test.lua", "f_test.lua", "g_test.lua")
SETTINGS = """{
	// Every kind of value, and none that the scenes would feel.
	"grace": 2, "limit": {"nofile": 512}, "excludes": ["none/**"], "locks": {"db": 2},
	"overrides": [{"match": ["tests/a_*", "tests/d_*"], "timeout": "50", "lock": "db", "env": {"A": "b"}, "slots": 2}],
	"profiles": {"ci": {"no-trace": true, "overrides": [{"match": "tests/b_*", "retries": 3}]}},
}
"""
# What the process does that keeps make's tokens; no write to a pipe fails as one to a file does.
KEEPER = ("give", "talk", "open", "list", "look", "descriptor", "signal", "close", "ppoll", "wait", "move")
REPORTS = "--report=json:r.json --report=junit:r.xml --report=html:r.html"
# name -> words, and how it may end: "bad" has a failing file, "good" has none, "look" only reads.
SCENES = {
    "run": (f"{REPORTS}", "bad"),
    "again": (f"--changed {REPORTS}", "bad"),
    "failed": (f"--failed {REPORTS}", "bad"),
    "share": (f"--share-tokens {REPORTS}", "bad"),
    "retries": (f"--retries=1 --max-failures=2 --timeout=auto {REPORTS}", "bad"),
    "good": (f"{REPORTS} " + " ".join(f"tests/{name}" for name in GOOD), "good"),
    "again-good": (f"--changed {REPORTS} " + " ".join(f"tests/{name}" for name in GOOD), "good"),
    "new": (f"--db=.firmo-jobs/other.db {REPORTS}", "bad"),
    "gather": ("--report=json:r.json --gather=\"sh -c "
               f"'{PROGRAM} -q --lua=lua5.4 tests/a_test.lua && {PROGRAM} -q --lua=lua5.4 tests/b_test.lua'\"", "bad"),
    "rules": ("--rules=rules.mk", "look"),
    "show": ("--show --report=json", "look"),
    "junit": ("--show --report=junit", "look"),
    "history": ("--history --report=json", "look"),
    "file": ("--history tests/b_test.lua tests/d_test.lua", "look"),
    "list": ("--list", "look"),
    "advise": ("--advise --report=json", "look"),
    "why": ("--why=tests/a_test.lua -v", "look"),
    "check": ("--check", "look"),
    "prune": ("--prune=1", "look"),
    "export": ("--export=out.db", "look"),
    "import": ("--db=.firmo-jobs/other.db --import .firmo-jobs/history.db", "look"),
}
MAKEFILE = """.PHONY: all test other
all: test other
test:
\t+@echo $$$$ >pid; {command} >out 2>err; echo $$? >status
other:
\t@sleep 0.02
"""


class Find(Exception):
    pass


def clean_environment(work):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("FIRMO_JOBS", "MAKE", "MFLAGS", "LUA_", "BATS")) and k not in ("COUNT", "SEED", "FROM")}
    env.update(TMPDIR=work + "/tmp", FAULTS=work)
    return env


def settle(template):
    os.makedirs(template + "/tests")
    os.mkdir(template + "/tmp")
    for name, text in TESTS.items():
        with open(f"{template}/tests/{name}", "w", encoding="utf-8") as f:
            f.write(text + "\n")
        os.utime(f"{template}/tests/{name}", (1600000000, 1600000000))
    for name, text in (("firmo-jobs.json", SETTINGS), (".firmo-config.lua", "return { parallel = { timeout = 50 } }\n")):
        with open(f"{template}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
    with open(template + "/inner.mk", "w", encoding="utf-8") as f:
        f.write("all: x y z\nx y z:\n\t@sleep 0.01\n")
    for _ in range(2):
        done = subprocess.run([PROGRAM, "-q", "-j2", "--lua=lua5.4"], cwd=template, env=clean_environment(template),
                              capture_output=True, check=False)
        if done.returncode != 1:
            sys.exit(f"faults: the first run ended with {done.returncode}: {done.stderr.decode()}")
    os.rmdir(template + "/tmp")


def alive(work):
    """Processes of this point: whoever has its mark in its environment, and is no zombie."""
    mark = f"FAULTS={work}\0".encode()
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as f:
                if mark not in f.read() + b"\0":
                    continue
            with open(os.path.dirname(path) + "/stat", encoding="utf-8", errors="replace") as f:
                if f.read().rpartition(")")[2].split()[0] not in "ZX":
                    found.append(int(path.split("/")[2]))
        except OSError:
            continue
    return found


def carry_out(work, scene, call, nth, error, how):
    """Runs the scene in a copy that lies at work. Its exit status, what it wrote, and what make said."""
    words, _ = SCENES[scene]
    command = f"{FAULT} {call} {nth} {error} {work}/log {LIBRARY} {PROGRAM} --lua=lua5.4 {words}"
    with open(f"{work}/p/makefile", "w", encoding="utf-8") as f:
        f.write(MAKEFILE.format(command=command))
    run = [MAKE, "-s", "-j4"]
    if how != "make":
        # A shell below --gather does not wait for its own when it is ended.
        settle_ms = 2000 if scene == "gather" else 0
        run = [AUDIT, f"--style={how}", f"--settle={settle_ms}", "--", "sh", "-c",
               f"{command} >out 2>err; echo $? >status"]
    with open(f"{work}/make.log", "wb") as log:
        p = subprocess.Popen(run, cwd=work + "/p", env=clean_environment(work), stdin=subprocess.DEVNULL, stdout=log,
                             stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = p.wait(timeout=60)
        except subprocess.TimeoutExpired:
            for pid in alive(work):
                os.kill(pid, signal.SIGKILL)
            p.wait()
            raise Find("it hangs") from None
    return code


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def wait_for_end(work):
    end = time.monotonic() + 15
    while left := alive(work):
        if time.monotonic() > end:
            names = [read(f"/proc/{pid}/cmdline").replace("\0", " ") for pid in left]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise Find(f"alive: {names}")
        time.sleep(0.01)


def check_reports(p, kind, status, err, call, lasting):
    text = read(p + "/r.json")
    if text:
        try:
            report = json.loads(text)
        except ValueError as e:
            raise Find(f"the JSON report is broken: {e}") from None
        if kind == "bad" and report["success"]:
            raise Find("the JSON report tells of success")
    elif status in (0, 1) and "r.json" not in err and "no report is written" not in err and not (call == "write" and lasting):
        raise Find("there is no JSON report, and no word of it")
    if os.path.exists(p + "/r.xml"):
        try:
            xml.dom.minidom.parse(p + "/r.xml")
        except Exception as e:  # whatever it says
            raise Find(f"the JUnit report is broken: {e}") from None
    html = read(p + "/r.html")
    if html and "</html>" not in html:
        raise Find("the HTML report is cut short")


def check_announced(p, scene, err):
    """All that was announced is in the history, unless a warning says that it is not."""
    if "history" in err or scene == "gather":
        return
    told = [line.split("]", 1)[1].split()[0] for line in read(p + "/out").splitlines()
            if "] tests/" in line and line.split()[0] in ("PASS", "FAIL", "ERROR", "TIMEOUT", "LIMIT", "SKIP", "FLAKY")]
    if not told:
        return
    db = sqlite3.connect(f"{p}/.firmo-jobs/{'other' if scene == 'new' else 'history'}.db")
    stored = [row[0] for row in db.execute("SELECT path FROM result JOIN file ON file = file.id "
                                           "WHERE run > ?", (0 if scene == "new" else 2,))]
    db.close()
    for path in set(told):
        if told.count(path) > stored.count(path):
            raise Find(f"announced, and lost: {path}")


def check_store(work, p, call, err):
    if glob.glob(p + "/.firmo-jobs/*.corrupt-*"):
        raise Find("a sound history was set aside")
    for db in glob.glob(p + "/.firmo-jobs/*.db"):
        if os.path.getsize(db) == 0:
            continue
        done = subprocess.run([PROGRAM, "--check", f"--db={db}"], cwd=p, env=clean_environment(work), capture_output=True,
                              check=False)
        if b"no history of firmo-jobs" in done.stderr:
            # Nothing stands in it yet; then the next run makes its tables.
            done = subprocess.run([PROGRAM, "-q", f"--db={db}", "--lua=lua5.4", "tests/a_test.lua"], cwd=p,
                                  env=clean_environment(work), capture_output=True, check=False)
        if done.returncode != 0:
            raise Find(f"--check of {db}: {done.returncode} {done.stdout.decode()} {done.stderr.decode()}")


def check(work, scene, call, lasting, code, baseline):
    p = work + "/p"
    kind = SCENES[scene][1]
    log, out, err = read(work + "/make.log"), read(p + "/out"), read(p + "/err")
    status = int(read(p + "/status") or -1)
    if code == 99 or "audit: " in log.replace("audit: ok", "") or "INTERNAL" in log:
        raise Find(f"tokens: {log}")
    if status < 0 or status > 4:
        raise Find(f"it ended with {status}")
    if "Sanitizer" in err or "runtime error" in err:
        raise Find("a sanitizer speaks")
    # One that may not look at a folder, or read its settings, is told so, as for any other wrong word.
    is_refused = "cannot search" in err or "json: Permission denied" in err
    if kind == "bad" and status not in (1, 3) and not (status == 2 and is_refused):
        raise Find(f"a suite with a failing file ended with {status}")
    if kind == "good" and status not in (0, 1, 3):
        raise Find(f"it ended with {status}")
    # A file that cannot be read is listed with the kind that it had; what cannot be looked at has changed.
    is_careful = (scene == "list" and call in ("open", "read")) or (scene == "why" and "would run: " in out)
    if kind == "look" and status == 0 and baseline and out != baseline and not err and not is_careful:
        raise Find("the answer is another one, and it ended with 0")
    lines = [line for line in err.splitlines() if line.startswith("firmo-jobs: ")]
    # Where nothing can be written at all, nobody can be told either.
    if status in (2, 3) and not lines and not (call == "write" and lasting):
        raise Find(f"it ended with {status} without a word")
    if "out of memory" in err and (status != 3 or err.count("out of memory") != 1):
        raise Find(f"out of memory, and it ended with {status}")
    if kind != "look":
        check_reports(p, kind, status, err, call, lasting)
        check_announced(p, scene, err)
    check_store(work, p, call, err)
    left = glob.glob(work + "/tmp/*")
    if left and call in ("memory", "fork", "map", "write"):
        raise Find(f"left in TMPDIR: {left}")
    left = [name for name in glob.glob(p + "/*.??????") if not name.endswith((".report",))]
    if left and call == "memory":
        raise Find(f"left beside a report: {left}")


def prepare(work, template):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work + "/tmp")
    shutil.copytree(template, work + "/p", symlinks=True)


def describe(work, scene, call, nth, error, how):
    def tail(text):
        return "\n    ".join(text.splitlines()[-6:])
    cores = glob.glob(work + "/p/core*")
    stack = ""
    if cores and shutil.which("gdb"):
        stack = subprocess.run(["gdb", "-batch", "-ex", "bt", PROGRAM, cores[0]], capture_output=True, text=True,
                               check=False).stdout
        stack = "\n    ".join([line for line in stack.splitlines() if line.startswith("#")][:12])
    return (f"{scene} {call} {nth} {error} {how}\n    {stack}\n    {tail(read(work + '/p/err'))}\n    {tail(read(work + '/make.log'))}")


def run_point(number, template, folder, measures, kinds):
    r = random.Random(SEED * 1000003 + number)
    scenes = [s for s in SCENES if s in ONLY] or list(SCENES)
    calls = [k for k in kinds if k in ONLY] or list(kinds)
    # Memory has by far the most calls, and so a third of the points.
    scene = r.choice(scenes)
    call = "memory" if "memory" in calls and r.random() < 0.35 else r.choice(calls)
    if call == "give" or (call in KEEPER and SCENES[scene][1] != "look" and r.random() < 0.3):
        call = "watchdog:" + call
    nth = str(r.randrange(1, max(measures.of(scene, call)[0], 1) + 1)) + r.choice(("", "", "+"))
    error, how = r.choice(kinds[call.removeprefix("watchdog:")]), r.choice(("make", "pipe", "fifo"))
    if call.endswith(("give", "talk", "look", "read")) and nth.endswith("+"):
        nth = nth[:-1]  # nothing could be done at all
    work = f"{folder}/point-{number}"
    prepare(work, template)
    reached = False
    try:
        code = carry_out(work, scene, call, nth, error, how)
        wait_for_end(work)
        log = read(work + "/log").strip()
        reached = call == "memory" or (log.isdigit() and int(log) >= int(nth.rstrip("+")))
        check(work, scene, call, nth.endswith("+"), code, measures.answer(scene))
        return reached, None
    except Find as f:
        return True, f"point {number} (seed {SEED}): {f}\n    {describe(work, scene, call, nth, error, how)}"
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(work, ignore_errors=True)


class Measures:
    """How many calls of a kind a scene has, and what one that only looks answers; found out when it is asked."""

    def __init__(self, template, folder, kinds):
        self.template, self.folder, self.kinds = template, folder, kinds
        self.known, self.lock = {}, threading.Lock()

    def of(self, scene, call):
        with self.lock:
            future = self.known.get((scene, call))
            is_ours = future is None
            if is_ours:
                future = self.known[scene, call] = concurrent.futures.Future()
        if is_ours:
            work = f"{self.folder}/count-{scene}-{call}"
            prepare(work, self.template)
            carry_out(work, scene, call, "0", self.kinds[call.removeprefix("watchdog:")][0], "make")
            wait_for_end(work)
            future.set_result((int(read(work + "/log").strip() or 0), read(work + "/p/out")))
            shutil.rmtree(work, ignore_errors=True)
        return future.result()

    def answer(self, scene):
        """The same whenever it is asked, or None."""
        answers = {self.of(scene, call)[1] for call in ("memory", "write")}
        return answers.pop() if SCENES[scene][1] == "look" and len(answers) == 1 else None


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    kinds = {line.split()[0]: line.split()[1:] for line in
             subprocess.run([FAULT, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()}
    folder = os.path.realpath(tempfile.mkdtemp())
    started, done, reached, finds = time.monotonic(), 0, 0, 0
    try:
        settle(folder + "/template")
        measures = Measures(folder + "/template", folder, kinds)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            def point(number):
                if SECONDS and time.monotonic() - started > SECONDS:
                    return None
                return run_point(number, folder + "/template", folder, measures, kinds)
            for result in pool.map(point, range(FROM, FROM + COUNT)):
                if result is None:
                    continue
                done, reached = done + 1, reached + result[0]
                if result[1]:
                    finds += 1
                    print(result[1], flush=True)
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{done} points, {reached} of them with a fault, {finds} that did harm; seed {SEED}")
    sys.exit(finds > 0 or done == 0)


main()
