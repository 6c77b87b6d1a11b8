// SPDX-License-Identifier: MIT
#include "trace/preload/shell.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "trace/preload/log.h"

#define LIBRARY "/firmo-jobs-trace.so"

// The PATH of such a command; *n is its length. NULL: it is another one.
static const char *asked_for(const char *command, size_t *n)
{
	// Those that ask for what there is behind links, as looking does, and not for permissions.
	if (strncmp(command, "test -", 6) != 0 || !command[6] || !strchr("defs", command[6]) ||
	    strncmp(command + 7, " \"", 2) != 0)
		return NULL;
	const char *path = command + 9;
	*n = strcspn(path, "\"$`\\\n");
	return *n > 0 && *n < PATH_MAX && strcmp(path + *n, "\"") == 0 ? path : NULL;
}

// The entry of the environment that has us preloaded, and nobody else: what is not ours stays. NULL
// as well where a function for the shell stands there, which could be one called test.
static char *find_preload(void)
{
	char *found = NULL;

	for (char **entry = environ; entry && *entry; entry++) {
		if (strncmp(*entry, "BASH_FUNC_", 10) == 0)
			return NULL;
		if (strncmp(*entry, "LD_PRELOAD=", 11) == 0)
			found = *entry;
	}
	size_t n = found ? strlen(found) : 0, suffix = strlen(LIBRARY);
	bool alone =
		n > suffix && !strpbrk(found, ": ") && strcmp(found + n - suffix, LIBRARY) == 0;
	return alone ? found : NULL;
}

char *shell_hide(const char *command)
{
	char path[PATH_MAX];
	size_t n;
	const char *asked = command && log_is_on() ? asked_for(command, &n) : NULL;
	char *preload = asked ? find_preload() : NULL;

	if (!preload)
		return NULL;
	memcpy(path, asked, n);
	path[n] = '\0';
	log_ahead(TRACE_LOOKED, path);
	log_path(TRACE_READ, AT_FDCWD, "/bin/sh", false);
	// Another thread that starts a program at this moment starts one that is not watched, and
	// notes that it did: that is told of then as of any other.
	*preload = 'l';
	return preload;
}

void shell_reveal(char *hidden)
{
	*hidden = 'L';
}
