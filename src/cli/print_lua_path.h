// SPDX-License-Identifier: MIT
// Where our modules for Lua are.
#ifndef CLI_PRINT_LUA_PATH_H
#define CLI_PRINT_LUA_PATH_H

struct err;

// The folder of firmo-jobs.lua, of which a template of package.path can be made; the caller frees
// it. NULL: there is none.
char *print_lua_path_folder(struct err *err);

#endif
