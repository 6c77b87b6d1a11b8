// SPDX-License-Identifier: MIT
// What the parts of the HTML report share. Whatever a test brings along becomes text here: none of
// it can end the element or the attribute that it stands in.
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;
struct result;
struct test_case;

// One line: what is not printable becomes \n, \xHH. NULL is nothing.
void markup_text(struct buf *b, const char *s);
// What a test or a worker wrote, line by line, without colours and control characters.
void markup_lines(struct buf *b, const char *data, size_t n);
// The folder of a path is set apart from its last part, the groups of a test from its name.
void markup_path(struct buf *b, const char *path);
void markup_test_name(struct buf *b, const struct test_case *t);
// The status of a file as words of a class attribute: "pass flaky".
// The word for its status and its class: that it is in quarantine says more.
const char *markup_status(const struct result *r);
void markup_classes(struct buf *b, const struct result *r);
// A word beside a name.
void markup_tag(struct buf *b, const char *word);
// "42 ms", "12.3 s", "3 min 05 s"; what is unknown (below 0) is a dash.
void markup_duration(struct buf *b, int64_t ns);
// Writes what is in b and empties it.
void markup_flush(FILE *out, struct buf *b);

#endif
