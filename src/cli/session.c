// SPDX-License-Identifier: MIT
#include "cli/session.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/covering.h"
#include "cli/mode.h"
#include "cli/settings.h"
#include "jobserver/tokens.h"
#include "store/store.h"

static struct {
	void (*heard)(void *owner, const char *message);
	void *owner;
	struct strings missed; // before there was one
} listener;

void session_listen(void (*heard)(void *owner, const char *message), void *owner)
{
	listener.heard = heard;
	listener.owner = owner;
	for (size_t i = 0; heard && i < listener.missed.n; i++)
		heard(owner, listener.missed.items[i]);
	strings_free_all(&listener.missed);
}

void session_warn(const char *message)
{
	struct buf b = {0};

	if (listener.heard)
		listener.heard(listener.owner, message);
	else
		VEC_PUSH(&listener.missed, xstrdup(message));

	text_add_visible(&b, message);
	fprintf(stderr, "firmo-jobs: %s\n", b.data);
	buf_release(&b);
}

void session_print_time(int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	localtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	fputs(text, stdout);
}

// In words that editors know: the paths that follow start there.
static void tell_root(void)
{
	char *root = path_cwd();
	char *message = xasprintf("Entering directory '%s'", root ? root : ".");

	session_warn(message);
	free(message);
	free(root);
}

enum firmo_jobs_status firmo_jobs_open(struct firmo_jobs **session, int argc, char **argv)
{
	struct firmo_jobs *s = *session = xcalloc(1, sizeof *s);
	struct err err = {0};

	s->argc = argc;
	s->argv = argv;
	s->start = path_cwd();
	store_use_memory();
	context_open(&s->context);
	if (settings_parse(&s->words, argc, argv, &err) < 0) {
		session_warn(err.message);
		return err_is_shortage(&err) ? FIRMO_JOBS_BROKEN : FIRMO_JOBS_USAGE;
	}
	if (s->words.below && *s->words.below)
		tell_root();
	s->settings = &s->words;
	context_set(&s->context, s->settings);
	if (!s->settings->mode->keeps_jobserver)
		context_forget_jobserver();
	session_begin_run(s);
	return FIRMO_JOBS_OK;
}

enum firmo_jobs_status firmo_jobs_carry_out(struct firmo_jobs *s)
{
	return s->settings->mode->carry_out(s);
}

int firmo_jobs_signal(const struct firmo_jobs *s)
{
	// What --show shows may have been ended by one, long ago.
	const struct mode *mode = s->settings ? s->settings->mode : NULL;

	return mode && (mode->runs_files || mode == &mode_gather) ? s->run.signal : 0;
}

static void release_run(struct firmo_jobs *s)
{
	live_release(s);
	if (s->means.tokens)
		tokens_close(s->means.tokens);
	free(s->workspace);
	strings_free_all(&s->own);
	free(s->slots);
	covering_release(s);
	related_release(&s->related);
	jobs_release(&s->reused);
	run_release(&s->run);
	support_release(&s->support);
	free(s->open.items);
	jobs_release(&s->jobs);
	jobs_release(&s->ran);
	for (size_t i = 0; i < s->invalidated.n; i++) {
		jobs_release(s->invalidated.items[i]);
		free(s->invalidated.items[i]);
	}
	free(s->invalidated.items);
	jobs_release(&s->asked);
	jobs_release(&s->left);
	learned_release(&s->learned);
	uptodate_release(&s->uptodate);
}

static const struct job_settings *settings_of(struct job *job, const struct selection *only,
					      void *variants, struct err *err)
{
	return variants_of(variants, job, only, err);
}

void session_begin_run(struct firmo_jobs *s)
{
	const struct settings *settings = s->settings;
	struct context *c = &s->context;

	release_run(s);
	*s = (struct firmo_jobs){
		.argc = s->argc,
		.argv = s->argv,
		.start = s->start,
		.words = s->words,
		.settings = settings,
		.context = *c,
		.request = {.settings = &settings->plan,
			    .paths = settings->plan.paths.n > 0 ? &settings->plan.paths
								: &settings->roots,
			    .changed_only = settings->plan.changed_only,
			    .settings_of = settings_of,
			    .owner = &s->context.variants,
			    .locks = &settings->run.locks,
			    .fixtures = &s->context.variants.fixtures,
			    .learned = &s->learned,
			    .uptodate = &s->uptodate},
		.means = {.has_make_load = c->make.load >= 0,
			  .make_load = c->make.load,
			  .fixtures = &c->variants.fixtures,
			  .loop = &c->loop,
			  .signals = &c->signals},
		.progress = settings->progress,
		.run = {.lower_bound_ns = -1},
	};
}

// In the folder where the words were said.
static int read_words(struct firmo_jobs *s, struct settings *words, struct err *err)
{
	char *root = path_cwd();
	int status = s->start && root && chdir(s->start) == 0
			     ? settings_parse(words, s->argc, s->argv, err)
			     : err_set(err, errno, "the folder of the project");

	if (status < 0 && root && chdir(root) < 0)
		err_set(err, errno, "%s", root);
	free(root);
	return status;
}

int session_read_again(struct firmo_jobs *s, struct err *err)
{
	struct settings words = {0};

	if (read_words(s, &words, err) < 0) {
		settings_release(&words);
		return -1;
	}
	release_run(s);
	context_forget(&s->context, &words);
	settings_release(&s->words);
	s->words = words;
	context_set(&s->context, s->settings);
	*s = (struct firmo_jobs){.argc = s->argc,
				 .argv = s->argv,
				 .start = s->start,
				 .words = s->words,
				 .settings = s->settings,
				 .context = s->context};
	session_begin_run(s);
	return 0;
}

void firmo_jobs_close(struct firmo_jobs *s)
{
	release_run(s);
	session_listen(NULL, NULL);
	context_close(&s->context);
	settings_release(&s->words);
	free(s->start);
	free(s);
}
