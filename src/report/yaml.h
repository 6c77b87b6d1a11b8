// SPDX-License-Identifier: MIT
// A mapping in YAML, a line for each key. It keeps to what any reader takes, the one of Perl's
// prove included: strings in double quotes or, where they have several lines, as a block.
#ifndef REPORT_YAML_H
#define REPORT_YAML_H

#include <stddef.h>
#include <stdint.h>

struct buf;

// Appends "KEY: VALUE\n" behind `indent` blanks. A value of NULL is none: nothing is appended. In a
// block the string ends with a newline. What is not printable is escaped; in a string that is too
// long for that it becomes U+FFFD.
void yaml_string(struct buf *b, size_t indent, const char *key, const char *value);
// Nothing is appended for a value that is less than `least`.
void yaml_integer(struct buf *b, size_t indent, const char *key, int64_t value, int64_t least);
// Nothing is appended for a negative value.
void yaml_seconds(struct buf *b, size_t indent, const char *key, int64_t ns);

#endif
