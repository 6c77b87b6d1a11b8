// SPDX-License-Identifier: MIT
// One test file that is to be run, and what the past tells about it.
#ifndef MODEL_JOB_H
#define MODEL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fingerprint.h"
#include "base/strings.h"
#include "model/load.h"
#include "model/status.h"

// The numbers stand in the store: they are never changed or reused.
enum framework {
	FRAMEWORK_PLAIN = 0,
	FRAMEWORK_TAP = 1,
	FRAMEWORK_LUAUNIT = 2,
	FRAMEWORK_LUST = 3,
	FRAMEWORK_BUSTED = 4,
	FRAMEWORK_FIRMO = 5,
	FRAMEWORK_COUNT
};

const char *framework_name(enum framework f);
// What --framework takes, ended by NULL: "auto", then the names in the order of the enum.
extern const char *const framework_words[];
// The framework of that name, or -1.
int framework_parse(const char *name);

// Why a file is taken for one of its framework.
enum reading_source {
	READING_GUESSED, // by what it looks like, or by its last run: another reading may be tried
	READING_NAMED,   // the file names the framework
	READING_GIVEN,   // the user has said so: no other reading is tried
};

// What a worker is started as. A file without a framework of its own may get the shim as well,
// which finds one that it loads.
struct reading {
	enum framework framework;
	enum reading_source source;
	bool shim;
	bool proof; // only what the file loads is asked, by a shim that sees where that comes to
		    // its end
	bool asked; // busted may find nothing in it: it has passed without, and loaded none of it
};

// How a file came to be one that is to be run.
enum found {
	FOUND_NAMED,      // it was named itself
	FOUND_STRANGE,    // the same, though its name is no test's
	FOUND_BY_NAME,    // in a folder, by a name that tests have by default
	FOUND_BY_PATTERN, // in a folder, by a name that the user has said tests to have
	FOUND_BY_BUSTED,  // the project's settings of busted have it run
};

// What is known of files that are forked from an interpreter, by a number of 46 bits that stands
// for all that the interpreter depends on, or for that and the file.
enum fork_verdict {
	FORK_UNKNOWN,
	FORK_SAFE,   // files of such an interpreter have the same results as in a new one
	FORK_UNSAFE, // they have not, or the file has not
};

struct fork_memory {
	enum fork_verdict verdict;
	uint64_t state;
};

struct job_settings;

// The comments that a test file begins with.
struct job_head {
	bool is_bare;       // they set nothing
	struct stamp stamp; // of the file that says so; all 0: it may say something else by now
};

struct job {
	char *path; // as the worker gets it; any bytes but NUL
	enum found found;
	bool in_root;       // busted looks for tests where it lies
	bool busted_leaves; // and would not take it for one
	bool mentioned;     // another file of the plan, or .busted, names it
	enum framework framework;
	enum reading_source source; // of the framework
	bool calls_busted;          // its text calls what busted gives its files
	bool asks_busted;           // busted may find tests in it, though it passes as a plain file
	bool shim;                  // it has loaded a framework, or read its source, unforeseen
	bool was_tap;               // its last tests came by TAP
	int64_t size;               // bytes
	struct job_head head;
	int unreadable;      // an errno value: the file could not be read when it was looked for
	int64_t expected_ns; // how long it will take, or -1: unknown
	int64_t urgent_ns;   // the same, or how long all take that its locks keep apart from it
	int64_t p99_ns;      // the 99th percentile of how long it took, or -1: unknown
	int64_t peak_bytes;  // the most memory that it took lately, 0: unknown
	struct load load;    // what it asks of the CPUs
	int known;           // the enum framework it turned out to be of, -1: unknown
	struct fork_memory forks; // what its own runs have shown
	enum file_status last;    // its latest result; FILE_NOTRUN: none
	bool last_forgiven;       // which was bad, and in quarantine
	int64_t last_real_ns;     // when that was, 0: never
	int64_t pass;             // number of the result that stands for it where it is not run
	bool is_uncounted;        // it would stand, were its coverage not asked for
	long usual_tests;         // how many tests it had when it last came to its end, 0: unknown
	const struct strings *learned;       // locks for what it and others write; NULL: none
	const struct job_settings *settings; // see model/job_settings.h; NULL: it is not to be run
};

// A file writes what another depends on, so that one waits for its end.
struct handover {
	size_t producer, consumer; // places in jobs
	char *path;                // one of the paths that are handed over; owned
};

struct handovers {
	struct handover *items; // by consumer; owned
	size_t n, cap;
};

struct jobs {
	struct job *items;
	size_t n, cap;
	struct handovers handovers; // the producer stands before the consumer
	struct handovers circles;   // the consumer does: they wait for each other, and one is first
};

void jobs_release(struct jobs *j);
// Its locks: those of its settings, then those that were learned.
size_t job_count_locks(const struct job *j);
const char *job_lock(const struct job *j, size_t i);

#endif
