// SPDX-License-Identifier: MIT
#include "trace/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/entry.h"
#include "base/path.h"

struct entry {
	bool dead;            // it is as if there were none
	bool is;              // something of that name is there
	char *origin;         // what that was called before; NULL: it is the worker's own; owned
	uint32_t type;        // of that
	bool was;             // something of that name was there before the worker came
	uint32_t type_before; // of that
};

static void clear(struct entry *e)
{
	free(e->origin);
	e->origin = NULL;
}

void names_release(struct names *n)
{
	for (size_t i = 0; i < n->entries.cap; i++)
		if (n->entries.slots[i].key) {
			clear(n->entries.slots[i].value);
			free(n->entries.slots[i].value);
		}
	map_release(&n->entries);
	buf_release(&n->room);
}

static struct entry *find(const struct names *n, const char *path)
{
	struct entry *e = n->entries.n ? map_get(&n->entries, path) : NULL;

	return e && !e->dead ? e : NULL;
}

// The same, made if need be: then there was something of that name before, or not.
static struct entry *entry_of(struct names *n, const char *path, bool was, uint32_t type_before)
{
	struct entry *e = map_get(&n->entries, path);

	if (e && !e->dead)
		return e;
	if (!e) {
		e = xcalloc(1, sizeof *e);
		map_put(&n->entries, path, e);
	}
	clear(e);
	*e = (struct entry){.was = was, .type_before = type_before};
	return e;
}

bool names_has(const struct names *n, const char *path)
{
	return find(n, path) != NULL;
}

enum names_owner names_owner(struct names *n, const char *path, const char **before)
{
	const struct entry *e = NULL;

	*before = path;
	if (n->entries.n == 0)
		return NAMES_OTHERS;
	buf_clear(&n->room);
	buf_addstr(&n->room, path);
	char *end = n->room.data + n->room.len;
	while (!(e = find(n, n->room.data))) {
		char *slash = strrchr(n->room.data, '/');
		if (!slash || slash == n->room.data)
			return NAMES_OTHERS;
		*slash = '\0';
		end = slash;
	}
	if (!e->is)
		return NAMES_GONE;
	if (!e->origin)
		return NAMES_OWN;
	const char *rest = path + (end - n->room.data);
	buf_clear(&n->room);
	buf_addstr(&n->room, e->origin);
	buf_addstr(&n->room, rest);
	*before = n->room.data;
	return NAMES_OTHERS;
}

// What is there from now on: the worker's own, or what was called so before.
static void put(struct names *n, const char *path, const char *origin, uint32_t type, bool there,
		uint32_t type_before)
{
	struct entry *e = entry_of(n, path, there, type_before);
	char *copy = origin ? xstrdup(origin) : NULL;

	clear(e);
	e->is = true;
	e->origin = copy;
	e->type = type;
}

void names_make(struct names *n, const char *path, uint32_t type, bool there, uint32_t type_before)
{
	put(n, path, NULL, type, there, type_before);
}

void names_remove(struct names *n, const char *path, uint32_t type)
{
	struct entry *e = entry_of(n, path, true, type);

	clear(e);
	e->is = false;
}

// Where it lies below folder: what follows that, from the slash on.
static const char *below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n : NULL;
}

// What lies below a folder goes with it.
static void move_below(struct names *n, const char *from, const char *to)
{
	struct {
		struct map_slot *items;
		size_t n, cap;
	} moved = {0};

	for (size_t i = 0; i < n->entries.cap; i++) {
		struct map_slot *s = &n->entries.slots[i];
		struct entry *e = s->value;
		if (!s->key || e->dead)
			continue;
		if (below(s->key, to)) {
			e->dead = true;
		} else if (below(s->key, from)) {
			struct entry *copy = xmalloc(sizeof *copy);
			*copy = *e;
			e->origin = NULL;
			e->dead = true;
			struct map_slot m = {.key = xasprintf("%s%s", to, below(s->key, from)),
					     .value = copy};
			VEC_PUSH(&moved, m);
		}
	}
	for (size_t i = 0; i < moved.n; i++) {
		struct entry *e = entry_of(n, moved.items[i].key, false, 0);
		*e = *(struct entry *)moved.items[i].value;
		free(moved.items[i].value);
		free(moved.items[i].key);
	}
	free(moved.items);
}

// The name that it had before, to keep; NULL: it is the worker's own.
static char *origin_of(struct names *n, const char *path)
{
	const char *before;

	return names_owner(n, path, &before) == NAMES_OTHERS ? xstrdup(before) : NULL;
}

void names_rename(struct names *n, const char *from, const char *to, uint32_t type, bool there,
		  uint32_t type_before)
{
	char *origin = origin_of(n, from);

	move_below(n, from, to);
	put(n, to, origin, type, there, type_before);
	names_remove(n, from, type);
	free(origin);
}

void names_link(struct names *n, const char *from, const char *to, uint32_t type)
{
	char *origin = origin_of(n, from);

	put(n, to, origin, type, false, 0);
	free(origin);
}

uint64_t names_correction(const struct names *n, const char *folder)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n->entries.cap; i++) {
		const struct map_slot *s = &n->entries.slots[i];
		const struct entry *e = s->value;
		const char *name = s->key && !e->dead ? below(s->key, folder) : NULL;
		if (!name || strchr(name + 1, '/'))
			continue;
		if (e->is)
			sum -= entry_hash(name + 1, e->type);
		if (e->was)
			sum += entry_hash(name + 1, e->type_before);
	}
	return sum;
}
