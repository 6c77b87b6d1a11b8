// SPDX-License-Identifier: MIT
#include "cli/values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/settings.h"
#include "framework/pattern.h"
#include "launch/environment.h"

#define TIMEOUT_NS (60 * NS_PER_SEC)

int values_timeout(struct settings *o, const char *value, struct err *err)
{
	struct deadline *d = &o->job.deadline;

	d->by_past = strcmp(value, "auto") == 0;
	if (d->by_past)
		d->ns = TIMEOUT_NS;
	else if (!text_parse_seconds(value, &d->ns))
		return option_invalid(err, "timeout", value,
				      "wants seconds, such as 60 or 0.5; 0 for none; or auto");
	return 0;
}

int values_limit(struct settings *o, const char *value, struct err *err)
{
	return limits_parse(&o->job.limits, value, err);
}

int values_max_load(struct settings *o, const char *value, struct err *err)
{
	int64_t billionths;

	if (!text_parse_seconds(value, &billionths) || billionths == 0)
		return option_invalid(err, "max-load", value,
				      "wants a number above 0, such as 4 or 2.5");
	o->run.max_load = ns_to_sec(billionths);
	return 0;
}

static bool is_off(const char *value)
{
	return strcmp(value, "false") == 0;
}

int values_fail_fast(struct settings *o, const char *value, struct err *err)
{
	static const char word[] = "--fail-fast";

	if (!is_off(value)) {
		o->run.max_failures = 1;
		o->run.stop_word = word;
	} else if (o->run.stop_word == word) {
		o->run.max_failures = 0;
		o->run.stop_word = NULL;
	}
	return 0;
}

int values_max_failures(struct settings *o, const char *value, struct err *err)
{
	if (!text_parse_long(value, 1, VALUES_COUNT_MAX, &o->run.max_failures))
		return option_invalid(err, "max-failures", value,
				      "wants a whole number, 1 or more");
	o->run.stop_word = "--max-failures";
	return 0;
}

int values_filter(struct settings *o, const char *value, struct err *err)
{
	struct err why;

	if (pattern_check(value, &why) < 0)
		return option_invalid(err, "filter", value, why.message);
	o->job.selection.filter = value;
	return 0;
}

// Each one adds to those before it.
static int add_tags(const char *value, const char *option, struct buf *all, const char **joined,
		    struct err *err)
{
	if (value && (!*value || strchr(value, '#') || strchr(value, ' ')))
		return option_invalid(
			err, option, value,
			"wants tags without the #, separated by commas, such as slow,net");
	if (value)
		buf_addf(all, "%s%s", all->len ? "," : "", value);
	else
		buf_clear(all);
	*joined = value ? all->data : NULL;
	return 0;
}

int values_tag(struct settings *o, const char *value, struct err *err)
{
	return add_tags(value, "tag", &o->tags, &o->job.selection.tags, err);
}

int values_exclude_tag(struct settings *o, const char *value, struct err *err)
{
	return add_tags(value, "exclude-tag", &o->excluded_tags, &o->job.selection.excluded, err);
}

const char *const values_trusts[] = {"network", NULL};

int values_trust(struct settings *o, const char *value, struct err *err)
{
	if (!value) {
		o->plan.trusted = 0;
		return 0;
	}
	if (option_find(values_trusts, value, strlen(value)) < 0)
		return option_refuse(err, "trust", value, values_trusts, "");
	o->plan.trusted |= DOUBT_NETWORK;
	return 0;
}

const char *const values_orders[] = {
	[ORDER_SLOWEST] = "slowest", [ORDER_PATH] = "path", [ORDER_RANDOM] = "random", NULL};

static int read_seed(uint64_t *seed, const char *text, struct err *err)
{
	long n = 0;

	if (*text == '\0')
		n = (long)(clock_real_ns() / 1000 % 1000000000) + 1;
	else if (!text_parse_long(text + 1, 1, LONG_MAX, &n))
		return err_set(err, 0, "order=random%s: a seed is a whole number, as in random:42",
			       text);
	*seed = (uint64_t)n;
	return 0;
}

int values_order(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, ":");
	int order = option_find(values_orders, value, n);

	if (order < 0 || (value[n] && order != ORDER_RANDOM))
		return option_refuse(err, "order", value, values_orders, ", or random:SEED");
	o->plan.order = (enum order)order;
	o->plan.seed = 0;
	return order == ORDER_RANDOM ? read_seed(&o->plan.seed, value + n, err) : 0;
}

int values_framework(struct settings *o, const char *value, struct err *err)
{
	int which = option_find(framework_words, value, strlen(value));

	if (which < 0)
		return option_refuse(err, "framework", value, framework_words, "");
	o->job.framework = which - 1; // behind "auto"
	return 0;
}

