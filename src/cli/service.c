// SPDX-License-Identifier: MIT
#include "cli/service.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "cli/fixtures.h"
#include "cli/session.h"
#include "plan/plan.h"
#include "plan/uptodate.h"

// A question is the working folder and the path of a file, or a slash and what a fixture is called
// by (a file has a path below the folder), each with a null byte behind it; an answer is one byte,
// an exit status, or this.
#define FIXTURE_MARK '/'
#define NOT_SERVED   255

// How long nobody is let in where the system has no room for one more.
#define SHORTAGE_NS (100 * NS_PER_MS)

// One that waits.
struct caller {
	struct loop_watch watch;
	struct service *service;
	const struct job *job;         // NULL: it has not asked for one yet
	const struct fixture *fixture; // or it has asked for this
	bool begun;                    // the job runs
};

// An abstract name: nothing is left behind, whatever happens. Its end is what differs.
static socklen_t address_of(const char *run_name, struct sockaddr_un *a)
{
	const size_t most = sizeof a->sun_path - sizeof "\0firmo-jobs/";
	size_t n = strlen(run_name);

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	int length = snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "firmo-jobs/%s",
			      run_name + (n > most ? n - most : 0));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

// Anybody on the machine may know the name.
static bool is_of_our_user(int fd)
{
	struct ucred other;
	socklen_t n = sizeof other;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &n) == 0 && other.uid == geteuid();
}

// ---- those that wait ----

// While a file that may start cannot be started, nobody else is let in: who waits outside needs no
// file descriptor of ours, which may be what is missing.
static void open_door(struct service *v)
{
	bool pending = v->supervisor && supervisor_has_ready(v->supervisor);

	v->watch.events = pending ? 0 : POLLIN;
	v->again.at_ns = LOOP_NEVER;
}

static void on_again(struct loop_timer *t)
{
	open_door(t->owner);
}

// Until somebody leaves, or for a while: what is missing may be others' to give back.
static void shut_door(struct service *v)
{
	v->watch.events = 0;
	v->again.at_ns = clock_mono_ns() + SHORTAGE_NS;
}

static void hang_up(struct caller *c)
{
	struct service *v = c->service;
	size_t n = 0;

	for (size_t i = 0; i < v->clients.n; i++)
		if (v->clients.items[i] != c)
			v->clients.items[n++] = v->clients.items[i];
	v->clients.n = n;
	loop_remove_watch(&v->session->context.loop, &c->watch);
	close(c->watch.fd);
	free(c);
	open_door(v);
}

static void answer(struct caller *c, unsigned char status)
{
	// One that has gone away needs none.
	if (send(c->watch.fd, &status, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINVAL)
		session_warn("an answer could not be sent");
	hang_up(c);
}

// Those that wait for what is set up by now, or will not be.
void service_set_up(struct service *v)
{
	for (size_t i = v->clients.n; i-- > 0;) {
		struct caller *c = v->clients.items[i];
		if (c->fixture && fixture_is_settled(c->fixture))
			answer(c,
			       c->fixture->state == FIXTURE_UP ? FIRMO_JOBS_OK : FIRMO_JOBS_FAILED);
	}
}

static void serve_fixture(struct caller *c, const char *cwd, const char *digits)
{
	struct service *v = c->service;
	struct fixture *f = strcmp(cwd, v->cwd) == 0
				    ? fixtures_find(&v->session->context.variants.fixtures, digits)
				    : NULL;

	if (!f) {
		answer(c, NOT_SERVED);
		return;
	}
	c->fixture = f;
	if (supervisor_set_up(v->supervisor, f))
		service_set_up(v);
	else
		answer(c, FIRMO_JOBS_FAILED);
}

static struct caller *who_waits_for(struct service *v, const struct job *job)
{
	for (size_t i = 0; i < v->clients.n; i++)
		if (v->clients.items[i]->job == job)
			return v->clients.items[i];
	return NULL;
}

// As make has just made what the file depends on, all of that is looked at now.
static bool has_valid_pass(struct service *v, struct job *job)
{
	struct firmo_jobs *s = v->session;
	struct jobs one = {.items = job, .n = 1, .cap = 1};
	struct uptodate uptodate;
	struct err err;
	bool is_uptodate = false;

	if (!s->context.store)
		return false;
	if (uptodate_open(&uptodate, s->context.store, &one, s->settings->plan.trusted, &err) ==
	    0) {
		is_uptodate = plan_ask(&uptodate, job).verdict == UPTODATE;
		uptodate_renew(&uptodate, s->context.store);
	}
	uptodate_release(&uptodate);
	return is_uptodate;
}

static void serve(struct caller *c, const char *cwd, const char *path)
{
	struct service *v = c->service;
	struct job *job = strcmp(cwd, v->cwd) == 0 ? map_get(&v->jobs, path) : NULL;

	if (!job) {
		answer(c, NOT_SERVED);
		return;
	}
	map_put(&v->jobs, path, NULL);
	if (has_valid_pass(v, job)) {
		answer(c, FIRMO_JOBS_OK);
		return;
	}
	plan_look(job, &v->session->request);
	c->job = job;
	if (supervisor_ask(v->supervisor, job))
		open_door(v);
	else
		answer(c, FIRMO_JOBS_FAILED);
}

// A question, or its end. What runs for one that has gone goes on: make's own end ends that.
static void on_client(struct loop_watch *w, short revents)
{
	struct caller *c = w->owner;
	char question[2 * PATH_MAX + 2];
	ssize_t n = recv(w->fd, question, sizeof question, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	const char *path = n > 0 ? memchr(question, '\0', (size_t)n) : NULL;
	bool whole = path && path + 1 < question + n && question[n - 1] == '\0' && !c->job &&
		     !c->fixture;
	if (whole && path[1] == FIXTURE_MARK)
		serve_fixture(c, question, path + 2);
	else if (whole)
		serve(c, question, path + 1);
	else
		hang_up(c);
}

static void on_arrival(struct loop_watch *w, short revents)
{
	struct service *v = w->owner;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && !is_of_our_user(fd)) {
		close(fd);
		return;
	}
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			shut_door(v);
		return;
	}
	struct caller *c = xcalloc(1, sizeof *c);
	*c = (struct caller){.service = v,
			     .watch = {.fd = fd, .events = POLLIN, .ready = on_client}};
	c->watch.owner = c;
	loop_add_watch(&v->session->context.loop, &c->watch);
	VEC_PUSH(&v->clients, c);
}

