// SPDX-License-Identifier: MIT
#include "coverage/hook/interpreter.h"

#include <dlfcn.h>
#include <string.h>

struct interpreter interpreter;

static const struct {
	const char *name;
	size_t at;
} functions[] = {
	{"lua_getinfo", offsetof(struct interpreter, getinfo)},
	{"lua_sethook", offsetof(struct interpreter, sethook)},
	{"lua_gethook", offsetof(struct interpreter, gethook)},
	{"lua_gethookmask", offsetof(struct interpreter, gethookmask)},
	{"lua_gethookcount", offsetof(struct interpreter, gethookcount)},
	{"lua_getstack", offsetof(struct interpreter, getstack)},
	{"lua_gettop", offsetof(struct interpreter, gettop)},
	{"lua_settop", offsetof(struct interpreter, settop)},
	{"lua_dump", offsetof(struct interpreter, dump)},
	{"lua_pushcclosure", offsetof(struct interpreter, pushcclosure)},
	{"lua_pushvalue", offsetof(struct interpreter, pushvalue)},
	{"lua_pushboolean", offsetof(struct interpreter, pushboolean)},
	{"lua_tocfunction", offsetof(struct interpreter, tocfunction)},
	{"lua_tolstring", offsetof(struct interpreter, tolstring)},
	{"lua_tothread", offsetof(struct interpreter, tothread)},
};

void *interpreter_symbol(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

static bool find_functions(void)
{
	bool found = true;

	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *function = interpreter_symbol(functions[i].name);
		memcpy((char *)&interpreter + functions[i].at, &function, sizeof function);
		found &= function != NULL;
	}
	return found;
}

// Where lua_Debug has its fields.
static bool find_fields(const char *version)
{
	bool is_jit = strncmp(version, "LuaJIT 2.", 9) == 0;
	bool is_known = is_jit || (strncmp(version, "Lua 5.", 6) == 0 && version[6] >= '1' &&
				   version[6] <= '4' && !version[7]);
	char minor = is_jit ? '1' : version[6];

	interpreter.has_one_hook = is_jit;
	interpreter.tail_is_return = minor == '1';
	interpreter.source = 32;
	interpreter.line = minor == '4' ? 48 : 40;
	interpreter.definition = minor == '4' ? 52 : minor == '1' ? 48 : 44;
	return is_known && sizeof(void *) == 8;
}

bool interpreter_find(const char *version)
{
	return find_fields(version) && find_functions();
}

// It is all of a record that lua_getstack writes to. In LuaJIT a function of any number of
// arguments moves on without telling.
void interpreter_find_calls(lua_State *lua)
{
	unsigned char one[512], other[512];
	size_t first = 0, n = 0;

	memset(one, 0, sizeof one);
	memset(other, 0xff, sizeof other);
	if (interpreter.has_one_hook || !interpreter.getstack(lua, 0, one) ||
	    !interpreter.getstack(lua, 0, other))
		return;
	for (size_t i = 0; i < sizeof one; i++)
		if (one[i] == other[i]) {
			first = n == 0 ? i : first;
			n++;
		}
	if ((n == sizeof(uint32_t) || n == sizeof(void *)) &&
	    one[first + n - 1] == other[first + n - 1]) {
		interpreter.call = first;
		interpreter.call_bytes = n;
	}
}
