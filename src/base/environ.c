// SPDX-License-Identifier: MIT
#include "base/environ.h"

#include <string.h>

// With `*` at the end: all names that begin so.
static bool is_one_of(const char *const *patterns, const char *name, size_t n)
{
	for (; *patterns; patterns++) {
		if (**patterns != *name) // nearly all of them
			continue;
		size_t fixed = strcspn(*patterns, "*");
		if (strncmp(name, *patterns, fixed) == 0 && fixed <= n &&
		    ((*patterns)[fixed] || fixed == n))
			return true;
	}
	return false;
}

bool environ_is_ours(const char *name, size_t n)
{
	static const char *const names[] = {
		// What each worker has of its own.
		"FIRMO_JOBS_*",
		"TMPDIR",
		"PWD",
		// How make was called that called us, and how deep below others.
		"MAKEFLAGS",
		"MFLAGS",
		"GNUMAKEFLAGS",
		"MAKELEVEL",
		"MAKE_TERMOUT",
		"MAKE_TERMERR",
		// What a shell says of itself.
		"_",
		"OLDPWD",
		"SHLVL",
		// The terminal and the login: a worker has neither.
		"TERM",
		"TERM_PROGRAM",
		"TERM_PROGRAM_VERSION",
		"TERM_SESSION_ID",
		"ITERM_SESSION_ID",
		"COLORTERM",
		"COLUMNS",
		"LINES",
		"WINDOWID",
		"GNOME_TERMINAL_*",
		"KITTY_*",
		"KONSOLE_*",
		"VTE_VERSION",
		"WT_SESSION",
		"TMUX",
		"TMUX_PANE",
		"STY",
		"WINDOW",
		"GPG_TTY",
		"SSH_CLIENT",
		"SSH_CONNECTION",
		"SSH_TTY",
		"XDG_SESSION_ID",
		"XDG_SEAT",
		"XDG_VTNR",
		// The service that started us.
		"INVOCATION_ID",
		"JOURNAL_STREAM",
		"SYSTEMD_EXEC_PID",
		NULL,
	};

	return is_one_of(names, name, n);
}

bool environ_is_of_loader(const char *name, size_t n)
{
	static const char *const names[] = {"LD_*", "GLIBC_TUNABLES", "MALLOC_*", NULL};

	return is_one_of(names, name, n);
}
