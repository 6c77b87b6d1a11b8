// SPDX-License-Identifier: MIT
#include "framework/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "framework/flow.h"
#include "framework/json.h"
#include "model/result.h"

// A line longer than this is no event of ours: the shim shortens what is longer.
#define LINE_MAX_BYTES (4 << 20)

void events_make_key(char key[EVENTS_KEY_SIZE])
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random = (uint64_t)clock_mono_ns() * UINT64_C(0x9e3779b97f4a7c15);
	snprintf(key, EVENTS_KEY_SIZE, "%016" PRIx64, random);
}

void events_init(struct events *ev, struct result *result, const char *key)
{
	*ev = (struct events){.result = result, .announced = -1};
	snprintf(ev->key, sizeof ev->key, "%s", key);
}

void events_release(struct events *ev)
{
	buf_release(&ev->line);
	free(ev->shim_error);
	free(ev->process);
	free(ev->open.items);
	strings_free_all(&ev->whole);
	*ev = (struct events){0};
}

// A string member as valid UTF-8, or NULL. The caller frees it.
static char *string_of(const struct json *value)
{
	struct buf b = {0};

	if (!json_is(value, JSON_STRING))
		return NULL;
	text_add_utf8(&b, value->text, value->length);
	// A NUL would end the string early everywhere: it is shown instead.
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == '\0')
			b.data[i] = ' ';
	return buf_detach(&b);
}

static char *member(const struct json *o, const char *key)
{
	return string_of(json_member(o, key));
}

static long number(const struct json *o, const char *key, long otherwise)
{
	return (long)json_integer(json_member(o, key), otherwise);
}

// The history keeps times of tests to the microsecond, and a report of it is that of the day.
static int64_t to_us(int64_t ns)
{
	return (ns + 500) / 1000 * 1000;
}

// A member in seconds as nanoseconds; -1 if there is none that makes sense.
static int64_t seconds(const struct json *o, const char *key)
{
	double s = json_real(json_member(o, key), -1);

	return s >= 0 && s < 1e9 ? to_us((int64_t)(s * 1e9)) : -1;
}

static void set_string(char **field, char *value)
{
	if (!value)
		return;
	free(*field);
	*field = value;
}

// Fills *list with the strings of an array, unless it is filled already.
static void set_list(char ***list, size_t *count, const struct json *array)
{
	if (*list || !json_is(array, JSON_ARRAY))
		return;
	*list = xcalloc(array->parts.n, sizeof **list);
	for (size_t i = 0; i < array->parts.n; i++) {
		char *s = string_of(&array->parts.items[i]);
		if (s)
			(*list)[(*count)++] = s;
	}
}

// What start and test events have in common; a later event only adds to an earlier one.
static void describe_test(struct test_case *t, const struct json *o)
{
	set_list(&t->path, &t->npath, json_member(o, "path"));
	set_list(&t->tags, &t->ntags, json_member(o, "tags"));
	t->round = (int)number(o, "round", t->round);
	set_string(&t->name, member(o, "name"));
	set_string(&t->file, member(o, "file"));
	t->line = (int)number(o, "line", t->line);
}

static struct test_case *add_test(struct events *ev, const struct json *o, int64_t now_ns)
{
	struct test_case t = {
		.id = number(o, "id", -1), .began_ns = now_ns, .wall_ns = -1, .own_ns = -1};

	VEC_PUSH(&ev->result->tests, t);
	return &ev->result->tests.items[ev->result->tests.n - 1];
}

// The running test of that id, which ends; the innermost one is the last that began. NULL: none.
static struct test_case *end_running(struct events *ev, long id)
{
	for (size_t i = ev->open.n; i-- > 0;) {
		struct test_case *t = &ev->result->tests.items[ev->open.items[i]];
		if (t->id != id)
			continue;
		ev->open.n--;
		memmove(&ev->open.items[i], &ev->open.items[i + 1],
			(ev->open.n - i) * sizeof *ev->open.items);
		return t;
	}
	return NULL;
}

// The shim numbers its tests from 1; what has no number is not from it.
static bool has_id(const struct json *o)
{
	return number(o, "id", -1) >= 0;
}

