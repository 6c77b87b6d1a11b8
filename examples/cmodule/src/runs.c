// Run lengths: "aaab" and "3a1b".
#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>

static int encode(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && text[end] == text[i]; end++)
			;
		luaL_argcheck(L, !isdigit((unsigned char)text[i]), 1, "digits cannot be encoded");
		lua_pushfstring(L, "%d%c", (int)(end - i), text[i]);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	return 1;
}

static int decode(lua_State *L)
{
	const char *text = luaL_checkstring(L, 1);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	while (*text) {
		int length = 0;
		luaL_argcheck(L, isdigit((unsigned char)*text), 1, "a length is missing");
		while (isdigit((unsigned char)*text))
			length = 10 * length + (*text++ - '0');
		luaL_argcheck(L, *text, 1, "a character is missing");
		while (length-- > 0)
			luaL_addchar(&b, *text);
		text++;
	}
	luaL_pushresult(&b);
	return 1;
}

int luaopen_runs(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, encode);
	lua_setfield(L, -2, "encode");
	lua_pushcfunction(L, decode);
	lua_setfield(L, -2, "decode");
	return 1;
}
