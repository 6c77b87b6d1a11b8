// SPDX-License-Identifier: MIT
// The library that counts the lines that a worker runs: its hook, and what Lua calls. It is loaded
// into a worker by the shim (framework/lua/coverage.lua), before the test file begins.
#include <pthread.h>
#include <stdlib.h>

#include "coverage/hook/entries.h"
#include "coverage/hook/interpreter.h"
#include "coverage/hook/sources.h"

#define EXPORT __attribute__((visibility("default")))

// ---- hooks of others ----

// What a thread has set besides, which is called by ours.
struct other {
	lua_State *thread;
	lua_Hook *hook;
	int mask, count;
	struct other *next;
};

// In chains by their threads: who bounds what coroutines may do, say, has one for each of them.
#define OTHERS 4096

static struct other *others[OTHERS];
static bool has_others;
static lua_CFunction *sethook, *gethook;

static struct other **chain_of(const lua_State *lua)
{
	uintptr_t thread = (uintptr_t)lua;

	return &others[interpreter.has_one_hook ? 0 : (thread >> 4 ^ thread >> 16) % OTHERS];
}

static struct other *other_of(lua_State *lua)
{
	struct other *o = *chain_of(lua);

	while (o && o->thread != lua && !interpreter.has_one_hook)
		o = o->next;
	return o;
}

static int bit_of(int event)
{
	if (event == EVENT_TAIL)
		event = interpreter.tail_is_return ? EVENT_RETURN : EVENT_CALL;
	return 1 << event;
}

static void call_other(lua_State *lua, void *record)
{
	const struct other *o = other_of(lua);

	if (o && o->hook && o->mask & bit_of(interpreter_event(record)))
		o->hook(lua, record);
}

// ---- ours ----

// Whose counters the lines of a call have is asked for once: a place is another call's only after
// an event that says so. By the thread, and by what the interpreter calls it in its records.
#define CALLS 1024

static struct call {
	lua_State *thread;
	uintptr_t name;
	uint32_t generation; // it holds if this is the current one; 0: never
	struct counters *counters;
} calls[CALLS];
static uint32_t generation = 1;

static struct call *place_of_call(const lua_State *lua, uintptr_t name)
{
	uintptr_t thread = (uintptr_t)lua;

	return &calls[(name >> (interpreter.call_bytes > 4 ? 4 : 0) ^ thread >> 5) % CALLS];
}

static struct call *call_of(const lua_State *lua, const void *record)
{
	return place_of_call(lua, interpreter_call(record));
}

static bool is_known(const struct call *call, const lua_State *lua, const void *record)
{
	return interpreter.call > 0 && call->generation == generation && call->thread == lua &&
	       call->name == interpreter_call(record);
}

static void forget_all(void)
{
	generation += generation == UINT32_MAX ? 2 : 1;
	sources_forget();
}

static void add_one(uint32_t *count)
{
	*count += *count != UINT32_MAX;
}

static void count_line(lua_State *lua, void *record)
{
	int line = interpreter_line(record);
	struct call *call = call_of(lua, record);

	if (line <= 0)
		return;
	if (!is_known(call, lua, record) ||
	    (call->counters && (uint32_t)line > call->counters->lines)) {
		interpreter.getinfo(lua, "S", record);
		*call = (struct call){lua, interpreter_call(record), generation,
				      sources_find(lua, record, (uint32_t)line)};
	}
	if (call->counters)
		add_one(&call->counters->counts[line]);
}

static void count_call(lua_State *lua, void *record)
{
	interpreter.getinfo(lua, "S", record);
	int line = interpreter_definition(record);
	struct counters *c = line > 0 ? sources_find(lua, record, (uint32_t)line) : NULL;
	if (c)
		add_one(&c->calls[line]);
}

static void begin_call(lua_State *lua, void *record)
{
	call_of(lua, record)->generation = 0;
	// What is called in the place of its caller is told of with a place of its own, or may be.
	if (interpreter.tail_is_return)
		place_of_call(lua, interpreter_call(record) - 1)->generation = 0;
	else if (interpreter_event(record) == EVENT_TAIL)
		generation += generation == UINT32_MAX ? 2 : 1;
	if (entries_head()->calls)
		count_call(lua, record);
}

