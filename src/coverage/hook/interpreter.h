// SPDX-License-Identifier: MIT
// The functions of the interpreter that this library was loaded into, where it lets libraries call
// them: Lua 5.1 to 5.4 and LuaJIT, on machines of 64 bits. Nothing of Lua is linked, and no header
// of its is needed: what differs between the versions is here.
#ifndef COVERAGE_HOOK_INTERPRETER_H
#define COVERAGE_HOOK_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct lua_State lua_State;
typedef void lua_Hook(lua_State *lua, void *record);
typedef int lua_CFunction(lua_State *lua);
typedef int lua_Writer(lua_State *lua, const void *data, size_t n, void *owner);

// Events of a hook, and the bits of those that it is called for.
enum { EVENT_CALL, EVENT_RETURN, EVENT_LINE, EVENT_COUNT, EVENT_TAIL };
#define MASK_CALL 1
#define MASK_LINE 4

struct interpreter {
	int (*getinfo)(lua_State *lua, const char *what, void *record);
	int (*sethook)(lua_State *lua, lua_Hook *hook, int mask, int count);
	lua_Hook *(*gethook)(lua_State *lua);
	int (*gethookmask)(lua_State *lua);
	int (*gethookcount)(lua_State *lua);
	int (*getstack)(lua_State *lua, int level, void *record);
	int (*gettop)(lua_State *lua);
	void (*settop)(lua_State *lua, int top);
	int (*dump)(lua_State *lua, lua_Writer *writer, void *owner, int strip);
	void (*pushcclosure)(lua_State *lua, lua_CFunction *function, int n);
	void (*pushvalue)(lua_State *lua, int at);
	void (*pushboolean)(lua_State *lua, int value);
	void *(*tocfunction)(lua_State *lua, int at); // a lua_CFunction
	const char *(*tolstring)(lua_State *lua, int at, size_t *n);
	lua_State *(*tothread)(lua_State *lua, int at);
	bool has_one_hook;               // for all threads
	bool tail_is_return;             // what EVENT_TAIL tells of
	size_t line, source, definition; // in the record of an event: bytes from its beginning
	size_t call, call_bytes;         // the same of what tells calls apart; 0: nothing does
};

extern struct interpreter interpreter;

// One of them, or NULL.
void *interpreter_symbol(const char *name);
// Finds them all. version: _VERSION, or jit.version. False: it hides them, or is another one.
bool interpreter_find(const char *version);
// Finds in which part of a record the interpreter tells calls of one thread apart.
void interpreter_find_calls(lua_State *lua);
// What the record tells, after getinfo has filled it ("S") where it is the source or definition.
static inline int interpreter_event(const void *record)
{
	return *(const int *)record;
}
static inline int interpreter_line(const void *record)
{
	return *(const int *)((const char *)record + interpreter.line);
}
static inline const char *interpreter_source(const void *record)
{
	return *(const char *const *)((const char *)record + interpreter.source);
}
static inline int interpreter_definition(const void *record)
{
	return *(const int *)((const char *)record + interpreter.definition);
}
// What the call of the event is called, as long as it lasts; 0 where nothing tells.
static inline uintptr_t interpreter_call(const void *record)
{
	uintptr_t call = 0;

	if (interpreter.call_bytes == sizeof call)
		memcpy(&call, (const char *)record + interpreter.call, sizeof call);
	else if (interpreter.call_bytes == sizeof(uint32_t))
		call = *(const uint32_t *)((const char *)record + interpreter.call);
	return call;
}

#endif