static bool on_start(struct events *ev, const struct json *o, int64_t now_ns)
{
	if (!has_id(o))
		return false;
	describe_test(add_test(ev, o, now_ns), o);
	size_t index = ev->result->tests.n - 1;
	VEC_PUSH(&ev->open, index);
	return true;
}

static bool on_test(struct events *ev, const struct json *o, int64_t now_ns)
{
	char *status = member(o, "status");
	enum test_status s = status && has_id(o) ? test_status_parse(status) : 0;

	free(status);
	if (!s)
		return false;
	struct test_case *t = end_running(ev, number(o, "id", -1));
	bool began = t != NULL;
	if (!began)
		t = add_test(ev, o, now_ns);
	describe_test(t, o);
	t->status = s;
	t->wall_ns = began ? to_us(now_ns - t->began_ns) : -1;
	t->own_ns = seconds(o, "own");
	set_string(&t->message, member(o, "reason"));
	set_string(&t->message, member(o, "message"));
	set_string(&t->traceback, member(o, "traceback"));
	if (ev->test_ended)
		ev->test_ended(ev->owner, t);
	return true;
}

// The groups and the name of what an error is charged to, as one string; NULL where there are none.
// The caller frees it.
static char *charged_name(const struct json *o)
{
	const struct json *path = json_member(o, "path");
	size_t n = json_is(path, JSON_ARRAY) ? path->parts.n : 0;
	char *name = member(o, "name");
	struct buf b = {0};

	for (size_t i = 0; i < n; i++) {
		char *group = string_of(&path->parts.items[i]);
		if (group)
			buf_addf(&b, "%s%s", b.len ? " " : "", group);
		free(group);
	}
	if (name)
		buf_addf(&b, "%s%s", b.len ? " " : "", name);
	free(name);
	if (b.len > 0)
		return buf_detach(&b);
	buf_release(&b);
	return NULL;
}

static bool on_error(struct events *ev, const struct json *o, int64_t now_ns)
{
	struct file_error e = {
		.where = member(o, "where"),
		.name = charged_name(o),
		.message = member(o, "message"),
		.traceback = member(o, "traceback"),
		.file = member(o, "file"),
		.line = (int)number(o, "line", 0),
	};
	VEC_PUSH(&ev->result->errors, e);
	return true;
}

static bool on_hello(struct events *ev, const struct json *o, int64_t now_ns)
{
	ev->hello = true;
	return true;
}

static bool on_attach(struct events *ev, const struct json *o, int64_t now_ns)
{
	char *name = member(o, "framework");
	int framework = name ? framework_parse(name) : -1;

	free(name);
	if (framework < 0)
		return false;
	ev->attached = true;
	ev->framework = (enum framework)framework;
	ev->result->has_tests = true;
	return true;
}

static bool on_plan(struct events *ev, const struct json *o, int64_t now_ns)
{
	ev->result->expected = number(o, "tests", -1);
	return true;
}

static bool on_seed(struct events *ev, const struct json *o, int64_t now_ns)
{
	const struct json *v = json_member(o, "seed");

	if (v && v->text)
		set_string(&ev->result->seed, xstrdup(v->text));
	return v && v->text;
}

static bool on_done(struct events *ev, const struct json *o, int64_t now_ns)
{
	ev->done = true;
	ev->announced = number(o, "tests", -1);
	return true;
}

// Whether nothing would have come after a call, as far as its source tells.
static bool is_last_call(const struct json *call)
{
	char *file = member(call, "file"), *name = member(call, "name");
	const struct flow_call place = {.file = file ? file : "",
					.name = name ? name : "",
					.line = (int)number(call, "line", 0),
					.defined = (int)number(call, "defined", 0)};
	bool is_last = flow_ends_with(&place);

	free(file);
	free(name);
	return is_last;
}

// lust knows no end of a run but that of the file. os.exit is it where it comes last.
static bool is_end_of_file(const struct json *o)
{
	const struct json *calls = json_member(o, "calls");

	if (number(o, "open", -1) != 0 || !json_is(calls, JSON_ARRAY))
		return false;
	for (size_t i = 0; i < calls->parts.n; i++)
		if (!is_last_call(&calls->parts.items[i]))
			return false;
	return true;
}