static void hook(lua_State *lua, void *record)
{
	int event = interpreter_event(record);

	if (event == EVENT_LINE)
		count_line(lua, record);
	else if (event == EVENT_CALL || (event == EVENT_TAIL && !interpreter.tail_is_return))
		begin_call(lua, record);
	if (has_others)
		call_other(lua, record);
}

static int own_mask(void)
{
	return MASK_LINE | (entries_head()->calls || interpreter.call > 0 ? MASK_CALL : 0);
}

// ---- debug.sethook and debug.gethook ----

// The thread that they are about: the first argument, where it is one.
static lua_State *thread_of(lua_State *lua)
{
	lua_State *thread = interpreter.gettop(lua) > 0 ? interpreter.tothread(lua, 1) : NULL;

	return thread ? thread : lua;
}

static void show_other(lua_State *thread)
{
	const struct other *o = other_of(thread);

	if (interpreter.gethook(thread) == hook)
		interpreter.sethook(thread, o ? o->hook : NULL, o ? o->mask : 0, o ? o->count : 0);
}

static void keep_other(lua_State *thread)
{
	lua_Hook *is = interpreter.gethook(thread);
	struct other *o = other_of(thread);

	if (is == hook)
		return;
	if (!o && is && (o = calloc(1, sizeof *o))) {
		o->next = *chain_of(thread);
		*chain_of(thread) = o;
		has_others = true;
	}
	if (o)
		*o = (struct other){thread, is, interpreter.gethookmask(thread),
				    interpreter.gethookcount(thread), o->next};
	interpreter.sethook(thread, hook, own_mask() | (o ? o->mask : 0), o ? o->count : 0);
}

// The original is no call of its own, of which a hook would be told. Where it fails, it has set
// nothing.
static int own_sethook(lua_State *lua)
{
	lua_State *thread = thread_of(lua);
	int n = sethook(lua);

	keep_other(thread);
	return n;
}

// What they have set themselves is set as long as it looks.
static int own_gethook(lua_State *lua)
{
	lua_State *thread = thread_of(lua);

	show_other(thread);
	int n = gethook(lua);
	keep_other(thread);
	return n;
}

// ---- for Lua ----

// By the first argument.
static bool find_interpreter(lua_State *lua)
{
	const char *(*tolstring)(lua_State *, int, size_t *);

	*(void **)&tolstring = interpreter_symbol("lua_tolstring");
	return tolstring && interpreter_find(tolstring(lua, 1, NULL));
}

// Takes _VERSION or jit.version, the memory's path, debug.sethook and debug.gethook. Counts from
// now on, and returns what is to stand for these two; nothing, where that is not possible.
EXPORT int coverage_begin(lua_State *lua);
int coverage_begin(lua_State *lua)
{
	if (!find_interpreter(lua))
		return 0;
	*(void **)&sethook = interpreter.tocfunction(lua, 3);
	*(void **)&gethook = interpreter.tocfunction(lua, 4);
	if (!sethook || !gethook || !entries_open(interpreter.tolstring(lua, 2, NULL)))
		return 0;
	interpreter_find_calls(lua);
	pthread_atfork(NULL, NULL, forget_all);
	atomic_fetch_add(&entries_head()->processes, 1);
	interpreter.sethook(lua, hook, own_mask(), 0);
	interpreter.pushcclosure(lua, own_sethook, 0);
	interpreter.pushcclosure(lua, own_gethook, 0);
	return 2;
}

// The interpreter's state is closed: whether the hook is still ours.
EXPORT int coverage_end(lua_State *lua);
int coverage_end(lua_State *lua)
{
	if (interpreter.gethook(lua) != hook)
		atomic_fetch_add(&entries_head()->displaced, 1);
	return 0;
}

// Takes the same first two, a function, which is the chunk of a source that nobody has loaded, and
// the path of that: makes an entry for it, in which nothing is counted. Returns whether it could.
EXPORT int coverage_enter(lua_State *lua);
int coverage_enter(lua_State *lua)
{
	bool is_ready = find_interpreter(lua) &&
			(entries_head() || entries_open(interpreter.tolstring(lua, 2, NULL)));

	if (!is_ready)
		return 0;
	const char *path = interpreter.tolstring(lua, 4, NULL);
	interpreter.pushvalue(lua, 3);
	interpreter.pushboolean(lua, sources_enter(lua, path));
	return 1;
}
