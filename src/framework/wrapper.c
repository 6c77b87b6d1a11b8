// SPDX-License-Identifier: MIT
#include "framework/wrapper.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/text.h"
#include "framework/framework.h"

int wrapper_init(struct wrapper *w, const char *text, const char *path_list, struct err *err)
{
	size_t n;

	*w = (struct wrapper){.words = text_split_words(text, &n)};
	if (!w->words)
		return err_set(err, 0, "--wrap: a quote is not closed in: %s", text);
	if (n > 0)
		w->program = path_find_program(w->words[0], path_list);
	if (n > 0 && !w->program)
		err_set(err, 0, "--wrap=%s: there is no program '%s'", text, w->words[0]);
	int status = n == 0 || w->program ? 0 : -1;
	if (!w->program)
		wrapper_release(w);
	return status;
}

void wrapper_release(struct wrapper *w)
{
	text_free_words(w->words);
	free(w->program);
	*w = (struct wrapper){0};
}

// Whether the program at path is an interpreter of Lua itself, no script or program that starts
// one: these alone have use for that variable.
static bool is_interpreter(const char *path)
{
	static const char variable[] = "LUA_INIT", magic[] = "\177ELF";
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0;
	size_t n = is ? (size_t)st.st_size : 0;
	char *file = is ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	is = file != MAP_FAILED && n > strlen(magic) && memcmp(file, magic, strlen(magic)) == 0 &&
	     memmem(file, n, variable, sizeof variable);
	if (file != MAP_FAILED)
		munmap(file, n);
	if (fd >= 0)
		close(fd);
	return is;
}

// The words behind the first one, as the shim puts together what /proc tells of its process.
static char *join(char *const *words)
{
	struct buf b = {0};

	buf_reserve(&b, 0);
	for (size_t i = 1; words[i]; i++)
		buf_addf(&b, "%s%s", i > 1 ? "\n" : "", words[i]);
	return buf_detach(&b);
}

// The program by a path that holds from any folder.
static char *absolute(const char *program)
{
	char *cwd = *program == '/' ? NULL : path_cwd();
	char *path = cwd ? path_join(cwd, program) : xstrdup(program);

	free(cwd);
	return path;
}

void wrapper_apply(const struct wrapper *w, struct command *cmd)
{
	static const char *const shell[] = {"/bin/sh", "-c", "FIRMO_JOBS_PID=$$ exec \"$0\" \"$@\"",
					    NULL};
	struct strings all = {0};
	char **own = cmd->argv;

	free(own[0]);
	own[0] = absolute(cmd->program);
	for (char **word = w->words; *word; word++)
		VEC_PUSH(&all, xstrdup(*word));
	// Whatever runs Lua in its own place has told nobody by which words.
	if (is_interpreter(own[0]))
		cmd->words = join(own);
	else
		for (const char *const *word = shell; *word; word++)
			VEC_PUSH(&all, xstrdup(*word));
	cmd->first = all.n;
	for (char **word = own; *word; word++)
		VEC_PUSH(&all, *word);
	VEC_PUSH(&all, NULL);
	free(own);
	cmd->argv = all.items;
	cmd->program = w->program;
	cmd->is_wrapped = true;
}
