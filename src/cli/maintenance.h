// SPDX-License-Identifier: MIT
// What the modes share that take care of the history: --prune, --export, --import and --check.
#ifndef CLI_MAINTENANCE_H
#define CLI_MAINTENANCE_H

#include <stdint.h>

#include "firmo-jobs.h"
#include "store/store.h"

struct err;
struct settings;

// Opens the history, which the session closes; says what is wrong with one that is missing or
// cannot be used.
enum firmo_jobs_status maintenance_open(struct firmo_jobs *s, enum store_mode mode);
// The same to write to one that has to be there.
enum firmo_jobs_status maintenance_open_existing(struct firmo_jobs *s);
// Tells the error, and gives the status back.
enum firmo_jobs_status maintenance_refuse(const struct err *err, enum firmo_jobs_status status);
// A mode whose option is followed by no path.
int maintenance_check(const struct settings *o, struct err *err);
// To standard output: a text as a terminal may have it; "12 KiB"; "3 runs".
void maintenance_print(const char *text);
void maintenance_print_size(int64_t bytes);
void maintenance_print_count(int64_t n, const char *what);

#endif