const char *const report_formats[] = {
	[REPORT_TEXT] = "text",     [REPORT_JSON] = "json",     [REPORT_JUNIT] = "junit",
	[REPORT_TAP] = "tap",       [REPORT_HTML] = "html",     [REPORT_MARKDOWN] = "markdown",
	[REPORT_CSV] = "csv",       [REPORT_LCOV] = "lcov",     [REPORT_COBERTURA] = "cobertura",
	[REPORT_LUACOV] = "luacov", [REPORT_EVENTS] = "events", NULL};

int values_report(struct settings *o, const char *value, struct err *err)
{
	if (!value) {
		o->reports.n = 0;
		return 0;
	}
	size_t n = strcspn(value, ":");
	int format = option_find(report_formats, value, n);

	if (format < 0)
		return option_refuse(err, "report", value, report_formats,
				     ", and :FILE if it is not for standard output");
	struct report_request r = {.format = (enum report_format)format,
				   .path = value[n]                ? value + n + 1
					   : format == REPORT_HTML ? STATE_FOLDER "/report.html"
								   : "-",
				   .at_home = !value[n] && format == REPORT_HTML};
	if (!*r.path)
		return option_invalid(err, "report", value,
				      "a file's name is missing behind the colon");
	VEC_PUSH(&o->reports, r);
	return 0;
}

// PERCENT[:GLOB]
int values_coverage_min(struct settings *o, const char *value, struct err *err)
{
	int64_t billionths;

	if (!value) {
		o->coverage.minima.n = 0;
		return 0;
	}
	size_t n = strcspn(value, ":");
	char *number = xstrndup(value, n);
	bool is_one = text_parse_seconds(number, &billionths) && billionths <= 100 * NS_PER_SEC;
	free(number);
	if (!is_one || (value[n] && !value[n + 1]))
		return option_invalid(err, "coverage-min", value,
				      "wants a percentage from 0 to 100, such as 80 or 92.5, and "
				      "perhaps the glob of some sources, as in 80:src/*");
	const struct coverage_wish wish = {ns_to_sec(billionths), value[n] ? value + n + 1 : NULL};
	VEC_PUSH(&o->coverage.minima, wish);
	return 0;
}

int values_coverage_diff(struct settings *o, const char *value, struct err *err)
{
	o->coverage.diff = *value ? value : "HEAD";
	return 0;
}

int values_related_git(struct settings *o, const char *value, struct err *err)
{
	o->plan.related_git = *value ? value : "HEAD";
	return 0;
}

// What workers have from us is not for others to set.
int values_env(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, "=");

	if (n == 0 || !value[n])
		return option_invalid(err, "env", value, "wants a variable's name and its value");
	if (environment_is_own(value, n))
		return err_set(err, 0, "env: a worker has this variable from firmo-jobs itself");
	for (size_t i = 0; i < o->env.n; i++)
		if (strncmp(o->env.items[i], value, n + 1) == 0) {
			o->env.items[i] = (char *)value;
			return 0;
		}
	VEC_PUSH(&o->env, (char *)value);
	return 0;
}

int values_lock(struct settings *o, const char *value, struct err *err)
{
	struct strings *locks = &o->job.locks;

	if (!value) {
		locks->n = 0;
		return 0;
	}
	if (!*value)
		return option_invalid(err, "lock", value, "wants the name of a lock");
	for (size_t i = 0; i < locks->n; i++)
		if (strcmp(locks->items[i], value) == 0)
			return 0;
	VEC_PUSH(locks, (char *)value);
	return 0;
}

int values_locks(struct settings *o, const char *value, struct err *err)
{
	size_t n = strcspn(value, "=");
	long capacity;

	if (n == 0)
		return option_invalid(err, "locks", value, "a lock needs a name");
	if (!value[n] || !text_parse_long(value + n + 1, 1, VALUES_COUNT_MAX, &capacity))
		return option_invalid(err, "locks", value,
				      "wants how many files may hold the lock at once, 1 or more");
	for (size_t i = 0; i < o->run.locks.n; i++) {
		struct lock *lock = &o->run.locks.items[i];
		if (strlen(lock->name) == n && strncmp(lock->name, value, n) == 0) {
			lock->capacity = capacity;
			return 0;
		}
	}
	const struct lock lock = {xstrndup(value, n), capacity};
	VEC_PUSH(&o->run.locks, lock);
	return 0;
}

int values_quarantine(struct settings *o, const char *value, struct err *err)
{
	return quarantine_read(&o->job.quarantine, value, err);
}

int values_verbose(struct settings *o, const char *value, struct err *err)
{
	o->text.verbose = !is_off(value);
	o->text.quiet &= !o->text.verbose;
	return 0;
}

int values_quiet(struct settings *o, const char *value, struct err *err)
{
	o->text.quiet = !is_off(value);
	o->text.verbose &= !o->text.quiet;
	return 0;
}
