// SPDX-License-Identifier: MIT
#include "run/neighbours.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "model/job.h"
#include "model/job_settings.h"
#include "model/run.h"
#include "run/private.h"

// Under no name:
#define EVERYBODY 0
enum { PRESENCE, DOOR };
// Under each, shared by those who wait.
#define WAITING (PLACES_MOST - 1)

// How long a name is left to others who wait, and up to twice that; and how soon something is
// looked at again that its holder's end was told of before it was free.
#define REST_NS (50 * NS_PER_MS)
// Not everything is told: other machines share the file as well.
#define LOOK_AGAIN_NS NS_PER_SEC

// What is asked for.
struct wish {
	places_name name;
	long capacity;    // of the lock
	const char *lock; // NULL: none
	const char *who;
	const struct job *job; // NULL: a setup or a teardown
	bool exclusive;
	bool goes_first; // of what waits to be alone
};

// ---- waiting ----

static int64_t rest_ns(void)
{
	// Two runs that were started together must not ask in step.
	uint64_t x = ((uint64_t)clock_mono_ns() ^ (uint64_t)getpid() << 32) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return REST_NS + (int64_t)((x >> 32) % REST_NS);
}

static void look_by(struct neighbours *n, int64_t at_ns)
{
	if (at_ns < n->timer.at_ns)
		n->timer.at_ns = at_ns;
}

static bool others_wait(const struct neighbours *n, places_name name)
{
	return places_holder(n->places, name, WAITING, 1) != 0;
}

static struct rest *find_rest(const struct neighbours *n, places_name name)
{
	for (size_t i = 0; i < n->rests.n; i++)
		if (n->rests.items[i].name == name)
			return &n->rests.items[i];
	return NULL;
}

// Others come first.
static bool rests(struct neighbours *n, places_name name)
{
	const struct rest *r = find_rest(n, name);

	if (!r || clock_mono_ns() >= r->until_ns || !others_wait(n, name))
		return false;
	look_by(n, r->until_ns);
	return true;
}

// Something under the name was given back.
static void tell(struct neighbours *n, places_name name)
{
	if (!others_wait(n, name))
		return;
	const struct rest rest = {name, clock_mono_ns() + rest_ns()};
	struct rest *known = find_rest(n, name);
	if (known)
		*known = rest;
	else
		VEC_PUSH(&n->rests, rest);
	places_tell(n->places);
}

static void give(struct neighbours *n, places_name name, long place)
{
	places_give(n->places, name, place);
	tell(n, name);
}

static void start_watching(struct supervisor *s)
{
	struct neighbours *n = &s->neighbours;

	if (n->watch.fd < 0)
		n->watch.fd = places_watch(n->places);
	look_by(n, clock_mono_ns() + (n->watch.fd < 0 ? rest_ns() : LOOK_AGAIN_NS));
}

static void say_waiting(struct supervisor *s, places_name name)
{
	struct neighbours *n = &s->neighbours;

	start_watching(s);
	if (places_take(n->places, name, WAITING, true))
		VEC_PUSH(&n->awaited, name);
}

static void forget_waiting(struct neighbours *n)
{
	for (; n->awaited.n > 0; n->awaited.n--)
		places_give(n->places, n->awaited.items[n->awaited.n - 1], WAITING);
}

static void retry(struct supervisor *s)
{
	forget_waiting(&s->neighbours);
	queue_retry(&s->queue);
	s->neighbours.retry(s);
}

static void on_told(struct loop_watch *w, short revents)
{
	struct supervisor *s = w->owner;
	char events[4096];

	while (read(w->fd, events, sizeof events) > 0)
		;
	if (s->neighbours.timer.at_ns == LOOP_NEVER)
		return;
	s->neighbours.timer.at_ns = clock_mono_ns() + REST_NS;
	retry(s);
}

static void on_timer(struct loop_timer *t)
{
	retry(t->owner);
}

// ---- taking ----

