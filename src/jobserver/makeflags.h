// SPDX-License-Identifier: MIT
// What GNU make tells its children in MAKEFLAGS. Source: "POSIX Jobserver" and "Options/Recursion"
// of the GNU make manual. Pure functions.
#ifndef JOBSERVER_MAKEFLAGS_H
#define JOBSERVER_MAKEFLAGS_H

#include <stdbool.h>

enum auth_kind {
	AUTH_NONE,      // no jobserver is named
	AUTH_FDS,       // --jobserver-auth=R,W (or --jobserver-fds=R,W before make 4.2)
	AUTH_FIFO,      // --jobserver-auth=fifo:PATH (since make 4.4)
	AUTH_NOT_OURS,  // a negative fd: make says that this recipe may not take part
	AUTH_MALFORMED, // something else; text holds it
};

struct makeflags {
	enum auth_kind auth;
	int read_fd, write_fd; // AUTH_FDS
	char *path;            // AUTH_FIFO; owned
	char *text;            // the auth word as it was given, or NULL; owned
	bool dry_run;          // -n, -t or -q: make wants nothing to be run
	bool question;         // -q: it asks whether anything would be
	int jobs;              // N of -jN; 0: a bare -j, no limit; -1: no -j at all
	double load;           // N of -lN, a load above which make starts no more; < 0: none
	int most; // the N of a make that serves nothing, below another's jobserver; or <= 0
};

// Reads a value of MAKEFLAGS (NULL is the same as empty).
void makeflags_parse(struct makeflags *m, const char *value);
// Reads both variables that name a jobserver (NULL: it is not set). Cargo has one of its own in
// CARGO_MAKEFLAGS for build scripts and what they run; it counts where MAKEFLAGS names none.
void makeflags_read(struct makeflags *m, const char *makeflags, const char *cargo_makeflags);
void makeflags_release(struct makeflags *m);
// The value without its jobserver and -j words, for the environment of a child that must not take
// part. Nothing is appended, and what follows "--" is kept. The caller frees it.
char *makeflags_without_jobserver(const char *value);
// The value with the jobserver of these file descriptors in place of the one it may hold. NULL is
// the same as empty. The caller frees it.
char *makeflags_with_jobserver(const char *value, int read_fd, int write_fd);

#endif
