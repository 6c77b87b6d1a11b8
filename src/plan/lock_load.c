// SPDX-License-Identifier: MIT
#include "plan/lock_load.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/job_settings.h"
#include "model/lock.h"

static bool is_wide(const struct job *job, int slots)
{
	return slots > 1 && job->settings->slots > slots / 2;
}

static void add(struct lock_load *l, size_t *n, const char *name, int64_t ns)
{
	size_t place = (size_t)(uintptr_t)map_get(&l->places, name);

	if (place == 0) {
		place = ++*n;
		map_put(&l->places, name, (void *)(uintptr_t)place);
	}
	l->sums_ns[place - 1] += ns;
}

static void divide(struct lock_load *l, const struct locks *locks)
{
	for (size_t i = 0; locks && i < locks->n; i++) {
		size_t place = (size_t)(uintptr_t)map_get(&l->places, locks->items[i].name);
		if (place > 0)
			l->sums_ns[place - 1] /= locks->items[i].capacity;
	}
}

void lock_load_make(struct lock_load *l, const struct jobs *jobs, const struct locks *locks,
		    int slots)
{
	size_t most = 1, n = 0;

	*l = (struct lock_load){0};
	for (size_t i = 0; i < jobs->n; i++)
		most += job_count_locks(&jobs->items[i]);
	l->sums_ns = xcalloc(most, sizeof *l->sums_ns);
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *job = &jobs->items[i];
		if (job->expected_ns < 0 || job->settings->exclusive)
			continue;
		for (size_t k = 0; k < job_count_locks(job); k++)
			add(l, &n, job_lock(job, k), job->expected_ns);
		if (is_wide(job, slots))
			add(l, &n, "", job->expected_ns);
	}
	divide(l, locks);
}

void lock_load_release(struct lock_load *l)
{
	map_release(&l->places);
	free(l->sums_ns);
}

static int64_t larger(const struct lock_load *l, const char *name, int64_t ns)
{
	size_t place = (size_t)(uintptr_t)map_get(&l->places, name);

	return place > 0 && l->sums_ns[place - 1] > ns ? l->sums_ns[place - 1] : ns;
}

int64_t lock_load_of(const struct lock_load *l, const struct job *job, int slots)
{
	int64_t ns = job->expected_ns;

	for (size_t i = 0; i < job_count_locks(job); i++)
		ns = larger(l, job_lock(job, i), ns);
	return is_wide(job, slots) ? larger(l, "", ns) : ns;
}
