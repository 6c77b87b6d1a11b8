// SPDX-License-Identifier: MIT
// Which paths files write that no other may write meanwhile.
#ifndef STORE_CLAIMS_H
#define STORE_CLAIMS_H

#include <stdint.h>

struct err;
struct result;
struct store;

// Calls each(file, path) for what test files wrote when they were last watched; both strings last
// for the call.
int claims_each(struct store *s, void (*each)(const char *file, const char *path, void *arg),
		void *arg, struct err *err);
// Notes what is new of it by a result of the file that was watched. Returns SQLITE_DONE or an
// error.
int claims_note(struct store *s, int64_t file, const struct result *r);

#endif
