#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make hostile: histories with flipped bytes, wrong types, NULLs and foreign schemas, read in all modes.

No mode may crash, hang, or say what a sanitizer says; what --check calls sound has to be shown as JSON, and a
run has to end as its files do. Each variant has its number as its seed: HOSTILE_FROM=N HOSTILE=1 makes it again.
"""
import glob
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM = os.environ["FIRMO_JOBS"]
VARIANTS = int(os.environ.get("HOSTILE") or 500)
FIRST = int(os.environ.get("HOSTILE_FROM") or 1)
DB = ".firmo-jobs/history.db"
FORMATS = sorted(glob.glob(os.path.dirname(os.path.abspath(__file__)) + "/unit/store/formats/*.sql"))
MODES = (
    "--check", "--show --report=json", "--show --report=html:x.html", "--show --report=junit", "--show=1 -v",
    "--history", "--history=runs", "--history=tests --report=json", "--history=slowest --report=csv",
    "--history=flaky", "--compare=1", "--history=regressions", "--history=new", "--history tests", "--why=tests/a_test.lua -v",
    "--list", "--advise", "--rules=rules.mk", "--export=out.db", "--db=other.db --import .firmo-jobs/history.db",
    "--failed", "--changed", "--prune=1", "", "--history=coverage", "--history=coverage --report=json", "--tests-of=m.lua",
    "--tests-of=m.lua:2 --report=json", "--changed --coverage --report=json:x.json", "--failed --coverage --report=lcov:x",
    "--coverage --why=tests/a_test.lua", "--changed --coverage --report=html:x.html", "--related=m.lua", "--check=repair",
)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def call(words):
    """Runs firmo-jobs; its exit status and what it said. None: it hung."""
    try:
        done = subprocess.run([PROGRAM, *words.split()], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def settle():
    os.mkdir("tests")
    with open("m.lua", "w", encoding="utf-8") as f:
        f.write("local m = {}\nfunction m.f(x)\n\tif x then\n\t\treturn 1\n\tend\n\treturn 2\nend\nreturn m\n")
    for name, text in (("a", "print('a') dofile('m.lua').f()"), ("b", "print('b') dofile('m.lua').f(1) os.exit(1)"),
                       ("c", "describe('d', function() it('e', function() end) it('f', function() error('x') end) end)")):
        with open(f"tests/{name}_test.lua", "w", encoding="utf-8") as f:
            f.write(text)
        os.utime(f"tests/{name}_test.lua", (1600000000, 1600000000))
    for counts in ("", "", " --coverage --report=json:x.json"):
        status, words = call("-q -j2" + counts)
        if status != 1:
            sys.exit(f"hostile: the first run ended with {status}: {words}")
    shutil.copytree(".firmo-jobs", "with-log")
    call("--export=good.db")
    # Some of the figures of files stand in chunks, as after many runs.
    db = sqlite3.connect("good.db")
    db.executescript("INSERT INTO trail SELECT id, 7, trail FROM file WHERE id % 2; UPDATE file SET trail = x'' WHERE id % 2")
    db.close()


def value(r):
    return r.choice((None, 0, 4000000, -1, 1, 7, 2**31 - 1, 2**31, -2**31, 2**53, 2**62, 2**63 - 1, -2**63, 9 * 10**18, 1e300,
                     "", "text", "a\0b", "\u202e=1", b"", b"\xff" * 12, r.randbytes(r.randrange(200)), bytes(5000)))


def flip(r, path):
    with open(path, "r+b") as f:
        size = f.seek(0, os.SEEK_END)
        if size == 0:
            # The file of the locks is empty.
            f.write(r.randbytes(r.randrange(1, 200)))
            return
        page = r.randrange(max(size // 4096, 1)) * 4096
        for _ in range(r.choice((1, 2, 5, 30, 200))):
            # Most of a page's shape stands at its beginning.
            at = r.choice((r.randrange(size), page + r.randrange(64), r.randrange(size)))
            f.seek(min(at, size - 1))
            f.write(bytes([r.randrange(256)]))


def flip_bytes(r):
    flip(r, DB)


def flip_log(r):
    shutil.rmtree(".firmo-jobs")
    shutil.copytree("with-log", ".firmo-jobs")
    flip(r, r.choice([f".firmo-jobs/{name}" for name in os.listdir(".firmo-jobs") if "history" in name]))


def cut(r):
    size = os.path.getsize(DB)
    if r.random() < 0.5:
        os.truncate(DB, r.randrange(size))
    else:
        with open(DB, "r+b") as f:
            f.seek(r.randrange(size // 512) * 512)
            f.write(bytes(r.choice((16, 512, 4096))))


def open_loosely():
    db = sqlite3.connect(DB, isolation_level=None)
    db.execute("PRAGMA writable_schema=ON")
    db.execute("PRAGMA ignore_check_constraints=ON")
    return db


def tables_of(db):
    return [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                                         " ORDER BY name")]


def wrong_values(r):
    db = open_loosely()
    db.execute("UPDATE sqlite_master SET sql = replace(replace(sql, 'NOT NULL', ''), 'UNIQUE', '') WHERE type = 'table'"
               " AND name <> 'test'")
    db.close()
    db = open_loosely()
    for _ in range(r.choice((1, 1, 2, 8))):
        table = r.choice(tables_of(db))
        columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
        # The first one is of every key.
        rows = r.choice(("", f" WHERE {columns[0]} = 1", f" WHERE {columns[0]} % 2 = 0"))
        try:
            db.execute(f"UPDATE {table} SET {r.choice(columns)} = ?{rows}", (value(r),))
        except sqlite3.Error:
            pass
    db.close()


def torn_bytes(r):
    """Packed bytes that are nearly whole; and two texts of one source in a result."""
    db = open_loosely()
    for _ in range(r.choice((1, 1, 3))):
        table, column, key = r.choice((("edition", "shape", "id"), ("counted", "counts", "result"),
                                       ("edition", "shape", "id"), ("counted", "counts", "result"),
                                       ("file", "trail", "id"), ("result", "endings", "id"), ("snapshot", "inputs", "file")))
        try:
            rows = db.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
            if not rows:
                continue
            row, data = r.choice(rows)
            data = bytearray(data)
            for _ in range(r.choice((1, 1, 2, 4))):
                at = r.randrange(len(data) + 1)
                data[at:at + r.randrange(3)] = r.choice((b"", b"\0", b"\x7f", b"\xff\xff\x7f", b"\x80\x92\xf4\x01",
                                                         b"\xff" * 9 + b"\1", r.randbytes(2)))
            if r.random() < 0.3 and table == "edition":
                db.execute("INSERT INTO edition SELECT id + 100, source, digest, ? FROM edition WHERE id = ?",
                           (bytes(data), row))
                db.execute("INSERT INTO counted SELECT result, edition + 100, counts FROM counted WHERE edition = ?", (row,))
            else:
                db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes(data), row))
        except sqlite3.Error:
            pass
    db.close()


def foreign_schema(r):
    db = open_loosely()
    tables = tables_of(db)
    sql = r.choice((
        f"CREATE VIEW v AS {ENDLESS}", "CREATE TABLE more(x)", "CREATE INDEX i ON result(abs(wall))",
        "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM result; END",
        f"ALTER TABLE {r.choice(tables)} RENAME TO elsewhere", f"DROP TABLE {r.choice(tables)}",
        "ALTER TABLE run ADD COLUMN y AS (hex(zeroblob(100)))", "ALTER TABLE file ADD COLUMN z",
        f"PRAGMA user_version={r.choice((0, -1, *range(1, 15), 99))}",
        f"PRAGMA application_id={r.choice((0, 1, 2**31 - 1))}",
        f"DROP TABLE file; CREATE VIEW file AS {ENDLESS}",
        "CREATE VIRTUAL TABLE s USING fts5(x)", "DROP INDEX result_by_run", "PRAGMA encoding='UTF-16'"))
    try:
        db.executescript(sql)
    except sqlite3.Error:
        pass
    db.close()


def older(r):
    """A history of an older format, or of one that it says that it is of."""
    os.remove(DB)
    db = sqlite3.connect(DB)
    with open(r.choice(FORMATS), encoding="utf-8") as f:
        db.executescript(f.read())
    if r.random() < 0.2:
        db.execute(f"PRAGMA user_version={r.randrange(1, 15)}")
    db.commit()
    db.close()
    r.choice((flip_bytes, wrong_values, wrong_values, torn_bytes, foreign_schema, cut))(r)


KINDS = (flip_bytes, wrong_values, torn_bytes, older, flip_bytes, wrong_values, foreign_schema, older, torn_bytes, cut,
         flip_log)


def judge(words, status, said):
    """What is wrong with an answer, or None."""
    if status is None:
        return "it hangs"
    if status < 0 or status > 4 or "Sanitizer" in said or "runtime error" in said:
        return f"status {status}: {said[-2000:]}"
    if words == "" and (status != 1 or "3 in all" not in said):
        return f"a run ended with {status}: {said[-2000:]}"
    return None


def try_variant(number):
    r = random.Random(number)
    shutil.rmtree(".firmo-jobs")
    os.mkdir(".firmo-jobs")
    shutil.copy("good.db", DB)
    kind = KINDS[number % len(KINDS)]
    kind(r)
    shutil.rmtree("hostile", ignore_errors=True)
    shutil.copytree(".firmo-jobs", "hostile")
    faults, sound = [], False
    for words in MODES:
        shutil.rmtree(".firmo-jobs")
        shutil.copytree("hostile", ".firmo-jobs")
        for left in ("out.db", "other.db", "other.db-wal", "other.db-shm"):
            if os.path.exists(left):
                os.remove(left)
        status, said = call(words)
        fault = judge(words, status, said)
        if words == "--check":
            sound = status == 0
        elif not fault and sound and words == "--show --report=json" and status in (0, 1):
            try:
                json.loads(said)
            except ValueError:
                fault = f"sound, and yet no JSON: {said[:500]}"
        elif not fault and sound and status == 3 and words != "--advise":
            fault = f"sound, and yet: {said[:500]}"
        if fault:
            faults.append(f"variant {number} ({kind.__name__}), {words or 'a run'}: {fault}")
    return faults, sound


def main():
    folder = tempfile.mkdtemp(prefix="firmo-jobs-hostile.")
    failed = sound = 0
    os.chdir(folder)
    try:
        settle()
        for number in range(FIRST, FIRST + VARIANTS):
            faults, is_sound = try_variant(number)
            sound += is_sound
            failed += bool(faults)
            print("\n".join(faults), end="\n" if faults else "", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{VARIANTS} hostile histories, {sound} of them sound, in {len(MODES)} modes: {failed} with a fault")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
