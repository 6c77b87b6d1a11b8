// SPDX-License-Identifier: MIT
// What a name stands for at this moment: the real name, without links, "." and "..". Each link that
// is crossed and each folder before a ".." is noted on the way.
#ifndef TRACE_PRELOAD_RESOLVE_H
#define TRACE_PRELOAD_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

struct trace_head;

// Room for the real name, and as much for what is left of the way.
struct way {
	char *path, *rest;
	size_t room;    // bytes of each
	size_t n;       // bytes of path; it ends with NUL
	bool is_missed; // nothing is there, the kernel has said: a folder that was not is not asked
			// again
};

enum resolved {
	RESOLVED,
	RESOLVED_NOT, // it is no file's name: a pipe behind /proc/self/fd, a loop of links
	RESOLVED_LONG // it needs more room
};

// base: a real name that path counts from; nbase 0: path is absolute. follow: also where the last
// part of path is a link. What is missing keeps its name, without a ".." behind it. Does not
// preserve errno.
enum resolved resolve(struct way *w, struct trace_head *head, const char *base, size_t nbase,
		      const char *path, bool follow);

#endif