static bool holds(const struct neighbours *n, places_name name, long place)
{
	for (size_t i = 0; i < n->holds.n; i++)
		if (n->holds.items[i].name == name && n->holds.items[i].place == place)
			return true;
	return false;
}

static long count_holds(const struct neighbours *n, places_name name)
{
	long count = 0;

	for (size_t i = 0; i < n->holds.n; i++)
		count += n->holds.items[i].name == name;
	return count;
}

// Others may go by a larger number: what they hold beyond ours counts as well.
static bool is_too_much(const struct neighbours *n, const struct wish *w)
{
	if (!places_holder(n->places, w->name, w->capacity, WAITING - w->capacity))
		return false;
	return places_count(n->places, w->name, 0, WAITING) + count_holds(n, w->name) >=
	       w->capacity;
}

static bool take_lock(struct neighbours *n, const struct wish *w)
{
	struct hold hold = {w->job, w->name, 0};

	if (rests(n, w->name) || is_too_much(n, w))
		return false;
	while (hold.place < w->capacity && (holds(n, w->name, hold.place) ||
					    !places_take(n->places, w->name, hold.place, false)))
		hold.place++;
	if (hold.place == w->capacity)
		return false;
	VEC_PUSH(&n->holds, hold);
	return true;
}

static void open_door(struct neighbours *n)
{
	if (n->at_door)
		give(n, EVERYBODY, DOOR);
	n->at_door = false;
}

// To run beside others.
static bool enter(struct neighbours *n, bool goes_first)
{
	// Nobody else is kept out by one of ours that cannot run now.
	open_door(n);
	if (!goes_first && places_holder(n->places, EVERYBODY, DOOR, 1))
		return false;
	n->present = n->present || places_take(n->places, EVERYBODY, PRESENCE, true);
	return n->present;
}

static void leave(struct neighbours *n)
{
	if (n->present)
		give(n, EVERYBODY, PRESENCE);
	n->present = false;
}

// Nothing of ours runs.
static bool be_alone(struct neighbours *n, const struct job *job)
{
	if (!n->at_door && rests(n, EVERYBODY))
		return false;
	n->at_door = n->at_door || places_take(n->places, EVERYBODY, DOOR, false);
	if (!n->at_door || !places_take(n->places, EVERYBODY, PRESENCE, false)) {
		leave(n);
		return false;
	}
	n->present = false;
	n->alone = job;
	places_give(n->places, EVERYBODY, DOOR);
	n->at_door = false;
	return true;
}

static bool get(struct neighbours *n, const struct wish *w)
{
	return w->lock        ? take_lock(n, w)
	       : w->exclusive ? be_alone(n, w->job)
			      : enter(n, w->goes_first);
}

static void report(struct supervisor *s, const struct wish *w)
{
	struct neighbours *n = &s->neighbours;

	for (size_t i = 0; i < n->told.n; i++)
		if (n->told.items[i] == w->name)
			return;
	VEC_PUSH(&n->told, w->name);
	pid_t pid = places_holder(n->places, w->name, 0, w->lock ? WAITING : DOOR + 1);
	if (s->hooks->waits_for_run)
		s->hooks->waits_for_run(s->hooks->owner, w->who, w->lock, w->exclusive, pid);
}

// What becomes free while we say that we wait is told to nobody yet: so it is asked for once more.
static bool get_or_wait(struct supervisor *s, const struct wish *w)
{
	struct neighbours *n = &s->neighbours;

	if (get(n, w))
		return true;
	say_waiting(s, w->name);
	if (!get(n, w)) {
		report(s, w);
		return false;
	}
	if (n->awaited.n > 0 && n->awaited.items[n->awaited.n - 1] == w->name) {
		places_give(n->places, w->name, WAITING);
		n->awaited.n--;
	}
	return true;
}

// ---- a file ----

static bool get_presence(struct supervisor *s, const struct wish *w)
{
	if (get_or_wait(s, w))
		return true;
	if (w->exclusive)
		queue_accompany(&s->queue);
	else
		queue_shut(&s->queue);
	return false;
}

