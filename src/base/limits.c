// SPDX-License-Identifier: MIT
#include "base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static const struct {
	const char *name;
	int resource;
	bool is_size;
} kinds[LIMIT_COUNT] = {
	[LIMIT_AS] = {"as", RLIMIT_AS, true},
	[LIMIT_CPU] = {"cpu", RLIMIT_CPU, false},
	[LIMIT_FSIZE] = {"fsize", RLIMIT_FSIZE, true},
	[LIMIT_NOFILE] = {"nofile", RLIMIT_NOFILE, false},
	[LIMIT_NPROC] = {"nproc", RLIMIT_NPROC, false},
	[LIMIT_STACK] = {"stack", RLIMIT_STACK, true},
	[LIMIT_CORE] = {"core", RLIMIT_CORE, true},
};

const char *limits_name(int limit)
{
	return kinds[limit].name;
}

static int find_kind(const char *name, size_t n)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (strlen(kinds[i].name) == n && strncmp(kinds[i].name, name, n) == 0)
			return i;
	return -1;
}

static bool parse_value(const char *s, size_t n, bool is_size, rlim_t *value)
{
	int64_t v;

	if (n == strlen("unlimited") && strncmp(s, "unlimited", n) == 0) {
		*value = RLIM_INFINITY;
		return true;
	}
	if (!text_parse_size(s, n, &v) || (!is_size && !isdigit((unsigned char)s[n - 1])))
		return false;
	*value = (rlim_t)v;
	return true;
}

int limits_parse(struct limits *l, const char *text, struct err *err)
{
	for (const char *s = text;;) {
		size_t n = strcspn(s, ",");
		size_t name = strcspn(s, "=,");
		int kind = find_kind(s, name);
		if (kind < 0)
			return err_set(err, 0,
				       "limit: '%.*s' is not a limit; known are as, cpu, fsize, "
				       "nofile, nproc, "
				       "stack and core",
				       (int)name, s);
		if (name == n ||
		    !parse_value(s + name + 1, n - name - 1, kinds[kind].is_size, &l->value[kind]))
			return err_set(err, 0, "limit: '%.*s' wants %s, such as %s=%s", (int)n, s,
				       kinds[kind].is_size ? "a size" : "a whole number",
				       kinds[kind].name, kinds[kind].is_size ? "512M" : "30");
		l->set[kind] = true;
		if (!s[n])
			return 0;
		s += n + 1;
	}
}

int limits_resolve(const struct limits *l, int limit, struct rlimit *r)
{
	rlim_t hard = l->value[limit];

	if (getrlimit(kinds[limit].resource, r) < 0)
		return errno;
	// One second between SIGXCPU, which a program may catch, and the kernel's SIGKILL.
	if (limit == LIMIT_CPU && hard != RLIM_INFINITY)
		hard++;
	if (hard < r->rlim_max)
		r->rlim_max = hard;
	r->rlim_cur = l->value[limit] < r->rlim_max ? l->value[limit] : r->rlim_max;
	return 0;
}

// Of what goes by real time, and has no limit as a rule.
#define MARKED RLIMIT_RTTIME
#define MARK   ((rlim_t)1 << 62)

rlim_t limits_mark(pid_t owner)
{
	return MARK | (rlim_t)owner;
}

bool limits_bear(pid_t pid, rlim_t mark)
{
	struct rlimit r;

	return prlimit(pid, MARKED, NULL, &r) == 0 && r.rlim_cur == mark;
}

// Where that has a limit, there is no mark.
static void apply_mark(rlim_t mark)
{
	struct rlimit r;

	if (getrlimit(MARKED, &r) < 0 || r.rlim_cur < MARK)
		return;
	r.rlim_cur = mark;
	setrlimit(MARKED, &r);
}

int limits_apply(const struct limits *l)
{
	if (l->mark)
		apply_mark(l->mark);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		struct rlimit r;
		int errnum = l->set[i] ? limits_resolve(l, i, &r) : 0;
		if (errnum)
			return errnum;
		if (l->set[i] && setrlimit(kinds[i].resource, &r) < 0)
			return errno;
	}
	return 0;
}
