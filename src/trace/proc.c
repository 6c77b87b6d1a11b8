// SPDX-License-Identifier: MIT
#include "trace/proc.h"

#include <stddef.h>
#include <string.h>

#include "base/attributes.h"

// Behind the folder of a process, or of a thread of one; NULL: path lies elsewhere. Whose it is
// does not matter: a test looks at its own.
static const char *name_in_process(const char *path)
{
	static const char start[] = "/proc/", task[] = "task/";
	const char *at = path + sizeof start - 1;

	if (strncmp(path, start, sizeof start - 1) != 0)
		return NULL;
	size_t n = strcspn(at, "/");
	bool is_process = strspn(at, "0123456789") == n || strncmp(at, "self/", 5) == 0 ||
			  strncmp(at, "thread-self/", 12) == 0;
	if (!is_process || !at[n])
		return NULL;
	at += n + 1;
	if (strncmp(at, task, sizeof task - 1) != 0)
		return at;
	at += sizeof task - 1;
	n = strcspn(at, "/");
	return at[n] ? at + n + 1 : NULL;
}

const char *const *proc_attributes(const char *path)
{
	static const struct {
		const char *name, *attributes[3];
	} files[] = {
		{"autogroup", {ATTRIBUTE_KEPT}},
		{"cgroup", {ATTRIBUTE_KEPT}},
		{"coredump_filter", {ATTRIBUTE_KEPT}},
		{"cwd", {ATTRIBUTE_FOLDER}},
		{"gid_map", {ATTRIBUTE_KEPT}},
		{"loginuid", {ATTRIBUTE_KEPT}},
		{"oom_score_adj", {ATTRIBUTE_KEPT}},
		{"sched", {ATTRIBUTE_NICENESS}},
		{"sessionid", {ATTRIBUTE_KEPT}},
		{"setgroups", {ATTRIBUTE_KEPT}},
		{"stat", {ATTRIBUTE_NICENESS, ATTRIBUTE_TERMINAL}},
		{"status", {ATTRIBUTE_CPUS}},
		{"timerslack_ns", {ATTRIBUTE_KEPT}},
		{"uid_map", {ATTRIBUTE_KEPT}},
	};
	static const char *const terminal[] = {ATTRIBUTE_TERMINAL, NULL};
	const char *name = name_in_process(path);

	if (strcmp(path, "/dev/tty") == 0)
		return terminal;
	for (size_t i = 0; name && i < sizeof files / sizeof *files; i++)
		if (strcmp(files[i].name, name) == 0)
			return files[i].attributes;
	return NULL;
}

bool proc_is_environ(const char *path)
{
	const char *name = name_in_process(path);

	return name && strcmp(name, "environ") == 0;
}
