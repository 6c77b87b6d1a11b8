// SPDX-License-Identifier: MIT
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int errnum, const char *fmt, ...)
{
	if (!e)
		return -1;
	e->errnum = errnum;

	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->message, sizeof e->message, fmt, ap);
	va_end(ap);

	if (errnum && n >= 0 && (size_t)n < sizeof e->message)
		snprintf(e->message + n, sizeof e->message - (size_t)n, ": %s%s", strerror(errnum),
			 errnum == EMFILE ? " (ulimit -n 256 allows more)" : "");
	return -1;
}

bool err_is_shortage(const struct err *e)
{
	return e->errnum == EMFILE || e->errnum == ENFILE || e->errnum == ENOMEM ||
	       e->errnum == EIO;
}
