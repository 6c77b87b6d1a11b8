// SPDX-License-Identifier: MIT
// --print-schema: the JSON Schema of firmo-jobs.json, made of the rows of the options; or that of a
// report.
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/embed.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/session.h"

EMBED(report_schema, "src/report/report.schema.json");
EMBED(events_schema, "src/report/events.schema.json");

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static struct json_object *object(void)
{
	return xgiven(json_object_new_object());
}

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) < 0)
		alloc_fail();
}

static struct json_object *text(const char *value)
{
	return xgiven(json_object_new_string(value));
}

static void push(struct json_object *list, struct json_object *value)
{
	if (json_object_array_add(list, value) < 0)
		alloc_fail();
}

static struct json_object *list_of(const char *const *words)
{
	struct json_object *list = xgiven(json_object_new_array());

	for (; *words; words++)
		push(list, text(*words));
	return list;
}

// Where a row takes numbers, its text can hold one as well, with a unit for one.
static struct json_object *value_of(const struct option_row *row)
{
	static const char *const numbers[] = {"number", "string", NULL};
	static const char *const switches[] = {"boolean", "string", NULL};
	struct json_object *o = object();

	if (!row->argument)
		add(o, "type", text("boolean"));
	else if (row->type == OPTION_CHOICE)
		add(o, "enum", list_of(row->choices));
	else if (row->shape == SHAPE_RECORD)
		add(o, "type", list_of(switches));
	else
		add(o, "type", option_takes_numbers(row) ? list_of(numbers) : text("string"));
	if (row->type == OPTION_NUMBER) {
		add(o, "minimum", xgiven(json_object_new_int64(row->min)));
		add(o, "maximum", xgiven(json_object_new_int64(row->max)));
	}
	return o;
}

// Either of the two; takes both over.
static struct json_object *either(struct json_object *a, struct json_object *b)
{
	struct json_object *o = object(), *list = xgiven(json_object_new_array());

	push(list, a);
	push(list, b);
	add(o, "anyOf", list);
	return o;
}

// An object of the members of a record; a list of texts stands for a text where it takes one.
static struct json_object *record_schema(const struct option_row *row)
{
	struct json_object *o = object(), *properties = object();

	for (const struct option_member *m = row->members; m->name; m++) {
		struct json_object *one = object(), *many = object();
		add(one, "type", text("string"));
		add(many, "type", text("array"));
		add(many, "items", json_object_get(one));
		add(many, "minItems", xgiven(json_object_new_int(1)));
		struct json_object *member = m->is_list ? either(one, many) : one;
		if (!m->is_list)
			json_object_put(many);
		add(member, "description", text(m->help));
		add(properties, m->name, member);
	}
	add(o, "type", text("object"));
	add(o, "properties", properties);
	add(o, "additionalProperties", xgiven(json_object_new_boolean(false)));
	return o;
}

static struct json_object *row_schema(const struct option_row *row)
{
	struct json_object *o = value_of(row), *many = object();

	if (row->shape == SHAPE_LIST) {
		add(many, "type", text("array"));
		add(many, "items", value_of(row));
		o = either(o, many);
	} else if (row->shape == SHAPE_OBJECT) {
		add(many, "type", text("object"));
		add(many, "additionalProperties", value_of(row));
		o = either(o, many);
	} else if (row->shape == SHAPE_RECORD) {
		json_object_put(many);
		o = either(o, record_schema(row));
	} else {
		json_object_put(many);
	}
	add(o, "description", text(row->help));
	return o;
}

// An object of the rows that may stand there, which the caller completes.
static struct json_object *settings_schema(enum option_place place, struct json_object **properties)
{
	struct json_object *o = object();

	*properties = object();
	for (const struct option_row *row = options_next(NULL); row; row = options_next(row)) {
		if (!(row->places & place))
			continue;
		add(*properties, row->name, row_schema(row));
		struct buf plural = {0};
		buf_addf(&plural, "%ss", row->name);
		if (row->shape == SHAPE_LIST && options_find(plural.data) == row)
			add(*properties, plural.data, row_schema(row));
		buf_release(&plural);
	}
	add(o, "type", text("object"));
	add(o, "properties", *properties);
	add(o, "additionalProperties", xgiven(json_object_new_boolean(false)));
	return o;
}

static struct json_object *text_schema(void)
{
	struct json_object *o = object();

