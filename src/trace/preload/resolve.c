// SPDX-License-Identifier: MIT
#include "trace/preload/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/log.h"

#define LINKS_MOST 40 // as the kernel has it

// ---- folders that are known to be no links ----

// Most names of a process begin alike; and what its parent has looked up need not be again.
#define TRIES 4

static uint64_t add_bytes(uint64_t h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

// The mark of the name with that hash in this generation; never 0.
static uint64_t mark_of(const struct trace_head *head, uint64_t h)
{
	h ^= (uint64_t)atomic_load_explicit(&head->generation, memory_order_relaxed) *
	     UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 29 ? h ^ h >> 29 : 1;
}

#define MISSING UINT64_C(0x9ddfea08eb382d69) // turns the mark of a folder into that of none

static bool is_known(struct trace_head *head, uint64_t mark)
{
	for (size_t i = 0; i < TRIES; i++)
		if (atomic_load_explicit(&head->folders[(mark + i) % TRACE_FOLDERS],
					 memory_order_relaxed) == mark)
			return true;
	return false;
}

// An older one may have to go.
static void learn(struct trace_head *head, uint64_t mark)
{
	size_t at = mark % TRACE_FOLDERS;

	for (size_t i = 0; i < TRIES; i++)
		if (!atomic_load_explicit(&head->folders[(mark + i) % TRACE_FOLDERS],
					  memory_order_relaxed)) {
			at = (mark + i) % TRACE_FOLDERS;
			break;
		}
	atomic_store_explicit(&head->folders[at], mark, memory_order_relaxed);
}

// ---- the way ----

// What the kernel makes up in /proc is another thing in each process, and no input.
static bool is_made_up(const struct way *w)
{
	return strncmp(w->path, "/proc", 5) == 0 && (w->path[5] == '/' || !w->path[5]);
}

static bool add_part(struct way *w, const char *part, size_t n)
{
	if (w->n + n + 2 > w->room)
		return false;
	w->path[w->n++] = '/';
	memmove(w->path + w->n, part, n);
	w->n += n;
	w->path[w->n] = '\0';
	return true;
}

static void drop_part(struct way *w)
{
	while (w->n > 0 && w->path[--w->n] != '/')
		;
	w->path[w->n] = '\0';
}

static size_t length_of_part(const char *rest)
{
	size_t n = 0;

	while (rest[n] && rest[n] != '/')
		n++;
	return n;
}

static bool is_parent(const char *part, size_t n)
{
	return n == 2 && part[0] == '.' && part[1] == '.';
}

// Nothing is there: the rest is a name alone.
static enum resolved add_missing(struct way *w, const char *rest)
{
	size_t n;

	for (const char *part = rest; *part; part += n + (part[n] == '/'))
		if (is_parent(part, n = length_of_part(part)))
			return RESOLVED;
	for (; *rest; rest += n + (rest[n] == '/')) {
		n = length_of_part(rest);
		if (n > 0 && !(n == 1 && *rest == '.') && !add_part(w, rest, n))
			return RESOLVED_LONG;
	}
	return RESOLVED;
}

// Searches come to the same folders again and again. A folder that was made since has the same
// name; but what is behind a ".." then lies elsewhere.
static bool may_be_known_missing(const struct way *w, const char *rest)
{
	return w->is_missed && !strstr(rest, "/..");
}

// The rest begins at *rest in its room; puts the n bytes of a link's target before it. They stand
// at the beginning of that room.
static bool put_before(struct way *w, char **rest, size_t n)
{
	size_t left = strlen(*rest);

	if (n + left + 2 > w->room)
		return false;
	memmove(w->rest + w->room - left - 1, *rest, left + 1);
	*rest = w->rest + w->room - left - 1;
	*--*rest = '/';
	*rest -= n;
	memmove(*rest, w->rest, n);
	return true;
}

static bool leads_nowhere(const char *target)
{
	return *target != '/'; // "pipe:[7]", as links of /proc alone have it
}

// w->path is a link whose target stands in w->rest.
static enum resolved cross(struct way *w, char **rest, size_t n)
{
	bool made_up = is_made_up(w);
	char first = *w->rest;

	if (made_up && leads_nowhere(w->rest) && strchr(w->rest, ':'))
		return RESOLVED_NOT;
	if (!made_up)
		log_crossed(TRACE_LINK, w->path, w->n, w->rest, n);
	if (!put_before(w, rest, n))
		return RESOLVED_LONG;
	if (first == '/')
		w->n = 0;
	else
		drop_part(w);
	w->path[w->n] = '\0';
	return RESOLVED;
}

// Reads the link w->path to the beginning of w->rest, where there is room up to rest. -1: errno.
static ssize_t read_link(struct way *w, const char *rest)
{
	size_t room = (size_t)(rest - w->rest);
	ssize_t n = room > 1 ? syscall(SYS_readlinkat, AT_FDCWD, w->path, w->rest, room - 1) : 0;

	if (room <= 1 || n == (ssize_t)room - 1) {
		errno = ERANGE;
		return -1;
	}
	if (n >= 0)
		w->rest[n] = '\0';
	return n;
}

static enum resolved walk(struct way *w, struct trace_head *head, char *rest, bool follow)
{
	uint64_t h = add_bytes(0, w->path, w->n);

	for (int links = 0;;) {
		while (*rest == '/')
			rest++;
		size_t n = length_of_part(rest);
		bool is_last = !rest[n];
		if (n == 0)
			return RESOLVED;
		if (n == 1 && *rest == '.') {
			rest += n;
			continue;
		}
		if (is_parent(rest, n)) {
			log_crossed(TRACE_NAMED, w->path, w->n, "", 0);
			drop_part(w);
			h = add_bytes(0, w->path, w->n);
			rest += n;
			continue;
		}
		size_t before = w->n;
		if (!add_part(w, rest, n))
			return RESOLVED_LONG;
		h = add_bytes(h, w->path + before, w->n - before);
		rest += n;
		if (is_last && !follow)
			return RESOLVED;
		uint64_t mark = mark_of(head, h);
		if (!is_last && is_known(head, mark))
			continue;
		bool may_miss = !is_last && may_be_known_missing(w, rest);
		if (may_miss && is_known(head, mark ^ MISSING))
			return add_missing(w, rest);
		ssize_t target = read_link(w, rest);
		if (target < 0 && errno == EINVAL) {
			if (!is_last && !is_made_up(w))
				learn(head, mark);
			continue;
		}
		if (target < 0 && errno == ENOENT && may_miss)
			learn(head, mark ^ MISSING);
		if (target < 0)
			return errno == ERANGE ? RESOLVED_LONG : add_missing(w, rest);
		if (++links > LINKS_MOST)
			return RESOLVED_NOT;
		enum resolved crossed = cross(w, &rest, (size_t)target);
		if (crossed != RESOLVED)
			return crossed;
		h = add_bytes(0, w->path, w->n);
	}
}

enum resolved resolve(struct way *w, struct trace_head *head, const char *base, size_t nbase,
		      const char *path, bool follow)
{
	size_t n = strlen(path);

	if (nbase + 1 > w->room || n + 1 > w->room)
		return RESOLVED_LONG;
	if (nbase == 1 && *base == '/')
		nbase = 0;
	memcpy(w->path, base, nbase);
	w->path[nbase] = '\0';
	w->n = nbase;
	char *rest = w->rest + w->room - n - 1;
	memcpy(rest, path, n + 1);
	enum resolved result = walk(w, head, rest, follow || (n > 0 && path[n - 1] == '/'));
	if (result == RESOLVED && w->n == 0) {
		memcpy(w->path, "/", 2);
		w->n = 1;
	}
	return result;
}
