// SPDX-License-Identifier: MIT
#include "coverage/hook/sources.h"

#include <limits.h>
#include <stdlib.h>

#define LINES_MORE 1024 // room for what is not known to come

struct source_place source_places[SOURCES_PLACES];

// All of them, in chains by their text.
struct known {
	char *text;
	struct counters counters;
	bool counts;
	struct known *next;
};

static struct known *known[SOURCES_PLACES];

static struct known **chain_of(const char *text)
{
	uint32_t h = 0;

	for (const char *s = text; *s; s++)
		h = h * 31 + (unsigned char)*s;
	return &known[h % SOURCES_PLACES];
}

static struct known *find(const char *text)
{
	struct known *k = *chain_of(text);

	while (k && strcmp(k->text, text) != 0)
		k = k->next;
	return k;
}

// ---- names ----

// The real name of the file, in the folder that is current when its first line runs; false: it is
// none, or does not count.
static bool name_of(const char *text, char *name)
{
	const struct memory_head *head = entries_head();
	size_t n = strnlen(head->root, sizeof head->root);

	return *text == '@' && realpath(text + 1, name) &&
	       (n == 0 || (strncmp(name, head->root, n) == 0 && name[n] == '/'));
}

// ---- what it compiles to ----

struct dump {
	char *data;
	size_t n, room;
};

static int add_to_dump(lua_State *lua, const void *data, size_t n, void *owner)
{
	struct dump *d = owner;

	if (n > d->room - d->n) {
		size_t room = 2 * (d->n + n);
		char *more = realloc(d->data, room);
		if (!more)
			return 1;
		d->data = more;
		d->room = room;
	}
	memcpy(d->data + d->n, data, n);
	d->n += n;
	return 0;
}

// The function on the top of the stack is a main chunk: all others are inside of it.
static struct dump dump_chunk(lua_State *lua)
{
	struct dump d = {0};

	if (interpreter.dump(lua, add_to_dump, &d, 0) != 0)
		d.n = 0;
	interpreter.settop(lua, -2);
	return d;
}

bool sources_enter(lua_State *lua, const char *name)
{
	struct dump d = dump_chunk(lua);
	struct counters c;
	bool is_there = d.n > 0 && entries_add(name, 0, d.data, d.n, &c);

	free(d.data);
	return is_there;
}

static void begin_counting(struct known *k, lua_State *lua, void *record, uint32_t line)
{
	char name[PATH_MAX];
	struct dump d = {0};

	k->counts = name_of(k->text, name);
	if (!k->counts)
		return;
	// Of LuaJIT the main chunk begins at 0 as well.
	if (interpreter_definition(record) == 0) {
		interpreter.getinfo(lua, "f", record);
		d = dump_chunk(lua);
	}
	k->counts = entries_add(name, d.n > 0 ? line : line + LINES_MORE, d.n > 0 ? d.data : NULL,
				d.n, &k->counters);
	free(d.data);
}

static struct known *add(const char *text)
{
	struct known *k = calloc(1, sizeof *k), **chain = chain_of(text);

	if (!k || !(k->text = strdup(text))) {
		free(k);
		return NULL;
	}
	k->next = *chain;
	*chain = k;
	return k;
}

struct counters *sources_learn(lua_State *lua, void *record, uint32_t line)
{
	const char *source = interpreter_source(record);
	struct known *k = find(source);
	bool is_new = !k;

	if (!k && !(k = add(source)))
		return NULL;
	if (is_new || (k->counts && line > k->counters.lines))
		begin_counting(k, lua, record, line);
	struct counters *c = k->counts ? &k->counters : NULL;
	*source_place_of(source) = (struct source_place){source, k->text, c};
	return c;
}

void sources_forget(void)
{
	memset(source_places, 0, sizeof source_places);
	for (size_t i = 0; i < SOURCES_PLACES; i++)
		for (struct known *k; (k = known[i]) != NULL; free(k)) {
			known[i] = k->next;
			free(k->text);
		}
}
