// SPDX-License-Identifier: MIT
#include "coverage/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "coverage/hook/memory.h"
#include "coverage/stats.h"
#include "model/hits.h"

static int prepare(int fd, const char *root, bool calls)
{
	struct memory_head head = {.format = MEMORY_FORMAT, .calls = calls, .used = sizeof head};

	if (strlen(root) >= sizeof head.root) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(head.root, root);
	if (ftruncate(fd, (off_t)MEMORY_BYTES) < 0 ||
	    pwrite(fd, &head, offsetof(struct memory_head, places), 0) < 0)
		return -1;
	// Processes that have it mapped would die if it became shorter.
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
}

int arena_open(struct arena *a, const char *root, bool calls, struct err *err)
{
	*a = (struct arena){.fd = memfd_create(ARENA_LABEL, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	if (a->fd < 0 || prepare(a->fd, root, calls) < 0) {
		err_set(err, errno, "make memory for coverage");
		arena_close(a);
		return -1;
	}
	a->variable = xasprintf(MEMORY_VARIABLE "=/proc/%ld/fd/%d", (long)getpid(), a->fd);
	a->path = strchr(a->variable, '=') + 1;
	return 0;
}

void arena_close(struct arena *a)
{
	if (a->fd >= 0)
		close(a->fd);
	free(a->variable);
	*a = (struct arena){.fd = -1};
}

// ---- entries ----

static void know(struct hits_file *f, const char *at, const struct memory_entry *e,
		 const struct memory_layout *l)
{
	const struct memory_function *functions = (const void *)(at + l->functions);
	struct hits_function *all = xmalloc((e->functions + 1) * sizeof *all);
	size_t n = 0;

	for (uint32_t i = 0; i <= e->lines; i++)
		f->active[i] |= at[l->active + i / 8] >> i % 8 & 1;
	// The chunk itself is no function.
	for (uint32_t i = 0; i < e->functions; i++)
		if (functions[i].first > 0 && functions[i].first <= functions[i].last &&
		    functions[i].last <= e->lines)
			all[n++] = (struct hits_function){functions[i].first, functions[i].last};
	hits_file_know(f, all, n);
	free(all);
}

// A copy of its head is looked at: who still writes there does not change what was found sound.
static bool add_entry(struct hits *h, const char *memory, uint64_t used, uint64_t place)
{
	struct memory_entry e;

	if (place % 8 || place < sizeof(struct memory_head) || place > used - sizeof e)
		return false;
	memcpy(&e, memory + place, sizeof e);
	const char *at = memory + place, *name = at + sizeof e;
	const struct memory_layout l = memory_layout_of(&e);
	if (e.lines > HITS_LINES_MOST || l.bytes > used - place || e.name_bytes < 2 ||
	    *name != '/' || strnlen(name, e.name_bytes) != e.name_bytes - 1)
		return false;
	char *path = xstrndup(name, e.name_bytes);
	struct hits_file *f = hits_file(h, path, e.lines);
	free(path);
	const uint32_t *counts = (const void *)(at + l.counts),
		       *calls = (const void *)(at + l.calls);
	for (uint32_t i = 0; i <= e.lines; i++) {
		f->counts[i] += counts[i];
		f->calls[i] += calls[i];
	}
	if (e.is_known)
		know(f, at, &e, &l);
	return true;
}

static void add_entries(struct hits *h, const char *memory, uint64_t used)
{
	const struct memory_head *head = (const void *)memory;
	uint32_t n = head->entries < MEMORY_ENTRIES ? head->entries : MEMORY_ENTRIES;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t place = head->places[i];
		if (place > 0 && !add_entry(h, memory, used, place))
			h->is_bad = true;
	}
	h->has_begun |= head->processes > 0;
	h->calls = head->calls;
	h->is_wide = !*head->root;
	h->lost |= head->lost > 0 || head->entries > MEMORY_ENTRIES;
	h->displaced |= head->displaced > 0;
}

struct hits *arena_read(const struct arena *a)
{
	struct hits *h = xcalloc(1, sizeof *h);
	uint64_t used = 0;

	if (pread(a->fd, &used, sizeof used, offsetof(struct memory_head, used)) != sizeof used ||
	    used < sizeof(struct memory_head) || used > MEMORY_TEXT) {
		h->is_bad = true;
		return h;
	}
	char *memory = mmap(NULL, used, PROT_READ, MAP_SHARED, a->fd, 0);
	if (memory == MAP_FAILED) {
		h->lost = true;
		return h;
	}
	if (((const struct memory_head *)memory)->format == MEMORY_FORMAT)
		add_entries(h, memory, used);
	else
		h->is_bad = true;
	munmap(memory, used);
	stats_read_memory(a->fd, h);
	return h;
}
