// SPDX-License-Identifier: MIT
#include "base/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
	gid_t groups[256], real_group = 0, group = 0, saved_group = 0;
	uid_t real = 0, user = 0, saved = 0;
	int n = getgroups(sizeof groups / sizeof *groups, groups);

	getresuid(&real, &user, &saved);
	getresgid(&real_group, &group, &saved_group);
	buf_addf(b, "%ld, group %ld", (long)user, (long)group);
	if (real != user || saved != user)
		buf_addf(b, ", really %ld, saved %ld", (long)real, (long)saved);
	if (real_group != group || saved_group != group)
		buf_addf(b, ", really group %ld, saved %ld", (long)real_group, (long)saved_group);
	for (int i = 0; i < n; i++)
		buf_addf(b, " %ld", (long)groups[i]);
}

// As the kernel tells them, by its names.
static void add_rights(struct buf *b)
{
	static const char *const names[] = {"Cap", "NoNewPrivs:", "Seccomp:"};
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof line, f))
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0) {
				line[strcspn(line, "\n")] = '\0';
				line[strcspn(line, "\t")] = ' ';
				buf_addf(b, "%s%s", b->len > 0 ? " " : "", line);
			}
	if (f)
		fclose(f);
	buf_addf(b, " Securebits: %d", prctl(PR_GET_SECUREBITS));
}

static void add_personality(struct buf *b)
{
	buf_addf(b, "%#x", (unsigned)personality(0xffffffff));
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
	buf_addf(b, "%d, policy %d, priority %d, of disks %ld", getpriority(PRIO_PROCESS, 0),
		 sched_getscheduler(0), p.sched_priority,
		 syscall(SYS_ioprio_get, 1 /* of a process */, 0));
}

static void add_folder(struct buf *b)
{
	char *name = getcwd(NULL, 0);

	buf_addstr(b, name ? name : strerror(errno));
	free(name);
}

static void add_terminal(struct buf *b)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	buf_addstr(b, fd >= 0 ? "one" : "none");
	if (fd >= 0)
		close(fd);
}

// What the kernel keeps of a process and hands on to its children, each in a file.
static void add_kept(struct buf *b)
{
	static const char *const names[] = {
		"autogroup",     "cgroup",    "coredump_filter", "gid_map",       "loginuid",
		"oom_score_adj", "sessionid", "setgroups",       "timerslack_ns", "uid_map"};
	char path[64], room[512];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/proc/self/%s", names[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, room, sizeof room) : 0;
		buf_addf(b, "%s=", names[i]);
		buf_add(b, room, n > 0 ? (size_t)n : 0);
		if (fd >= 0)
			close(fd);
	}
}

static const struct attribute {
	const char *name, *words;
	void (*add)(struct buf *b);
	bool is_own; // see attribute_is_own
} attributes[] = {
	{ATTRIBUTE_UMASK, "the umask", add_umask, true},
	{ATTRIBUTE_LIMITS, "the limits (ulimit)", add_limits, true},
	{ATTRIBUTE_USER, "the user and its groups", add_user, true},
	{ATTRIBUTE_RIGHTS, "the rights (capabilities, no new privileges, seccomp)", add_rights,
	 true},
	{ATTRIBUTE_PERSONALITY, "the personality (setarch)", add_personality, true},
	{ATTRIBUTE_LOADER, "the variables that the loader reads", add_loader, true},
	{ATTRIBUTE_CPUS, "the CPUs that it may use", add_cpus, false},
	{ATTRIBUTE_NICENESS, "the niceness", add_niceness, false},
	{ATTRIBUTE_FUNCTIONS, "the functions that bash exports", add_functions, true},
	{ATTRIBUTE_FOLDER, "the folder of the project", add_folder, false},
	{ATTRIBUTE_TERMINAL, "whether there is a terminal (/dev/tty)", add_terminal, false},
	{ATTRIBUTE_KEPT, "what the kernel keeps of a process (control group, login, memory)",
	 add_kept, false},
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

bool attribute_is_own(const char *name)
{
	const struct attribute *a = find(name);

	return a && a->is_own;
}

const char *attribute_words(const char *name)
{
	const struct attribute *a = find(name);

	return a ? a->words : name;
}