static bool get_locks(struct supervisor *s, const struct job *job)
{
	for (size_t i = 0; i < job_count_locks(job); i++) {
		const char *lock = job_lock(job, i);
		long capacity = queue_capacity(&s->queue, lock);
		const struct wish wish = {.name = places_of(lock),
					  .capacity = capacity < WAITING ? capacity : WAITING,
					  .lock = lock,
					  .who = job->path,
					  .job = job};
		if (get_or_wait(s, &wish))
			continue;
		queue_lend_lock(&s->queue, job, i);
		return false;
	}
	return true;
}

bool neighbours_admit(struct supervisor *s, const struct turn *turn)
{
	const struct job *job = turn->job;
	const struct wish presence = {
		.who = job->path, .job = job, .exclusive = job->settings->exclusive};

	if (!s->neighbours.places)
		return true;
	if (!get_presence(s, &presence))
		return false;
	if (get_locks(s, job))
		return true;
	neighbours_dismiss(s, job);
	return false;
}

void neighbours_dismiss(struct supervisor *s, const struct job *job)
{
	struct neighbours *n = &s->neighbours;

	for (size_t i = n->holds.n; i-- > 0;) {
		struct hold hold = n->holds.items[i];
		if (hold.job != job)
			continue;
		n->holds.items[i] = n->holds.items[--n->holds.n];
		give(n, hold.name, hold.place);
	}
	if (n->alone != job)
		return;
	n->alone = NULL;
	give(n, EVERYBODY, PRESENCE);
}

bool neighbours_admit_setup(struct supervisor *s, const char *name)
{
	const struct wish presence = {.who = name};

	return !s->neighbours.places || get_presence(s, &presence);
}

// Who has pressed Ctrl-C, or a service that ends us, does not wait for long.
static bool is_in_haste(const struct supervisor *s)
{
	int64_t limit_ns = s->settings->limit_ns;

	return s->run->signal || *s->broken.message ||
	       (limit_ns && clock_mono_ns() - s->began_ns >= limit_ns);
}

bool neighbours_admit_teardown(struct supervisor *s, const char *name)
{
	const struct wish presence = {.who = name, .goes_first = true};

	if (!s->neighbours.places)
		return true;
	if (!is_in_haste(s))
		return get_or_wait(s, &presence);
	get(&s->neighbours, &presence);
	return true;
}

// What was set up is torn down as soon as the last file has ended, and not only behind what others
// have waited to start alone.
static bool is_to_tear_down(const struct supervisor *s)
{
	return fixtures_are_up(s) && supervisor_is_over(s);
}

void neighbours_settle(struct supervisor *s)
{
	// Nobody is kept out for what will not run, or waits for something else first.
	if (!s->queue.accompanied)
		open_door(&s->neighbours);
	if (s->attempts.n == 0 && s->fixtures.running == 0 && !is_to_tear_down(s))
		leave(&s->neighbours);
}

// ---- from the first to the last ----

void neighbours_open(struct supervisor *s, void (*start_ready)(struct supervisor *s))
{
	struct neighbours *n = &s->neighbours;

	n->places = s->means->places;
	n->retry = start_ready;
	n->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = s};
	n->watch = (struct loop_watch){.fd = -1, .events = POLLIN, .ready = on_told, .owner = s};
	loop_add_timer(s->means->loop, &n->timer);
	loop_add_watch(s->means->loop, &n->watch);
}

void neighbours_close(struct supervisor *s)
{
	struct neighbours *n = &s->neighbours;

	forget_waiting(n);
	open_door(n);
	leave(n);
	if (n->watch.fd >= 0)
		close(n->watch.fd);
	loop_remove_timer(s->means->loop, &n->timer);
	loop_remove_watch(s->means->loop, &n->watch);
	free(n->holds.items);
	free(n->awaited.items);
	free(n->told.items);
	free(n->rests.items);
}