	add(o, "type", text("string"));
	add(o, "minLength", xgiven(json_object_new_int(1)));
	return o;
}

// What is said of files that match.
static void add_match(struct json_object *o, struct json_object *properties)
{
	static const char *const required[] = {"match", NULL};
	struct json_object *globs = object();

	add(globs, "type", text("array"));
	add(globs, "minItems", xgiven(json_object_new_int(1)));
	add(globs, "items", text_schema());
	add(properties, "match", either(text_schema(), globs));
	add(o, "required", list_of(required));
}

static struct json_object *override_schema(void)
{
	struct json_object *properties, *o = settings_schema(IN_OVERRIDES, &properties);

	add_match(o, properties);
	return o;
}

static struct json_object *fixture_schema(void)
{
	static const char *const numbers[] = {"number", "string", NULL};
	static const char *const setup[] = {"setup", NULL}, *const teardown[] = {"teardown", NULL};
	struct json_object *o = object(), *properties = object(), *timeout = object();
	struct json_object *sets_up = object(), *tears_down = object();

	add_match(o, properties);
	add(properties, "name", text_schema());
	add(properties, "setup", text_schema());
	add(properties, "teardown", text_schema());
	add(timeout, "type", list_of(numbers));
	add(properties, "timeout", timeout);
	add(o, "type", text("object"));
	add(o, "properties", properties);
	add(o, "additionalProperties", xgiven(json_object_new_boolean(false)));
	add(sets_up, "required", list_of(setup));
	add(tears_down, "required", list_of(teardown));
	struct json_object *one = either(sets_up, tears_down);
	add(o, "anyOf", json_object_get(json_object_object_get(one, "anyOf")));
	json_object_put(one);
	return o;
}

static void add_list(struct json_object *properties, const char *key, struct json_object *items)
{
	struct json_object *list = object();

	add(list, "type", text("array"));
	add(list, "items", items);
	add(properties, key, list);
}

static void add_lists(struct json_object *properties)
{
	add_list(properties, "overrides", override_schema());
	add_list(properties, "fixtures", fixture_schema());
}

static struct json_object *make_schema(void)
{
	struct json_object *properties, *o = settings_schema(IN_PROJECT, &properties);
	struct json_object *of_profile, *profile = settings_schema(IN_PROJECT, &of_profile);
	struct json_object *profiles = object(), *schema = object();

	add_lists(of_profile);
	add_lists(properties);
	add(profiles, "type", text("object"));
	add(profiles, "additionalProperties", profile);
	add(properties, "profiles", profiles);
	add(schema, "type", text("string"));
	add(properties, "$schema", schema);
	add(o, "$schema", text(DIALECT));
	add(o, "title", text("firmo-jobs.json " FIRMO_JOBS_VERSION));
	return o;
}

// ---- reports ----

static struct json_object *parse(const struct embedded *e)
{
	char *s = xstrndup(e->start, embedded_size(e));
	struct json_object *o = xgiven(json_tokener_parse(s));

	free(s);
	return o;
}

static struct json_object *make_report_schema(void)
{
	return parse(&report_schema);
}

// Files, tests and runs are those of the report.
static struct json_object *make_events_schema(void)
{
	struct json_object *o = parse(&events_schema), *report = parse(&report_schema);
	struct json_object *own = json_object_object_get(o, "$defs");
	struct json_object *others = json_object_object_get(report, "$defs");

	json_object_object_foreach(others, name, definition)
	{
		add(own, name, json_object_get(definition));
	}
	json_object_put(report);
	return o;
}

// ---- the mode ----

const char *const print_schema_names[] = {"settings", "report", "events", NULL};

static int read_name(struct settings *o, const char *value, struct err *err)
{
	o->schema = *value ? option_find(print_schema_names, value, strlen(value)) : 0;
	return o->schema >= 0 ? 0
			      : option_refuse(err, "print-schema", value, print_schema_names, "");
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	static struct json_object *(*const makers[])(void) = {make_schema, make_report_schema,
							      make_events_schema};
	struct json_object *schema = makers[s->settings->schema]();

	puts(xgiven((void *)json_object_to_json_string_ext(
		schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)));
	json_object_put(schema);
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_schema = {.name = "--print-schema",
				       .formats = MODE_ANY_FORMAT,
				       .has_no_project = true,
				       .read = read_name,
				       .carry_out = carry_out};
