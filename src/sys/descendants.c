// SPDX-License-Identifier: MIT
#include "sys/descendants.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buf.h"

bool descendants_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

static bool read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	do {
		buf_reserve(b, 4096);
		n = read(fd, b->data + b->len, b->cap - b->len - 1);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0);
	b->data[b->len] = '\0';
	close(fd);
	return n == 0;
}

bool descendants_children(pid_t *pids, size_t max, size_t *n)
{
	struct buf b = {0};
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	*n = 0;
	bool told = read_file(path, &b);
	if (told) {
		char *end, *p = b.data;
		for (long pid = strtol(p, &end, 10); end != p && *n < max;
		     p = end, pid = strtol(p, &end, 10))
			pids[(*n)++] = (pid_t)pid;
	}
	buf_release(&b);
	return told;
}

// Looks for the entry in a sequence of strings that comes in pieces.
struct search {
	const char *entry;
	size_t length;
	size_t matched; // of the string that is being read; beyond length: it is another
	bool found;
};

static void feed(struct search *s, const char *data, size_t n)
{
	for (size_t i = 0; i < n && !s->found; i++) {
		char c = data[i];
		if (s->matched == s->length && (c == '\0' || c == '.' || c == '/'))
			s->found = true;
		else if (c == '\0')
			s->matched = 0;
		else if (s->matched < s->length && c == s->entry[s->matched])
			s->matched++;
		else
			s->matched = s->length + 1;
	}
}

// In no memory but the stack's: the watchdog has to do with what there is.
enum belongs descendants_belongs(pid_t pid, const char *entry)
{
	struct search search = {.entry = entry, .length = strlen(entry)};
	char path[64], chunk[4096];
	bool any = false;
	ssize_t n = -1;

	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return BELONGS_UNKNOWN;
	while (!search.found && (n = read(fd, chunk, sizeof chunk)) > 0) {
		feed(&search, chunk, (size_t)n);
		any = true;
	}
	close(fd);
	feed(&search, "", 1);
	if (search.found)
		return BELONGS;
	return any && n == 0 ? BELONGS_NOT : BELONGS_UNKNOWN;
}
