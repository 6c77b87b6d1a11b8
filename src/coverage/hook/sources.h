// SPDX-License-Identifier: MIT
// The sources that this process runs, by the text that the interpreter has for each: its counters
// are found by the address of that, which is looked at again each time, as another text may have
// it meanwhile.
#ifndef COVERAGE_HOOK_SOURCES_H
#define COVERAGE_HOOK_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "coverage/hook/entries.h"
#include "coverage/hook/interpreter.h"

#define SOURCES_PLACES 4096

struct source_place {
	const char *source;        // its address
	const char *text;          // what stood there
	struct counters *counters; // NULL: it does not count
};

extern struct source_place source_places[SOURCES_PLACES];

// The counters of the function that the event of that record is in, with that line among them, or
// NULL. getinfo has filled the record.
struct counters *sources_learn(lua_State *lua, void *record, uint32_t line);
// Makes an entry for the chunk on the top of the stack, of which nothing runs. False: it cannot.
bool sources_enter(lua_State *lua, const char *name);
// A child of fork: what it counts goes to entries of its own from now on.
void sources_forget(void);

static inline struct source_place *source_place_of(const char *source)
{
	uintptr_t at = (uintptr_t)source;

	return &source_places[(at >> 4 ^ at >> 16) % SOURCES_PLACES];
}

// The same, fast where the source has been seen.
static inline struct counters *sources_find(lua_State *lua, void *record, uint32_t line)
{
	const char *source = interpreter_source(record);
	const struct source_place *p = source_place_of(source);

	if (p->source == source && strcmp(p->text, source) == 0 &&
	    (!p->counters || line <= p->counters->lines))
		return p->counters;
	return sources_learn(lua, record, line);
}

#endif
