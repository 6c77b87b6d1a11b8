// SPDX-License-Identifier: MIT
#include "model/fixture.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/job_settings.h"

void fixture_result_release(struct fixture_result *r)
{
	free(r->name);
	free(r->reason);
	free(r->output);
	*r = (struct fixture_result){0};
}

// ---- variables ----

struct lines {
	const char *next, *end;
	int number; // of the line read last
};

// The next line, without its end; false: there is none.
static bool read_line(struct lines *l, const char **line, size_t *n)
{
	if (l->next == l->end)
		return false;
	const char *newline = memchr(l->next, '\n', (size_t)(l->end - l->next));
	*line = l->next;
	*n = (size_t)((newline ? newline : l->end) - l->next);
	l->next = newline ? newline + 1 : l->end;
	l->number++;
	return true;
}

static size_t name_length(const char *line, size_t n)
{
	size_t i = 0;

	while (i < n && (isalpha((unsigned char)line[i]) || line[i] == '_' ||
			 (i > 0 && isdigit((unsigned char)line[i]))))
		i++;
	return i;
}

// The lines up to the one that is the mark, put behind the value.
static int read_lines(struct lines *l, const char *mark, size_t length, struct buf *value,
		      struct err *err)
{
	int from = l->number;
	const char *line;
	size_t n;
	bool first = true;

	while (read_line(l, &line, &n)) {
		if (n == length && memcmp(line, mark, n) == 0)
			return 0;
		buf_addstr(value, first ? "" : "\n");
		buf_add(value, line, n);
		first = false;
	}
	return err_set(err, 0, "line %d: no line is %.*s, which ends the value", from, (int)length,
		       mark);
}

static void put(struct strings *variables, size_t name, char *entry)
{
	for (size_t i = 0; i < variables->n; i++)
		if (strncmp(variables->items[i], entry, name + 1) == 0) {
			free(variables->items[i]);
			variables->items[i] = entry;
			return;
		}
	VEC_PUSH(variables, entry);
}

static int read_variable(struct lines *l, const char *line, size_t n, struct strings *variables,
			 struct err *err)
{
	size_t name = name_length(line, n), rest = n - name;
	bool is_long = name > 0 && rest > 2 && memcmp(line + name, "<<", 2) == 0;
	struct buf entry = {0};
	int status = 0;

	if (!is_long && (name == 0 || rest == 0 || line[name] != '='))
		return err_set(err, 0, "line %d: wants NAME=VALUE or NAME<<END: %.*s", l->number,
			       (int)(n < 200 ? n : 200), line);
	buf_add(&entry, line, name);
	buf_addch(&entry, '=');
	if (is_long)
		status = read_lines(l, line + name + 2, rest - 2, &entry, err);
	else
		buf_add(&entry, line + name + 1, rest - 1);
	if (status == 0)
		put(variables, name, buf_detach(&entry));
	buf_release(&entry);
	return status;
}

int fixture_read_variables(const char *text, size_t n, struct strings *variables, struct err *err)
{
	struct lines l = {text, text + n, 0};
	const char *line;
	size_t length;

	if (n > 0 && memchr(text, '\0', n))
		return err_set(err, 0, "a variable cannot hold a null byte");
	while (read_line(&l, &line, &length))
		if (length > 0 && read_variable(&l, line, length, variables, err) < 0)
			return -1;
	strings_sort(variables);
	return 0;
}

// ---- what it was before ----

void fixture_forget_seen(struct fixture *f)
{
	if (f->seen)
		inputs_release(f->seen);
	free(f->seen);
	f->seen = NULL;
}

const struct input *fixtures_find_seen(const struct fixtures *all, enum input_kind kind,
				       const char *name)
{
	for (size_t i = 0; all && i < all->n; i++) {
		const struct fixture *f = &all->items[i];
		const struct input *one = f->seen ? inputs_find(f->seen, kind, name) : NULL;
		if (one)
			return one;
	}
	return NULL;
}

// ---- what files wait for ----

bool fixture_is_settled(const struct fixture *f)
{
	return !f->wanted || (f->state != FIXTURE_IDLE && f->state != FIXTURE_STARTING);
}

bool fixtures_are_settled(const struct job_settings *settings)
{
	for (struct fixture *const *f = settings->fixtures; f && *f; f++)
		if (!fixture_is_settled(*f))
			return false;
	return true;
}

const struct fixture *fixtures_find_failed(const struct job_settings *settings)
{
	for (struct fixture *const *f = settings->fixtures; f && *f; f++)
		if ((*f)->wanted && (*f)->state == FIXTURE_FAILED)
			return *f;
	return NULL;
}
