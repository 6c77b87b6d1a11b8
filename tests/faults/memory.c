// SPDX-License-Identifier: MIT
// Preloaded into the program under test: allocations fail, from inside the C library and others as
// well. tests/helpers/fault.c sets the environment that tells which.
//	FAULT_NTH=N	the N-th allocation fails; N+: and all that follow; 0: none
//	FAULT_LOG=FILE	at an orderly exit: how many there were
// The children of the program, and their programs, are left alone, and so is json-c while it
// parses: it does not survive that, and the program sees to it that there is memory before it calls
// it.
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json_tokener.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "start.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static pid_t own;
static long nth, seen;
static bool lasting, parsing;
static int log_fd = -1;

static bool fails(void)
{
	if (!own || parsing || getpid() != own)
		return false;
	seen++;
	if (nth == 0 || (lasting ? seen < nth : seen != nth))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

struct json_object *json_tokener_parse_ex(struct json_tokener *t, const char *text, int n)
{
	static struct json_object *(*next)(struct json_tokener *, const char *, int);

	parsing = true;
	if (!next)
		next = (__typeof__(next))dlsym(RTLD_NEXT, "json_tokener_parse_ex");
	struct json_object *o = next(t, text, n);
	parsing = false;
	return o;
}

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("FAULT_NTH"), *log = getenv("FAULT_LOG");

	if (n) {
		nth = atol(n);
		lasting = strchr(n, '+') != NULL;
	}
	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	// Away from the numbers that the program and its children use.
	if (log_fd >= 0) {
		int high = fcntl(log_fd, F_DUPFD_CLOEXEC, 500);
		close(log_fd);
		log_fd = high;
	}
	unsetenv("LD_PRELOAD");
	unsetenv("FAULT_NTH");
	unsetenv("FAULT_LOG");
	own = n ? getpid() : 0;
	syscall(SYS_prctl, START_OF_PROGRAM, 0, 0, 0, 0);
}

__attribute__((destructor)) static void end(void)
{
	char text[32];

	if (log_fd < 0 || getpid() != own)
		return;
	own = 0;
	int n = snprintf(text, sizeof text, "%ld\n", seen);
	if (write(log_fd, text, (size_t)n) < 0)
		return;
}
