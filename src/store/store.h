// SPDX-License-Identifier: MIT
// The history of a suite in one sqlite file. A store that cannot be used never stops a run: the
// caller warns once and goes on without it.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/job.h"
#include "model/series.h"

struct err;
struct jobs;
struct map;
struct result;
struct run;
struct store;

enum store_mode {
	STORE_READ,  // only look; the file must exist
	STORE_WRITE, // create what is missing, bring the schema up to date
};

// What err->errnum is where a file is no history of ours.
#define STORE_FOREIGN EMEDIUMTYPE
// The same where it is one, and damaged.
#define STORE_DAMAGED EUCLEAN

// To be called before anything else here, and before anybody in the process uses sqlite, which ends
// the process from then on where there is no memory for it, as base/alloc.h has it.
void store_use_memory(void);
// NULL if it cannot be used: then err says why, and err->errnum is ENOENT if STORE_READ found
// nothing, or STORE_FOREIGN. What is another program's is never written to. A damaged file is
// renamed to PATH.corrupt-TIME under STORE_WRITE and a new one begun; that is told in *notice
// (caller frees), which is NULL otherwise.
struct store *store_open(const char *path, enum store_mode mode, char **notice, struct err *err);
// Whether something has failed because the store is damaged, or its file is not there any more:
// then the functions below go on failing.
bool store_is_broken(const struct store *s);
// Closes a broken store that was opened to be written to. What is damaged is set aside as by
// store_open, and a new one begun, without any of its results; *notice, which the caller frees,
// tells. NULL if there can be none; then err says why.
struct store *store_renew(struct store *s, char **notice, struct err *err);
void store_close(struct store *s);

enum store_status { STORE_OK, STORE_BUSY, STORE_FAILED };

// Sets r->last_inputs, and the fingerprints of these and of r's own inputs to what is known of an
// earlier time. What is looked at again as one of r's own is not among the last ones. Where that
// cannot be read, less is told.
void snapshot_recall(struct store *s, struct result *r);

// Records n results of run in one transaction, and the run itself with the first ones (which sets
// run->id). STORE_BUSY: another process holds the lock, nothing was recorded, try again. Never
// waits.
enum store_status store_record(struct store *s, struct run *run, struct result *const *results,
			       size_t n, struct err *err);
// Completes the run's record with its final figures, its setups and teardowns, and the files that
// were not run. Like store_record, but nothing if nothing of the run was carried out: run->id is 0,
// and there is no setup of it.
enum store_status record_finish_run(struct store *s, struct run *run, struct err *err);

// Finds the run of that name: sets its id and started_ns. False if there is none.
bool load_find_run(struct store *s, const char *name, struct run *run);
// Fills run and jobs, both empty, with what is known of a run; id 0 is the last one. A report of it
// is the report of the day, except that the output of passes is forgotten after some runs. Fails if
// there is no such run; err->errnum is ENOENT then.
int store_load_run(struct store *s, int64_t id, struct run *run, struct jobs *jobs,
		   struct err *err);

// Adds the pass of each of these jobs, whose number it has, to the run, as cached results. Fails if
// one is gone.
int store_load_passes(struct store *s, const struct jobs *jobs, struct run *run, struct err *err);

// What is known of one file.
struct past {
	enum file_status status; // its latest result
	bool forgiven;           // which was bad, and in quarantine
	int64_t ended_ns;        // when that was, real clock
	long tests;              // how many it had when it last came to its end, 0: unknown
	int64_t p99_ns;          // the 99th percentile of its last 100 wall times, -1: unknown
	int64_t peak_bytes;      // the most memory that one of its last 8 results took, 0: unknown
	int64_t state;           // stands for what its inputs were at its latest result, 0: unknown
	int framework;           // the enum framework it turned out to be of, -1: unknown
	bool shim;               // which the shim has found out
	struct fork_memory forks;
	struct series series; // its latest results: all of them, or 64 at least; owned
};

// Fills past (path -> struct past *) with every file; file_free_all releases it.
int file_load_all(struct store *s, struct map *past, struct err *err);
// The same for the one file of that path, which need not be known.
int file_load_one(struct store *s, const char *path, struct map *past, struct err *err);
void file_free_all(struct map *past);

#endif
