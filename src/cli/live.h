// SPDX-License-Identifier: MIT
// The reports that are written while things happen: --report=events. They hold what is told at
// once, and at the end what was not: every test of a file before the file's end, every file before
// the run's. A reader that goes away ends its report, and nothing else.
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "firmo-jobs.h"

struct fixture_result;
struct result;
struct test_case;

struct live {
	struct live_report *outs; // owned
	size_t n;                 // 0: no such report is asked for, or its run is a part of another
	bool begun, failed;
	struct map processes; // the attempts of files that have had one
	struct map ended;     // the files that have ended
	struct map tests;     // how often each was told, and how often its process has told it
	struct map halves;    // beginnings of characters at the end of what a file has written
};

// Opens them and tells of the run, unless that is done. What was warned of before follows.
void live_begin(struct firmo_jobs *s);
// Below, nothing is told unless live_is_open.
bool live_is_open(const struct firmo_jobs *s);
void live_process_started(struct firmo_jobs *s, const struct result *r);
void live_test_ended(struct firmo_jobs *s, const struct result *r, const struct test_case *t);
void live_wrote(struct firmo_jobs *s, const struct result *r, const char *data, size_t n);
// Adds the result of an attempt to the run, which takes it over, and tells of it.
void live_add(struct firmo_jobs *s, struct result *r);
void live_fixture_ended(struct firmo_jobs *s, const struct fixture_result *r);
// The run ends with that status, be it before it has begun: closes them. The result is that status,
// or FIRMO_JOBS_BROKEN if that is FIRMO_JOBS_OK and one could not be written.
enum firmo_jobs_status live_end(struct firmo_jobs *s, enum firmo_jobs_status status);
// Closes what was not ended.
void live_release(struct firmo_jobs *s);

#endif
