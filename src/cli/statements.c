// SPDX-License-Identifier: MIT
#include "cli/statements.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/settings.h"

static const char *keep(struct statements *s, const char *text)
{
	if (!text)
		return NULL;
	VEC_PUSH(&s->texts, xstrdup(text));
	return s->texts.items[s->texts.n - 1];
}

void statements_add(struct statements *s, const struct option_row *row, const char *value,
		    enum layer layer, const char *at)
{
	struct statement said = {row, keep(s, value), layer, keep(s, at)};

	VEC_PUSH(s, said);
}

void statements_add_word(struct statements *s, const struct option_row *row, const char *value,
			 enum layer layer, const char *at)
{
	// What is on a command line once for each of a list is one word in a directive.
	bool splits = row->shape == SHAPE_OBJECT ||
		      (row->shape == SHAPE_LIST && layer == LAYER_DIRECTIVE);
	const char *comma = splits ? strchr(value, ',') : NULL;

	for (; comma; comma = strchr(value, ',')) {
		char *part = xstrndup(value, (size_t)(comma - value));
		statements_add(s, row, part, layer, at);
		free(part);
		value = comma + 1;
	}
	statements_add(s, row, value, layer, at);
}

void statements_copy(struct statements *s, const struct statement *said)
{
	statements_add(s, said->row, said->value, said->layer, said->at);
}

void statements_move(struct statements *s, struct statements *other)
{
	for (size_t i = 0; i < other->n; i++)
		VEC_PUSH(s, other->items[i]);
	for (size_t i = 0; i < other->texts.n; i++)
		VEC_PUSH(&s->texts, other->texts.items[i]);
	other->texts.n = 0;
	statements_release(other);
}

void statements_release(struct statements *s)
{
	strings_free_all(&s->texts);
	free(s->items);
	*s = (struct statements){0};
}

// ---- having them hold ----

// Nobody means two of them, and the second may remove what the first would have shown.
static int set_mode(struct settings *o, const struct mode *mode, struct err *err)
{
	if (o->mode->goes_first)
		return 0;
	if (mode->part_of && mode->part_of == o->mode)
		return 0;
	if (o->mode != &mode_run && o->mode != mode && o->mode->part_of != mode &&
	    !mode->goes_first)
		return err_set(err, 0, "%s and %s: only one of them can be done at a time",
			       o->mode->name, mode->name);
	o->mode = mode;
	return 0;
}

static int take_mode(struct settings *o, const struct mode *mode, const char *value,
		     struct err *err)
{
	if (mode->read && mode->read(o, value, err) < 0)
		return -1;
	return set_mode(o, mode, err);
}

// Messages of rows begin with the row's name: where it was said stands there instead, which for a
// member of an object ends in the member's name.
static void put_place(const struct statement *s, struct err *err)
{
	size_t n = strlen(s->row->name);
	struct err row = *err;

	if (strncmp(row.message, s->row->name, n) != 0)
		return;
	const char *rest = row.message + n, *value = s->value ? s->value : "";
	size_t name = strcspn(value, "=");
	bool is_member = s->at && s->row->shape == SHAPE_OBJECT && value[name] && *rest == '=' &&
			 strncmp(rest + 1, value, name) == 0 && strlen(s->at) > name &&
			 strncmp(s->at + strlen(s->at) - name, value, name) == 0;
	if (is_member)
		rest += 1 + name;
	err_set(err, 0, "%s%s%s%s", s->layer == LAYER_FLAGS ? "FIRMO_JOBS_FLAGS: " : "",
		s->at ? s->at : "--", s->at ? "" : s->row->name, rest);
}

int statement_take(const struct statement *s, struct settings *o, struct err *err)
{
	int status = s->row->type == OPTION_MODE ? take_mode(o, s->row->mode, s->value, err)
						 : option_set(o, s->row, s->value, err);

	if (status < 0)
		put_place(s, err);
	return status;
}

bool statement_is_about(const struct statement *s, const struct statement *other)
{
	return s->row == other->row &&
	       (s->row->shape != SHAPE_OBJECT ||
		strncmp(s->value, other->value, strcspn(s->value, "=") + 1) == 0);
}

bool statement_joins(const struct statement *s, const struct statement *other)
{
	return s->row == other->row && (s->layer == other->layer ||
					(s->layer >= LAYER_FLAGS && other->layer >= LAYER_FLAGS));
}

static const struct statement *last_before(const struct statements *s, size_t end,
					   const struct option_row *row)
{
	while (end-- > 0)
		if (s->items[end].row == row)
			return &s->items[end];
	return NULL;
}

const struct statement *statements_last(const struct statements *s, const struct option_row *row)
{
	return last_before(s, s->n, row);
}

int statements_take(const struct statements *s, struct settings *o, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		struct statement said = s->items[i];
		const struct statement *before = last_before(s, i, said.row);
		bool begins_list =
			said.row->shape == SHAPE_LIST && before && !statement_joins(&said, before);
		if (begins_list && said.value)
			option_set(o, said.row, NULL, err);
		if (statement_take(&said, o, err) < 0)
			return -1;
	}
	return 0;
}

const char *statement_origin(const struct statement *s)
{
	static const char *const names[] = {[LAYER_BUILT_IN] = "built in",
					    [LAYER_VARIABLE] = "FIRMO_JOBS_DB",
					    [LAYER_FLAGS] = "FIRMO_JOBS_FLAGS",
					    [LAYER_COMMAND_LINE] = "the command line"};

	return s->at ? s->at : names[s->layer];
}
