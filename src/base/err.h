// SPDX-License-Identifier: MIT
// What went wrong, owned by the caller and filled where it was noticed. Only cli/ prints it.
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

struct err {
	int errnum; // an errno value, or 0 where the message says it all
	char message[512];
};

// Fills e (which may be NULL) with the message, followed by ": strerror(errnum)" if errnum is not
// 0. Returns -1, so that a function ends with `return err_set(...)`.
int err_set(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// Whether the machine was to blame, and not what a person has said: it lacked memory or
// descriptors, or could not read.
bool err_is_shortage(const struct err *e);

#endif
