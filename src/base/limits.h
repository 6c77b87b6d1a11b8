// SPDX-License-Identifier: MIT
// Resource limits as a person writes them: "as=1G,cpu=30,nofile=256".
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct err;

enum limit_kind {
	LIMIT_AS,
	LIMIT_CPU,
	LIMIT_FSIZE,
	LIMIT_NOFILE,
	LIMIT_NPROC,
	LIMIT_STACK,
	LIMIT_CORE,
	LIMIT_COUNT
};

struct limits {
	bool set[LIMIT_COUNT];
	rlim_t value[LIMIT_COUNT]; // bytes, seconds of CPU time (LIMIT_CPU), or a count
	rlim_t mark;               // limits nothing, see limits_mark; 0: none
};

// What --limit calls it.
const char *limits_name(int limit);
// Adds what text says to l; the message of an error begins with "limit". Sizes take K, M, G or T
// (powers of 1024); "unlimited" is a value too.
int limits_parse(struct limits *l, const char *text, struct err *err);
// What setrlimit is to be given for one of those that are set, never above the hard limit in force.
// Async-signal-safe. Returns 0 or an errno value.
int limits_resolve(const struct limits *l, int limit, struct rlimit *r);
// setrlimit for all that is set, never above the hard limit in force. Async-signal-safe.
// Returns 0 or an errno value.
int limits_apply(const struct limits *l);
// A mark that only what descends of the processes of the owner bears: a limit so high that it
// limits nothing. Whatever session, environment and user a process takes, it hands it on.
rlim_t limits_mark(pid_t owner);
bool limits_bear(pid_t pid, rlim_t mark);

#endif
