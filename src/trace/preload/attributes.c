// SPDX-License-Identifier: MIT
// What a process asks of itself: its CPUs, its niceness, the name of its folder.
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/attributes.h"
#include "trace/preload/hook.h"

#define HOOK_ATTRIBUTE(attribute, type, name, parameters, arguments)                               \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_name(TRACE_ATTRIBUTE, attribute, 0);                                           \
		return NEXT(name) arguments;                                                       \
	}

// ---- CPUs ----

HOOK_ATTRIBUTE(ATTRIBUTE_CPUS, int, sched_getaffinity, (pid_t pid, size_t n, cpu_set_t *set),
	       (pid, n, set))
HOOK_ATTRIBUTE(ATTRIBUTE_CPUS, int, pthread_getaffinity_np,
	       (pthread_t thread, size_t n, cpu_set_t *set), (thread, n, set))
HOOK_ATTRIBUTE(ATTRIBUTE_CPUS, int, get_nprocs, (void), ())
HOOK_ATTRIBUTE(ATTRIBUTE_CPUS, int, get_nprocs_conf, (void), ())

HOOK(long, sysconf, int name)
{
	if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)
		log_name(TRACE_ATTRIBUTE, ATTRIBUTE_CPUS, 0);
	return NEXT(sysconf)(name);
}

// ---- niceness ----

HOOK_ATTRIBUTE(ATTRIBUTE_NICENESS, int, getpriority, (__priority_which_t which, id_t who),
	       (which, who))
HOOK_ATTRIBUTE(ATTRIBUTE_NICENESS, int, nice, (int more), (more))
HOOK_ATTRIBUTE(ATTRIBUTE_NICENESS, int, sched_getscheduler, (pid_t pid), (pid))
HOOK_ATTRIBUTE(ATTRIBUTE_NICENESS, int, sched_getparam, (pid_t pid, struct sched_param *p),
	       (pid, p))

// ---- the folder's own name ----

HOOK_ATTRIBUTE(ATTRIBUTE_FOLDER, char *, getcwd, (char *room, size_t n), (room, n))
HOOK_ATTRIBUTE(ATTRIBUTE_FOLDER, char *, getwd, (char *room), (room))
HOOK_ATTRIBUTE(ATTRIBUTE_FOLDER, char *, get_current_dir_name, (void), ())
char *__getcwd_chk(char *room, size_t n, size_t size);
HOOK_ATTRIBUTE(ATTRIBUTE_FOLDER, char *, __getcwd_chk, (char *room, size_t n, size_t size),
	       (room, n, size))
char *__getwd_chk(char *room, size_t size);
HOOK_ATTRIBUTE(ATTRIBUTE_FOLDER, char *, __getwd_chk, (char *room, size_t size), (room, size))
