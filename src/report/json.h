// SPDX-License-Identifier: MIT
// The report for programs: one JSON object, schema 1. Strings are valid UTF-8 whatever the tests
// wrote; seconds are numbers with a fraction, sizes are bytes.
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdio.h>

struct err;
struct fixture_result;
struct json_object;
struct result;
struct run;
struct test_case;

int report_json(FILE *out, const struct run *run, struct err *err);

// Its parts, for reports that tell the same of them; the caller's.
struct json_object *report_json_run(const struct run *run);
struct json_object *report_json_file(const struct run *run, const struct result *r);
struct json_object *report_json_test(const struct result *r, const struct test_case *t);
struct json_object *report_json_fixture(const struct fixture_result *r);
// Puts the sums into o, and the run.
void report_json_sums(struct json_object *o, const struct run *run);

#endif
