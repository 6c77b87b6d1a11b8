// SPDX-License-Identifier: MIT
// What a path, a folder's entries or an environment variable are at present, so that it can be told
// later whether they are still the same.
#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/digest.h"

// While these stand still, a file's content does; all 0 where there is no file.
struct stamp {
	int64_t size; // bytes
	int64_t mtime_ns, ctime_ns;
	int64_t inode;
	uint64_t device; // 0: not known, as the history does not keep it
};

struct fingerprint {
	bool present;         // false: there is nothing of that name, and nothing below
	struct digest digest; // of the content, the names of the entries, or the value
	struct stamp stamp;
};

// known: what it was before, or NULL; its digest is taken over where the stamp has not moved.
// The path itself: a file by its content, anything else by what it is (a folder, a device, ...).
struct fingerprint fingerprint_of_path(const char *path, const struct fingerprint *known);
// The entries of a folder, by their names and types.
struct fingerprint fingerprint_of_listing(const char *path, const struct fingerprint *known);
// What is behind the path: by its type; by that, permissions and owner; and of a file by its size
// and time of change as well. The times of a folder are those of its entries, which are not meant.
struct fingerprint fingerprint_of_type(const char *path);
struct fingerprint fingerprint_of_access(const char *path);
struct fingerprint fingerprint_of_status(const char *path);
// Its extended attributes, by their names and values.
struct fingerprint fingerprint_of_xattrs(const char *path);
// The path itself: where it leads if it is a link, else its type.
struct fingerprint fingerprint_of_link(const char *path);
// The real name of the path, from the working folder if it is below that.
struct fingerprint fingerprint_of_real(const char *path);
// Present: nothing is there, and something can be made there.
struct fingerprint fingerprint_of_free(const char *path);
// Present: a file is there, or can be made there, and it can be written to.
struct fingerprint fingerprint_of_room(const char *path);
// What the one or the other (to_write) of the last two is while nothing is there.
struct fingerprint fingerprint_of_place(const char *path, bool to_write);
// The digests of these, where what they look at is known already. sum: of entry_hash().
struct digest fingerprint_digest_of_type(mode_t mode);
struct digest fingerprint_digest_of_access(const struct stat *st);
struct digest fingerprint_digest_of_status(const struct stat *st);
struct digest fingerprint_digest_of_link(const char *target);
struct digest fingerprint_digest_of_entries(uint64_t sum);
struct digest fingerprint_digest_of_real(const char *real, const char *cwd);
// The value of a variable of our own environment.
struct fingerprint fingerprint_of_variable(const char *name);
// An attribute of ours, see base/attributes.h.
struct fingerprint fingerprint_of_attribute(const char *name);
// What the loader's cache has for a library of that name.
struct fingerprint fingerprint_of_library(const char *name, const struct fingerprint *known);
// The names of all variables in our own environment but those that workers have from us.
struct fingerprint fingerprint_of_environment(void);
// Whether they stand for the same, whatever their stamps are.
bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b);
struct stamp stamp_of(const struct stat *st);
// Whether they are of one file that stood still. One that the history has kept has no device.
bool stamp_equal(const struct stamp *a, const struct stamp *b);
// Whether it was changed after that time (real clock), or may change once more under the same
// stamp.
bool stamp_is_young(const struct stamp *s, int64_t at_ns);

#endif
