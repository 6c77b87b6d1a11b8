// SPDX-License-Identifier: MIT
#include "model/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

void inputs_forget(struct inputs *in)
{
	for (size_t i = 0; i < in->list.n; i++)
		free(in->list.items[i].name);
	free(in->list.items);
	memset(&in->list, 0, sizeof in->list);
}

const char *input_key(struct buf *room, enum input_kind kind, const char *name)
{
	size_t n = strlen(name);

	buf_clear(room);
	buf_reserve(room, n + 1);
	room->data[0] = (char)('0' + kind);
	memcpy(room->data + 1, name, n + 1);
	room->len = n + 1;
	return room->data;
}

void inputs_release(struct inputs *in)
{
	inputs_forget(in);
	for (size_t i = 0; i < in->written.n; i++)
		free(in->written.items[i]);
	for (size_t i = 0; i < in->programs.n; i++)
		free(in->programs.items[i].path);
	strings_free_all(&in->claims);
	free(in->programs.items);
	free(in->written.items);
	*in = (struct inputs){0};
}

// ---- doubts ----

static const char *word_of(enum doubt doubt)
{
	switch (doubt) {
	case DOUBT_NETWORK:
		return "network";
	case DOUBT_CLOCK:
		return "clock";
	case DOUBT_BLIND:
		return "blind";
	case DOUBT_OVERFLOW:
		return "overflow";
	case DOUBT_YOUNG:
		return "young";
	case DOUBT_RETRY:
		return "retry";
	}
	return "doubt";
}

char *doubt_input_name(enum doubt doubt, const char *cause)
{
	return xasprintf("%s %s", word_of(doubt), cause);
}

const char *doubt_cause(enum doubt doubt, const char *name)
{
	size_t n = strlen(word_of(doubt));

	return strncmp(name, word_of(doubt), n) == 0 && name[n] == ' ' ? name + n + 1 : NULL;
}

void inputs_doubt(struct inputs *in, enum doubt doubt, const char *cause)
{
	struct input input = {.kind = INPUT_DOUBT, .found = true};

	in->network |= doubt == DOUBT_NETWORK;
	in->clock |= doubt == DOUBT_CLOCK;
	in->blind |= doubt == DOUBT_BLIND;
	in->overflow |= doubt == DOUBT_OVERFLOW;
	in->young |= doubt == DOUBT_YOUNG;
	if (!*cause)
		return;
	input.name = doubt_input_name(doubt, cause);
	VEC_PUSH(&in->list, input);
}

// ---- order ----

