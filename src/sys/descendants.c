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

size_t descendants_children(pid_t *pids, size_t max)
{
	struct buf b = {0};
	size_t count = 0;
	char path[64];

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	if (read_file(path, &b)) {
		char *end, *p = b.data;
		for (long pid = strtol(p, &end, 10); end != p; p = end, pid = strtol(p, &end, 10)) {
			if (count < max)
				pids[count] = (pid_t)pid;
			count++;
		}
	}
	buf_release(&b);
	return count;
}

enum belongs descendants_belongs(pid_t pid, const char *entry)
{
	struct buf b = {0};
	bool found = false;
	size_t n = strlen(entry);
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	if (!read_file(path, &b) || b.len == 0) {
		buf_release(&b);
		return BELONGS_UNKNOWN;
	}
	for (const char *p = b.data; p < b.data + b.len && !found; p += strlen(p) + 1)
		found = strncmp(p, entry, n) == 0 && (!p[n] || p[n] == '.' || p[n] == '/');
	buf_release(&b);
	return found ? BELONGS : BELONGS_NOT;
}
