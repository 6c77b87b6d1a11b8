// SPDX-License-Identifier: MIT
// What a path, a folder's entries or an environment variable are at present, so that it can be told
// later whether they are still the same.
#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"

// How exact the times of file systems may be.
#define FINGERPRINT_YOUNG_NS INT64_C(2000000000)

// While these stand still, a file's content does; all 0 where there is no file.
struct stamp {
	int64_t size; // bytes
	int64_t mtime_ns, ctime_ns;
	int64_t inode;
};

struct fingerprint {
	bool present;         // false: there is nothing of that name, and nothing below
	struct digest digest; // of the content, the names of the entries, or the value
	struct stamp stamp;
};

// known: what it was before, or NULL; its digest is taken over where the stamp has not moved.
// The path itself: a file by its content, anything else by what it is (a folder, a device, ...).
struct fingerprint fingerprint_of_path(const char *path, const struct fingerprint *known);
// The entries of a folder, by their names.
struct fingerprint fingerprint_of_listing(const char *path, const struct fingerprint *known);
// The value of a variable of our own environment.
struct fingerprint fingerprint_of_variable(const char *name);
// All variables of our own environment but those that say where and how deep we run, not how.
struct fingerprint fingerprint_of_environment(void);
// Whether they stand for the same, whatever their stamps are.
bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);
// Whether it was changed after that time (real clock). What was changed less than
// FINGERPRINT_YOUNG_NS before it was looked at may change once more under the same stamp.
bool fingerprint_changed_after(const struct fingerprint *f, int64_t real_ns);

#endif