static int by_kind_and_name(const void *a, const void *b)
{
	const struct input *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void inputs_sort(struct inputs *in)
{
	size_t n = 0;

	if (in->written.n > 0)
		qsort(in->written.items, in->written.n, sizeof *in->written.items, by_name);
	strings_sort(&in->claims);
	if (in->list.n == 0)
		return;
	qsort(in->list.items, in->list.n, sizeof *in->list.items, by_kind_and_name);
	for (size_t i = 1; i < in->list.n; i++)
		if (by_kind_and_name(&in->list.items[n], &in->list.items[i]) != 0)
			in->list.items[++n] = in->list.items[i];
		else
			free(in->list.items[i].name);
	in->list.n = n + 1;
}

const struct input *inputs_find(const struct inputs *in, enum input_kind kind, const char *name)
{
	const struct input key = {.kind = kind, .name = (char *)name};

	return in->list.n ? bsearch(&key, in->list.items, in->list.n, sizeof key, by_kind_and_name)
			  : NULL;
}

void inputs_insert(struct inputs *in, enum input_kind kind, const char *name)
{
	struct input one = {.kind = kind, .found = true, .name = (char *)name};
	size_t i = in->list.n;

	if (inputs_find(in, kind, name))
		return;
	one.name = xstrdup(name);
	VEC_PUSH(&in->list, one);
	for (; i > 0 && by_kind_and_name(&one, &in->list.items[i - 1]) < 0; i--)
		in->list.items[i] = in->list.items[i - 1];
	in->list.items[i] = one;
}

void inputs_take_whole(struct inputs *in, const struct inputs *other)
{
	for (size_t i = 0; i < other->list.n; i++)
		if (other->list.items[i].kind == INPUT_WHOLE)
			inputs_insert(in, INPUT_WHOLE, other->list.items[i].name);
}

// ---- what setups saw ----

// What it has loaded as Lua is no support of a test.
static bool is_of_file(enum input_kind kind)
{
	return kind == INPUT_CHUNK || kind == INPUT_WHOLE;
}

void inputs_add_setup(struct inputs *in, struct inputs *setup)
{
	size_t n = in->list.n, taken = 0;

	for (size_t i = 0; i < setup->list.n; i++) {
		struct input *one = &setup->list.items[i];
		if (is_of_file(one->kind) || inputs_find(in, one->kind, one->name))
			free(one->name);
		else
			setup->list.items[taken++] = *one;
	}
	for (size_t i = 0; i < taken; i++)
		VEC_PUSH(&in->list, setup->list.items[i]);
	setup->list.n = 0;
	in->network |= setup->network;
	in->clock |= setup->clock;
	in->blind |= setup->blind;
	in->overflow |= setup->overflow;
	if (in->list.n > n)
		inputs_sort(in);
	inputs_release(setup);
}

bool input_is_settled(const struct input *in)
{
	return in->seen.since_ns && !input_is_remark(in->kind) && in->kind != INPUT_VARIABLE &&
	       (!in->found || in->seen.has_digest || in->seen.was_free || in->kind == INPUT_FREE);
}

struct fingerprint input_settled(const struct input *in)
{
	if (!in->found)
		return (struct fingerprint){0};
	if (in->seen.has_digest)
		return (struct fingerprint){.present = true, .digest = in->seen.digest};
	return fingerprint_of_place(in->name, in->kind == INPUT_ROOM);
}

// ---- what they are ----

bool input_is_remark(enum input_kind kind)
{
	return kind == INPUT_DOUBT || kind == INPUT_CHUNK || kind == INPUT_WAY ||
	       kind == INPUT_WHOLE;
}

bool input_is_path(enum input_kind kind)
{
	return !input_is_remark(kind) && kind != INPUT_VARIABLE && kind != INPUT_ENVIRONMENT &&
	       kind != INPUT_ATTRIBUTE && kind != INPUT_LIBRARY;
}

struct fingerprint input_fingerprint(enum input_kind kind, const char *name,
				     const struct fingerprint *known)
{
	switch (kind) {
	case INPUT_LISTING:
		return fingerprint_of_listing(name, known);
	case INPUT_VARIABLE:
		return fingerprint_of_variable(name);
	case INPUT_ENVIRONMENT:
		return fingerprint_of_environment();
	case INPUT_TYPE:
		return fingerprint_of_type(name);
	case INPUT_STATUS:
		return fingerprint_of_status(name);
	case INPUT_ACCESS:
		return fingerprint_of_access(name);
	case INPUT_LINK:
		return fingerprint_of_link(name);
	case INPUT_REAL:
		return fingerprint_of_real(name);
	case INPUT_FREE:
		return fingerprint_of_free(name);
	case INPUT_ROOM:
		return fingerprint_of_room(name);
	case INPUT_ATTRIBUTE:
		return fingerprint_of_attribute(name);
	case INPUT_LIBRARY:
		return fingerprint_of_library(name, known);
	case INPUT_XATTRS:
		return fingerprint_of_xattrs(name);
	case INPUT_DOUBT:
	case INPUT_CHUNK:
	case INPUT_WAY:
	case INPUT_WHOLE:
		return (struct fingerprint){.present = true};
	default:
		return fingerprint_of_path(name, known);
	}
}
