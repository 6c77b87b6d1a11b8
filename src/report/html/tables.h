// SPDX-License-Identifier: MIT
// The tables of the HTML report.
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include <stddef.h>
#include <stdio.h>

struct run;

// How many rows the table of the tests has: a file without tests of its own counts as one.
size_t tables_tests(const struct run *run);
void tables_write_slowest(FILE *out, const struct run *run);
void tables_write_files(FILE *out, const struct run *run);
void tables_write_tests(FILE *out, const struct run *run);

#endif
