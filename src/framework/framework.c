// SPDX-License-Identifier: MIT
#include "framework/framework.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/path.h"
#include "base/text.h"
#include "model/way.h"

bool framework_has_events(enum framework f)
{
	return f != FRAMEWORK_PLAIN && f != FRAMEWORK_TAP;
}

static int read_start(const char *path, char *start, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, start, size - 1) : -1;

	if (fd >= 0)
		close(fd);
	start[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -1;
}

// A script installed by luarocks is a shell wrapper; Debian's is Lua source with a #! line.
static bool is_lua_script(const char *path)
{
	char start[256];

	if (read_start(path, start, sizeof start) < 0)
		return false;
	start[strcspn(start, "\n")] = '\0';
	return strncmp(start, "#!", 2) == 0 && strstr(start, "lua");
}

static int find_lua(struct commands *c, const char *lua, const char *path_list, struct err *err)
{
	static const char *const names[] = {"lua",    "lua5.4", "lua5.3",
					    "luajit", "lua5.2", "lua5.1"};

	if (lua) {
		c->lua = path_find_program(lua, path_list);
		c->lua_name = xstrdup(lua);
		return c->lua ? 0 : err_set(err, 0, "--lua=%s: there is no such program", lua);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names && !c->lua; i++) {
		c->lua = path_find_program(names[i], path_list);
		free(c->lua_name);
		c->lua_name = xstrdup(names[i]);
	}
	return c->lua ? 0
		      : err_set(err, 0,
				"no Lua interpreter in PATH: install lua5.4, or name one by "
				"--lua=PROGRAM");
}

static int parse_template(struct commands *c, const char *template, const char *path_list,
			  struct err *err)
{
	size_t n = 0;

	c->template = text_split_words(template, &n);
	if (!c->template)
		return err_set(err, 0, "--command: a quote is not closed in: %s", template);
	if (n == 0)
		return err_set(err, 0, "--command: it is empty");
	free(c->lua);
	free(c->lua_name);
	c->lua = path_find_program(c->template[0], path_list);
	c->lua_name = xstrdup(c->template[0]);
	return c->lua ? 0 : err_set(err, 0, "--command: there is no program '%s'", c->template[0]);
}

int commands_init(struct commands *c, const char *lua, const char *template, char *const *extra,
		  const char *path_list, struct err *err)
{
	*c = (struct commands){.extra = extra};
	int status = template ? parse_template(c, template, path_list, err)
			      : find_lua(c, lua, path_list, err);
	if (status < 0) {
		commands_release(c);
		return -1;
	}
	c->busted = path_find_program("busted", path_list);
	c->busted_direct = c->busted && !is_lua_script(c->busted);
	return 0;
}

void commands_release(struct commands *c)
{
	free(c->lua);
	free(c->lua_name);
	free(c->busted);
	free(c->busted_lua);
	free(c->busted_lua_name);
	text_free_words(c->template);
	*c = (struct commands){0};
}

struct words {
	char **items;
	size_t n, cap;
};

static void push(struct words *w, const char *word)
{
	VEC_PUSH(w, xstrdup(word));
}

// Each {} in the template's word stands for the file.
static void push_filled(struct words *w, const char *word, const char *path)
{
	struct buf b = {0};

	for (const char *hole; (hole = strstr(word, "{}")); word = hole + 2) {
		buf_add(&b, word, (size_t)(hole - word));
		buf_addstr(&b, path);
	}
	buf_addstr(&b, word);
	VEC_PUSH(w, buf_detach(&b));
}

static void from_template(struct words *w, char *const *template, const char *path)
{
	bool filled = false;

	for (; *template; template ++) {
		filled |= strstr(*template, "{}") != NULL;
		push_filled(w, *template, path);
	}
	if (!filled)
		push(w, path);
}

// A script that is no Lua source chooses its interpreter itself. busted would start the one that
// its settings name in a process of its own, in which nobody would see its tests.
static void add_busted(struct words *w, struct command *cmd, const struct commands *c)
{
	if (c->busted_direct) {
		cmd->program = c->busted;
		push(w, "busted");
	} else {
		cmd->program = c->busted_lua ? c->busted_lua : c->lua;
		push(w, c->busted_lua ? c->busted_lua_name : c->lua_name);
		push(w, c->busted);
		if (c->asks_for_lua)
			push(w, "--ignore-lua");
	}
	if (c->task)
		VEC_PUSH(w, xasprintf("--run=%s", c->task));
}

static void push_path(struct words *w, const struct commands *c, const char *path)
{
	char *cwd = c->moves && *path != '/' ? path_cwd() : NULL;

	VEC_PUSH(w, cwd ? path_join(cwd, path) : xstrdup(path));
	free(cwd);
}

static int from_framework(struct words *w, struct command *cmd, const struct commands *c,
			  const char *path, enum framework f, struct err *err)
{
	bool has_firmo = f == FRAMEWORK_FIRMO && access("firmo.lua", R_OK) == 0;

	cmd->by_runner = f == FRAMEWORK_BUSTED || has_firmo;
	if (f == FRAMEWORK_BUSTED) {
		if (!c->busted)
			return err_set(err, 0,
				       "it is for busted, which is not in PATH: install busted, or "
				       "use --command");
		add_busted(w, cmd, c);
		push_path(w, c, path);
		return 0;
	}
	push(w, c->lua_name);
	// Firmo's own runner stands in the root of a project that uses it.
	if (has_firmo)
		push(w, "firmo.lua");
	push(w, path);
	return 0;
}

int command_make(struct command *cmd, const struct commands *c, const char *path, enum framework f,
		 struct err *err)
{
	struct words w = {0};
	// A name with a dash in front would be taken for an option.
	char *word = *path == '-' ? xasprintf("./%s", path) : xstrdup(path);
	int status = 0;

	bool has_runner = f == FRAMEWORK_BUSTED || f == FRAMEWORK_FIRMO;

	*cmd = (struct command){.program = c->lua, .by_runner = c->template && has_runner};
	if (c->template)
		from_template(&w, c->template, word);
	else
		status = from_framework(&w, cmd, c, word, f, err);
	for (char *const *x = c->extra; x && *x; x++)
		push(&w, *x);
	VEC_PUSH(&w, NULL);
	cmd->argv = w.items;
	free(word);
	if (status < 0)
		command_release(cmd);
	return status;
}

char *command_way(const struct commands *c, enum framework f, const char *settings)
{
	struct buf way = {0}, words = {0};
	struct command cmd;

	if (command_make(&cmd, c, "{}", f, NULL) < 0)
		return NULL;
	for (char **word = cmd.argv; *word; word++) {
		if (words.len > 0)
			buf_addch(&words, ' ');
		text_add_word(&words, *word);
	}
	way_add(&way, "program", cmd.program);
	way_add(&way, "command", words.data);
	buf_addstr(&way, settings);
	buf_release(&words);
	command_release(&cmd);
	return buf_detach(&way);
}

void command_release(struct command *cmd)
{
	text_free_words(cmd->argv);
	free(cmd->words);
	*cmd = (struct command){0};
}
