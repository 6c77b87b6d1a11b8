// SPDX-License-Identifier: MIT
#include "trace/preload/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/log.h"
#include "trace/preload/text.h"

static bool look_at(const char *path, struct stat *st)
{
	return syscall(SYS_newfstatat, AT_FDCWD, path, st, 0) == 0;
}

// Of /bin/sh alone the language is known.
static bool is_shell(const char *name)
{
	struct stat own, shell;
	size_t n = strlen(name);
	int errnum = errno;

	if (strcmp(name, "/bin/sh") == 0)
		return true;
	if (n < 3 || strcmp(name + n - 3, "/sh") != 0)
		return false;
	bool same = look_at(name, &own) && look_at("/bin/sh", &shell) &&
		    own.st_ino == shell.st_ino && own.st_dev == shell.st_dev;
	errno = errnum;
	return same;
}

// The text of `sh -c TEXT`, as system, popen and make start it; NULL: it is something else.
static const char *text_of(int argc, char **argv)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	bool has_end = argc == 4 && strcmp(argv[2], "--") == 0;

	if (!name || !(argc == 3 || has_end) || strcmp(argv[1], "-c") != 0 || !is_shell(name))
		return NULL;
	return argv[argc - 1];
}

// Whether bash takes the word for a function that it has from its environment.
static bool is_function(const char *word)
{
	static const char start[] = "BASH_FUNC_";
	size_t n = strlen(word);

	for (char **entry = environ; entry && *entry; entry++)
		if (strncmp(*entry, start, sizeof start - 1) == 0 &&
		    strncmp(*entry + sizeof start - 1, word, n) == 0 &&
		    strncmp(*entry + sizeof start - 1 + n, "%%=", 3) == 0)
			return true;
	return false;
}

void programs_begin(int argc, char **argv)
{
	const char *text = text_of(argc, argv);

	if (text && text_tells_variables(text, environment_note, is_function))
		log_told();
}
