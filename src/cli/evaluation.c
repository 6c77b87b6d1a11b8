// SPDX-License-Identifier: MIT
#include "cli/evaluation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/limits.h"
#include "framework/framework.h"
#include "sys/command.h"

// So long it may take, and so much; what such a file really needs are milliseconds.
#define TIMEOUT_NS   (10 * NS_PER_SEC)
#define CPU_S        2
#define MORE         60 // times as long, for work
#define MEMORY_BYTES (1ULL << 30)
#define ANSWER_BYTES (1 << 20)

static char *find_lua(const struct evaluation *e, struct err *err)
{
	struct commands usual;

	if (e->lua)
		return xstrdup(e->lua);
	if (commands_init(&usual, NULL, NULL, NULL, getenv("PATH"), err) < 0)
		return NULL;
	char *lua = xstrdup(usual.lua);
	commands_release(&usual);
	return lua;
}

static int ask(const char *lua, const struct evaluation *e, struct buf *answer, struct err *err)
{
	size_t n = 0;
	while (e->arguments[n])
		n++;
	const char **argv = xcalloc(n + 3, sizeof *argv);
	argv[0] = lua;
	argv[1] = "-";
	memcpy(argv + 2, e->arguments, n * sizeof *argv);
	int more = e->is_work ? MORE : 1, cpu_s = CPU_S * more;
	const struct limits limits = {
		.set = {[LIMIT_AS] = true, [LIMIT_CPU] = true, [LIMIT_CORE] = true},
		.value = {[LIMIT_AS] = MEMORY_BYTES, [LIMIT_CPU] = (uint64_t)cpu_s},
	};
	struct buf errors = {0};
	const struct question q = {.argv = (char *const *)argv,
				   .input = e->code->start,
				   .input_bytes = embedded_size(e->code),
				   .limits = &limits,
				   .timeout_ns = TIMEOUT_NS * more,
				   .most_bytes = ANSWER_BYTES,
				   .errors = &errors};
	int status;

	int asked = command_ask(&q, answer, &status, err);
	free(argv);
	if (errors.len > 0)
		fwrite(errors.data, 1, errors.len, stderr);
	buf_release(&errors);
	if (asked < 0)
		return -1;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return err_set(err, 0, "it does not come to an end: %d s of CPU time are enough",
			       cpu_s);
	return 0;
}

int evaluation_run(const struct evaluation *e, struct buf *answer, struct err *err)
{
	char *lua = find_lua(e, err);
	int status = lua ? ask(lua, e, answer, err) : -1;

	free(lua);
	return status;
}
