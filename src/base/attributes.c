// SPDX-License-Identifier: MIT
#include "base/attributes.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/environ.h"
#include "base/strings.h"

static void add_umask(struct buf *b)
{
	mode_t mask = umask(0);

	umask(mask);
	buf_addf(b, "%03o", (unsigned)mask);
}

static void add_limit(struct buf *b, rlim_t limit)
{
	if (limit == RLIM_INFINITY)
		buf_addstr(b, " unlimited");
	else
		buf_addf(b, " %llu", (unsigned long long)limit);
}

static void add_limits(struct buf *b)
{
	static const char *const names[] = {
		[RLIMIT_AS] = "as",
		[RLIMIT_CORE] = "core",
		[RLIMIT_CPU] = "cpu",
		[RLIMIT_DATA] = "data",
		[RLIMIT_FSIZE] = "fsize",
		[RLIMIT_LOCKS] = "locks",
		[RLIMIT_MEMLOCK] = "memlock",
		[RLIMIT_MSGQUEUE] = "msgqueue",
		[RLIMIT_NICE] = "nice",
		[RLIMIT_NOFILE] = "nofile",
		[RLIMIT_NPROC] = "nproc",
		[RLIMIT_RSS] = "rss",
		[RLIMIT_RTPRIO] = "rtprio",
		[RLIMIT_RTTIME] = "rttime",
		[RLIMIT_SIGPENDING] = "sigpending",
		[RLIMIT_STACK] = "stack",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct rlimit r;
		if (!names[i] || getrlimit((__rlimit_resource_t)i, &r) < 0)
			continue;
		buf_addf(b, "%s%s", b->len > 0 ? ", " : "", names[i]);
		add_limit(b, r.rlim_cur);
		add_limit(b, r.rlim_max);
	}
}

static void add_entries(struct buf *b, bool (*wanted)(const char *name, size_t n))
{
	struct strings entries = {0};

	for (char **e = environ; e && *e; e++)
		if (wanted(*e, strcspn(*e, "=")))
			VEC_PUSH(&entries, *e);
	strings_sort(&entries);
	for (size_t i = 0; i < entries.n; i++)
		buf_addf(b, "%s%s", i > 0 ? " " : "", entries.items[i]);
	free(entries.items);
}

static void add_loader(struct buf *b)
{
	add_entries(b, environ_is_of_loader);
}

static bool is_function(const char *name, size_t n)
{
	return n > strlen("BASH_FUNC_") && strncmp(name, "BASH_FUNC_", strlen("BASH_FUNC_")) == 0;
}

static void add_functions(struct buf *b)
{
	add_entries(b, is_function);
}

static void add_user(struct buf *b)
{
	gid_t groups[256];
	int n = getgroups(sizeof groups / sizeof *groups, groups);

	buf_addf(b, "%ld, group %ld", (long)geteuid(), (long)getegid());
	for (int i = 0; i < n; i++)
		buf_addf(b, " %ld", (long)groups[i]);
}

static void add_cpus(struct buf *b)
{
	cpu_set_t set[16]; // 16384 CPUs
	size_t last = 0;

	if (sched_getaffinity(0, sizeof set, set) < 0)
		return;
	for (size_t i = 0; i < 8 * sizeof set; i++)
		if (CPU_ISSET_S(i, sizeof set, set) && (i == 0 || i != last + 1))
			buf_addf(b, "%s%zu", b->len > 0 ? "," : "", last = i);
		else if (CPU_ISSET_S(i, sizeof set, set))
			buf_addf(b, "+%zu", (last = i) - i + 1);
}

static void add_niceness(struct buf *b)
{
	struct sched_param p = {0};

	sched_getparam(0, &p);
	buf_addf(b, "%d, policy %d, priority %d", getpriority(PRIO_PROCESS, 0),
		 sched_getscheduler(0), p.sched_priority);
}

static void add_folder(struct buf *b)
{
	char *name = getcwd(NULL, 0);

	buf_addstr(b, name ? name : strerror(errno));
	free(name);
}

static const struct attribute {
	const char *name, *words;
	void (*add)(struct buf *b);
} attributes[] = {
	{ATTRIBUTE_UMASK, "the umask", add_umask},
	{ATTRIBUTE_LIMITS, "the limits (ulimit)", add_limits},
	{ATTRIBUTE_USER, "the user and its groups", add_user},
	{ATTRIBUTE_LOADER, "the variables that the loader reads", add_loader},
	{ATTRIBUTE_CPUS, "the CPUs that it may use", add_cpus},
	{ATTRIBUTE_NICENESS, "the niceness", add_niceness},
	{ATTRIBUTE_FUNCTIONS, "the functions that bash exports", add_functions},
	{ATTRIBUTE_FOLDER, "the folder of the project", add_folder},
};

static const struct attribute *find(const char *name)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	return NULL;
}

void attribute_add_value(struct buf *b, const char *name)
{
	const struct attribute *a = find(name);

	if (a)
		a->add(b);
}

const char *attribute_words(const char *name)
{
	const struct attribute *a = find(name);

	return a ? a->words : name;
}
