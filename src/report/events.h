// SPDX-License-Identifier: MIT
// What happens in a run, one JSON object for each event, whose first member is "event". Files,
// tests and runs are told as report/json.h has them; "time" is of the real clock, in seconds. The
// objects are the caller's.
#ifndef REPORT_EVENTS_H
#define REPORT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

struct fixture_result;
struct jobs;
struct json_object;
struct result;
struct run;
struct test_case;

// A run begins: with the jobs in the order of their start, and those whose last pass is valid.
struct json_object *report_events_run_start(const struct run *run, const struct jobs *jobs,
					    const struct jobs *reused);
// restarted: the file has had a process at this attempt.
struct json_object *report_events_file_start(const struct result *r, bool restarted);
struct json_object *report_events_test_end(const struct result *r, const struct test_case *t);
// The n bytes are whole characters, as far as they are valid UTF-8.
struct json_object *report_events_output(const struct result *r, const char *data, size_t n);
// An attempt has ended, to be followed by another one or not; r is what the run has of the file.
struct json_object *report_events_file_end(const struct run *run, const struct result *r,
					   int attempt, bool retried);
struct json_object *report_events_fixture_end(const struct fixture_result *r);
struct json_object *report_events_warning(const char *message);
// It ends with that exit status.
struct json_object *report_events_run_end(const struct run *run, int status);

#endif