static bool on_exit_event(struct events *ev, const struct json *o, int64_t now_ns)
{
	char *how = member(o, "how");
	ev->os_exit = how && strcmp(how, "os.exit") == 0;
	free(how);
	ev->cut = json_integer(json_member(o, "cut"), 0);
	ev->result->nameless = number(o, "names", 1) == 0;
	return is_end_of_file(o) ? on_done(ev, o, now_ns) : true;
}

static bool on_chunk(struct events *ev, const struct json *o, int64_t now_ns)
{
	char *file = member(o, "file");

	if (file)
		VEC_PUSH(&ev->whole, file);
	return file;
}

static bool on_shim(struct events *ev, const struct json *o, int64_t now_ns)
{
	set_string(&ev->shim_error, member(o, "message"));
	return true;
}

static const struct {
	const char *name;
	bool (*handle)(struct events *ev, const struct json *o, int64_t now_ns);
} handlers[] = {
	{"start", on_start},   {"test", on_test}, {"error", on_error}, {"hello", on_hello},
	{"attach", on_attach}, {"plan", on_plan}, {"done", on_done},   {"exit", on_exit_event},
	{"shim", on_shim},     {"seed", on_seed}, {"chunk", on_chunk},
};

static bool dispatch(struct events *ev, const struct json *o, int64_t now_ns)
{
	char *name = member(o, "ev");
	bool known = false;

	for (size_t i = 0; name && i < sizeof handlers / sizeof *handlers; i++)
		if (strcmp(handlers[i].name, name) == 0)
			known = handlers[i].handle(ev, o, now_ns);
	free(name);
	return known;
}

// What stands behind the key in the line, or NULL: it does not bear the key.
static const char *behind_key(const struct events *ev, const struct json *o)
{
	const struct json *key = json_member(o, "key");
	size_t n = strlen(ev->key);

	return json_is(key, JSON_STRING) && strncmp(key->text, ev->key, n) == 0 &&
			       (!key->text[n] || key->text[n] == ':')
		       ? key->text + n
		       : NULL;
}

// Whether the line is of another process than the worker below a wrapper.
static bool is_of_other(struct events *ev, const char *process)
{
	if (!*process)
		return false;
	if (!ev->process)
		ev->process = xstrdup(process);
	return strcmp(ev->process, process) != 0;
}

// Notes a line's number. A worker that executes another program before any test of its own begins
// anew: busted does, for another interpreter. False: the number has been there before.
static bool count_line(struct events *ev, long n)
{
	if (n == 1 && !ev->attached && ev->result->tests.n == 0)
		ev->last = 0;
	if (n <= ev->last)
		return false;
	ev->lost += n - ev->last - 1;
	ev->last = n;
	return true;
}

static void take_line(struct events *ev, const char *line, size_t n, int64_t now_ns)
{
	struct json o;

	if (n == 0)
		return;
	const char *process = json_read(&o, line, n) ? behind_key(ev, &o) : NULL;
	if (!process || (!is_of_other(ev, process) &&
			 (!count_line(ev, number(&o, "n", 0)) || !dispatch(ev, &o, now_ns))))
		ev->foreign++;
	json_release(&o);
}

// Adds a piece of a line, unless the line has grown too long.
static void keep(struct events *ev, const char *data, size_t n)
{
	if (!ev->too_long && ev->line.len + n > LINE_MAX_BYTES) {
		ev->too_long = true;
		ev->foreign++;
		buf_release(&ev->line);
	}
	if (!ev->too_long)
		buf_add(&ev->line, data, n);
}

void events_feed(struct events *ev, const char *data, size_t n, int64_t now_ns)
{
	while (n > 0) {
		const char *newline = memchr(data, '\n', n);
		size_t piece = newline ? (size_t)(newline - data) : n;
		if (!newline || ev->line.len > 0 || ev->too_long || piece > LINE_MAX_BYTES)
			keep(ev, data, piece);
		if (!newline)
			return;
		if (ev->line.len > 0)
			take_line(ev, ev->line.data, ev->line.len, now_ns);
		else if (!ev->too_long)
			take_line(ev, data, piece, now_ns);
		ev->too_long = false;
		buf_clear(&ev->line);
		data += piece + 1;
		n -= piece + 1;
	}
}

void events_finish(struct events *ev)
{
	// A line without its end was cut off by the worker's death.
	ev->foreign += ev->line.len > 0;
	buf_clear(&ev->line);
}
