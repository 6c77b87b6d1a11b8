// SPDX-License-Identifier: MIT
// What the shim in a worker reports: one JSON object a line, on an inherited fd. Each line bears
// the worker's key and its number, from 1 on, so a line that is lost, doubled or somebody else's is
// known. The worker is not trusted: a line may be garbage, endless, or cut off. Below a wrapper
// ":PID" stands behind the key, and the first process to report is the worker: lines of another
// one, which it has started by the same words, are left out.
//
//   hello {lua}             the shim runs            attach {framework}  it has found the framework
//   plan {tests}            how many tests there are seed {seed}         what they are shuffled by
//   start {id, path, name, file, line, tags, round}  a test begins; round: the framework's own
//   repeat test {id, status, message, traceback, reason, own, ...}  it has ended, `own` is its own
//   figure of
//                           seconds; one that never started brings the fields of start as well
//   error {where, path, name, message, traceback, file, line}  outside of every test
//   done {tests}            the framework has finished normally, after so many tests
//   exit {how, code}        os.exit was called; of lust also {open, tests, calls[]}: how many
//   blocks are
//                           open, tests so far, and the calls on the stack {file, line, defined,
//                           name}
//   names                   with exit: 0 where no name of busted's is defined
//   cut                     with exit: the status, where the system keeps nothing but 0 of it
//   chunk {file}            a file that is called like a test was loaded, and has come to its end
//   shim {where, message}   the shim failed itself
#ifndef FRAMEWORK_EVENTS_H
#define FRAMEWORK_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strings.h"
#include "model/job.h"

struct result;
struct test_case;

// Of a key, with the NUL at its end.
#define EVENTS_KEY_SIZE 17

struct events {
	struct result *result; // filled as events arrive; not owned
	char key[EVENTS_KEY_SIZE];
	char *process;   // below a wrapper: what stands behind the key of the worker; owned
	struct buf line; // the beginning of a line whose end has not come
	bool too_long;   // what comes until the next newline is dropped
	struct {
		size_t *items; // the tests that have begun and not ended, in result->tests
		size_t n, cap;
	} open;
	bool hello, attached, done, os_exit;
	enum framework framework; // if attached: whose tests these are
	long last;                // number of the last line
	long lost, foreign;       // lines that never came, and lines that are no events of ours
	int64_t cut;    // the exit status that was asked for, where the system cuts that to 0; or 0
	long announced; // tests, by the word at the end; -1: there was none
	struct strings whole; // files that came to their ends as chunks, as Lua names them; owned
	void (*test_ended)(void *owner, const struct test_case *t); // NULL: nobody asks
	void *owner;
	char *shim_error; // what the shim said of its own failure, or NULL
};

// key: what its lines bear, as events_make_key makes it.
void events_init(struct events *ev, struct result *result, const char *key);
// A key that nobody guesses.
void events_make_key(char key[EVENTS_KEY_SIZE]);
void events_release(struct events *ev);
// Takes n bytes that have arrived at now_ns (monotonic).
void events_feed(struct events *ev, const char *data, size_t n, int64_t now_ns);
// No more will come.
void events_finish(struct events *ev);

#endif