void service_started(struct service *v, const struct result *r)
{
	struct caller *c = who_waits_for(v, r->job);

	if (c) {
		c->begun = true;
		open_door(v);
	}
}

void service_finished(struct service *v, const struct result *r, bool bad)
{
	struct caller *c = who_waits_for(v, r->job);

	if (c && r->again) {
		c->begun = false;
		open_door(v);
	} else if (c) {
		answer(c, bad ? FIRMO_JOBS_FAILED : FIRMO_JOBS_OK);
	}
}

// ---- hooks ----

void service_begin(struct service *v, struct supervisor *supervisor)
{
	v->supervisor = supervisor;
	loop_add_watch(&v->session->context.loop, &v->watch);
	loop_add_timer(&v->session->context.loop, &v->again);
}

static bool goes_on(void *owner)
{
	return !((struct service *)owner)->ended;
}

// The command gets the signal that ends us; those whose file will not be started need not wait.
static void on_stopped(void *owner)
{
	struct service *v = owner;

	if (v->session->run.signal && !v->ended)
		kill(v->hooks.command, v->session->run.signal);
	for (size_t i = v->clients.n; i-- > 0;)
		if (v->clients.items[i]->fixture ||
		    (v->clients.items[i]->job && !v->clients.items[i]->begun))
			answer(v->clients.items[i], FIRMO_JOBS_FAILED);
}

static void on_reaped(void *owner, int status)
{
	struct service *v = owner;

	v->ended = true;
	v->status = status;
	// Whatever still runs, make has not waited for.
	supervisor_end(v->supervisor);
}

// ---- its life ----

static int listen_at(const char *run_name)
{
	struct sockaddr_un a;
	socklen_t n = address_of(run_name, &a);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, SOMAXCONN) < 0)) {
		int errnum = errno;
		close(fd);
		fd = -1;
		errno = errnum;
	}
	return fd;
}

int service_open(struct service *v, struct firmo_jobs *session, struct err *err)
{
	int fd = listen_at(session->run.name);

	if (fd < 0)
		return err_set(err, errno, "listen for those below --gather");
	*v = (struct service){
		.session = session,
		.cwd = getcwd(NULL, 0),
		.watch = {.fd = fd, .events = POLLIN, .ready = on_arrival, .owner = v},
		.again = {.at_ns = LOOP_NEVER, .fire = on_again, .owner = v},
		.hooks = {.goes_on = goes_on,
			  .stopped = on_stopped,
			  .reaped = on_reaped,
			  .owner = v},
	};
	for (size_t i = 0; i < session->jobs.n; i++)
		map_put(&v->jobs, session->jobs.items[i].path, &session->jobs.items[i]);
	return 0;
}

void service_close(struct service *v)
{
	bool has_begun = v->supervisor != NULL;

	v->supervisor = NULL;
	while (v->clients.n > 0)
		hang_up(v->clients.items[0]);
	if (has_begun) {
		loop_remove_watch(&v->session->context.loop, &v->watch);
		loop_remove_timer(&v->session->context.loop, &v->again);
	}
	close(v->watch.fd);
	free(v->clients.items);
	map_release(&v->jobs);
	free(v->cwd);
	*v = (struct service){0};
}

// ---- the other side ----

static int ask(int fd, const char *what)
{
	char *cwd = getcwd(NULL, 0);
	struct buf question = {0};
	unsigned char status;
	ssize_t n = -1;

	buf_add(&question, cwd ? cwd : "", cwd ? strlen(cwd) + 1 : 1);
	buf_add(&question, what, strlen(what) + 1);
	if (send(fd, question.data, question.len, MSG_NOSIGNAL) == (ssize_t)question.len)
		do
			n = recv(fd, &status, 1, 0);
		while (n < 0 && errno == EINTR);
	buf_release(&question);
	free(cwd);
	if (n == 1)
		return status == NOT_SERVED ? -1 : status;
	session_warn("the firmo-jobs above make has ended");
	return FIRMO_JOBS_BROKEN;
}

static int ask_run(const char *run_name, const char *what)
{
	struct sockaddr_un a;
	socklen_t n = address_of(run_name, &a);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), status = -1;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, n) == 0 && is_of_our_user(fd))
		status = ask(fd, what);
	if (fd >= 0)
		close(fd);
	return status;
}

int service_ask(const char *run_name, const char *path)
{
	char *cwd = getcwd(NULL, 0), *clean = path_below(path, cwd);
	// One elsewhere is none of its own.
	int status = *clean == FIXTURE_MARK ? -1 : ask_run(run_name, clean);

	free(clean);
	free(cwd);
	return status;
}

int service_ask_fixture(const char *run_name, const struct fixture *f)
{
	char what[1 + 2 * DIGEST_SIZE + 1] = {FIXTURE_MARK};

	fixtures_identify(f, what + 1);
	return ask_run(run_name, what);
}
