// SPDX-License-Identifier: MIT
// What the shim in a worker reports: one JSON object a line, on an inherited fd. The worker is not
// trusted: a line may be garbage, endless, or cut off.
//
//   hello {lua}             the shim runs            attach {framework}  it has found the framework
//   plan {tests}            how many tests there are seed {seed}         what they are shuffled by
//   start {id, path, name, file, line, tags, round}  a test begins; round: the framework's own
//   repeat test {id, status, message, traceback, reason, own, ...}  it has ended, `own` is its own
//   figure of
//                           seconds; one that never started brings the fields of start as well
//   error {where, path, name, message, traceback, file, line}  outside of every test
//   done {}                 the framework has finished normally
//   exit {how, code}        os.exit was called       shim {where, message}  the shim failed itself
#ifndef WORKER_EVENTS_H
#define WORKER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_object;
struct json_tokener;
struct result;

struct events {
	struct result *result; // filled as events arrive; not owned
	struct buf line;       // the beginning of a line whose end has not come
	bool too_long;         // what comes until the next newline is dropped
	struct json_tokener *tokener;
	bool hello, attached, done, os_exit;
	long garbage;     // lines that are no events
	char *shim_error; // what the shim said of its own failure, or NULL
};

void events_init(struct events *ev, struct result *result);
void events_release(struct events *ev);
// Takes n bytes that have arrived at now_ns (monotonic).
void events_feed(struct events *ev, const char *data, size_t n, int64_t now_ns);
// No more will come.
void events_finish(struct events *ev);

#endif
