// SPDX-License-Identifier: MIT
#include "cli/project.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "model/quarantine.h"

#define MOST_BYTES         (1 << 20)
#define FIXTURE_TIMEOUT_NS (60 * NS_PER_SEC)

// ---- JSON ----

// "FILE:LINE:COLUMN", of the byte at that offset.
static int refuse_text(const char *file, const struct buf *text, size_t offset, const char *what,
		       struct err *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < text->len; i++) {
		bool ends = text->data[i] == '\n', goes_on = (text->data[i] & 0xC0) == 0x80;
		line += ends;
		column = ends ? 1 : column + !goes_on;
	}
	return err_set(err, 0, "%s:%zu:%zu: %s", file, line, column, what);
}

// Behind blanks and comments.
static size_t skip_blanks(const struct buf *text, size_t at)
{
	for (;;) {
		at += strspn(text->data + at, " \t\r\n");
		const char *rest = text->data + at, *end = NULL;
		if (strncmp(rest, "//", 2) == 0)
			end = rest + strcspn(rest, "\n");
		else if (strncmp(rest, "/*", 2) == 0 && (end = strstr(rest + 2, "*/")))
			end += 2;
		if (!end)
			return at;
		at = (size_t)(end - text->data);
	}
}

// json-c's parser takes memory that it did not get for text that it has read, or falls over it. An
// empty object of two bytes takes the most for its length.
static void reserve(size_t bytes)
{
	free(xmalloc(bytes * 512 + 65536));
}

static struct json_object *parse(const char *file, const struct buf *text, struct err *err)
{
	reserve(text->len);
	struct json_tokener *tokener = xgiven(json_tokener_new());
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *o = json_tokener_parse_ex(tokener, text->data, (int)text->len);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	size_t rest = error == json_tokener_success ? skip_blanks(text, end) : end;
	if (error == json_tokener_success && rest == text->len) {
		if (json_object_is_type(o, json_type_object))
			return o;
		refuse_text(file, text, skip_blanks(text, 0), "wants an object: { ... }", err);
	} else if (error == json_tokener_success) {
		refuse_text(file, text, rest, "something stands behind the end of the settings",
			    err);
	} else if (error == json_tokener_continue) {
		refuse_text(file, text, text->len, "it ends in the midst of the settings", err);
	} else {
		char *what = xasprintf("this is no JSON: %s", json_tokener_error_desc(error));
		refuse_text(file, text, rest, what, err);
		free(what);
	}
	json_object_put(o);
	return NULL;
}

// ---- what it says ----

struct reader {
	const char *file;
	enum option_place place;
	enum layer layer;
	struct statements *said;
	struct settings *settings; // of the session
	struct settings *trial;    // takes what is said, to see that it can
	struct err *err;
};

// "profiles.ci", or the key where there is nothing around it; the caller frees it.
static char *below(const char *path, const char *key)
{
	return xasprintf("%s%s%s", path, *path ? "." : "", key);
}

static int refuse(const struct reader *r, const char *path, const char *what)
{
	return err_set(r->err, 0, "%s: %s%s%s", r->file, path, *path ? ": " : "", what);
}

// value NULL: an empty list.
static int say(const struct reader *r, const char *path, const struct option_row *row,
	       const char *value)
{
	char *at = xasprintf("%s: %s", r->file, path);
	statements_add(r->said, row, value, r->layer, at);
	free(at);
	return statement_take(&r->said->items[r->said->n - 1], r->trial, r->err);
}

// shape: what else it could be.
static int refuse_type(const struct reader *r, const char *path, const struct option_row *row,
		       enum option_shape shape)
{
	static const char *const shapes[] = {[SHAPE_VALUE] = "",
					     [SHAPE_LIST] = ", or a list of such",
					     [SHAPE_OBJECT] = ", or an object of such",
					     [SHAPE_RECORD] = ", an object, true or false"};
	const char *wanted = !row->argument              ? "true or false"
			     : option_takes_numbers(row) ? "a number or a text"
							 : "a text";
	char *what = xasprintf("wants %s%s", wanted, shapes[shape]);
	int status = refuse(r, path, what);

	free(what);
	return status;
}

// json-c writes numbers and the like into memory that it may not get. NULL for null.
static const char *text_of(struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (value && !text)
		alloc_fail();
	return text;
}

// The value as a word would say it; NULL if it is of another type.
static const char *word_of(const struct option_row *row, struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	const char *text = text_of(value);

	if (!row->argument)
		return type == json_type_boolean ? text : NULL;
	if (type == json_type_string)
		return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
	return option_takes_numbers(row) && (type == json_type_int || type == json_type_double)
		       ? text
		       : NULL;
}

static int read_value(const struct reader *r, const char *path, const struct option_row *row,
		      enum option_shape shape, struct json_object *value)
{
	const char *word = word_of(row, value);

	return word ? say(r, path, row, word) : refuse_type(r, path, row, shape);
}

static int read_list(const struct reader *r, const char *path, const struct option_row *row,
		     struct json_object *list)
{
	size_t n = json_object_array_length(list);
	int status = n == 0 ? say(r, path, row, NULL) : 0;

	for (size_t i = 0; status == 0 && i < n; i++) {
		char *element = xasprintf("%s[%zu]", path, i);
		status = read_value(r, element, row, SHAPE_VALUE,
				    json_object_array_get_idx(list, i));
		free(element);
	}
	return status;
}

static int read_members(const struct reader *r, const char *path, const struct option_row *row,
			struct json_object *object)
{
	int status = 0;

	json_object_object_foreach(object, key, value)
	{
		char *member = below(path, key);
		const char *word = status == 0 ? word_of(row, value) : NULL;
		char *pair = word ? xasprintf("%s=%s", key, word) : NULL;
		// Behind the first of them the value would begin.
		if (status == 0 && strchr(key, '='))
			status = refuse(r, member, "a name holds no '='");
		else if (status == 0)
			status = pair ? say(r, member, row, pair)
				      : refuse_type(r, member, row, SHAPE_VALUE);
		free(pair);
		free(member);
	}
	return status;
}

// ---- records ----

static const struct option_member *find_member(const struct option_row *row, const char *name)
{
	for (const struct option_member *m = row->members; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static int add_member(const struct reader *r, const char *path, struct buf *record, const char *key,
		      bool takes_list, struct json_object *value)
{
	const char *text = text_of(value);
	bool is_text = json_object_is_type(value, json_type_string) &&
		       strlen(text) == (size_t)json_object_get_string_len(value);

	if (!is_text)
		return refuse(r, path,
			      takes_list ? "wants a text, or a list of such" : "wants a text");
	quarantine_add_member(record, key, text);
	return 0;
}

static int add_members(const struct reader *r, const char *path, struct buf *record,
		       const char *key, struct json_object *list)
{
	size_t n = json_object_array_length(list);
	int status = n > 0 ? 0 : refuse(r, path, "wants at least one");

	for (size_t i = 0; status == 0 && i < n; i++) {
		char *element = xasprintf("%s[%zu]", path, i);
		status = add_member(r, element, record, key, false,
				    json_object_array_get_idx(list, i));
		free(element);
	}
	return status;
}

// The row says what its members mean, and which there are.
static int read_record(const struct reader *r, const char *path, const struct option_row *row,
		       struct json_object *object)
{
	struct buf record = {0};
	int status = 0;

	json_object_object_foreach(object, key, value)
	{
		const struct option_member *m = find_member(row, key);
		char *member = below(path, key);
		if (!m)
			quarantine_add_member(&record, key, "");
		else if (status == 0 && m->is_list && json_object_is_type(value, json_type_array))
			status = add_members(r, member, &record, key, value);
		else if (status == 0)
			status = add_member(r, member, &record, key, m->is_list, value);
		free(member);
	}
	if (status == 0)
		status = say(r, path, row, record.len ? record.data : "true");
	buf_release(&record);
	return status;
}

static int read_row(const struct reader *r, const char *path, const struct option_row *row,
		    struct json_object *value)
{
	if (row->shape == SHAPE_LIST && json_object_is_type(value, json_type_array))
		return read_list(r, path, row, value);
	if (row->shape == SHAPE_OBJECT && json_object_is_type(value, json_type_object))
		return read_members(r, path, row, value);
	if (row->shape == SHAPE_RECORD && json_object_is_type(value, json_type_object))
		return read_record(r, path, row, value);
	if (row->shape == SHAPE_RECORD && json_object_is_type(value, json_type_boolean))
		return say(r, path, row, text_of(value));
	return read_value(r, path, row, row->shape, value);
}

static int refuse_key(const struct reader *r, const char *path, const char *key,
		      const char *const *others)
{
	struct nearest near = {.word = key, .n = strlen(key)};

	for (const struct option_row *row = options_next(NULL); row; row = options_next(row))
		if (row->places & r->place)
			nearest_offer(&near, row->name);
	for (; *others; others++)
		nearest_offer(&near, *others);
	const struct option_row *row = options_find(key);
	char *what = row && row->places && r->place == IN_USER
			     ? xstrdup("it belongs in the settings of a project")
		     : row && row->places & IN_OVERRIDES
			     ? xstrdup("it belongs in overrides, with the files that match")
		     : row && row->places ? xstrdup("it cannot differ from file to file")
		     : row                ? xstrdup("it belongs on the command line")
		     : near.best ? xasprintf("no such setting; did you mean %s?", near.best)
				 : xstrdup("no such setting");
	int status = refuse(r, path, what);

	free(what);
	return status;
}

// others: the keys that are no options and are read elsewhere, ended by NULL.
static int read_rows(const struct reader *r, const char *path, struct json_object *object,
		     const char *const *others)
{
	int status = 0;

	json_object_object_foreach(object, key, value)
	{
		const struct option_row *row = options_find(key);
		char *member = below(path, key);
		if (status == 0 && row && row->places & r->place)
			status = read_row(r, member, row, value);
		else if (status == 0 && option_find(others, key, strlen(key)) < 0)
			status = refuse_key(r, member, key, others);
		free(member);
	}
	return status;
}

// ---- overrides ----

static int add_glob(const struct reader *r, const char *path, struct strings *globs,
		    struct json_object *glob)
{
	const char *text = text_of(glob);

	if (!json_object_is_type(glob, json_type_string) || !*text)
		return refuse(r, path, "wants a glob, such as tests/db/**, or a list of such");
	VEC_PUSH(globs, xstrdup(text));
	return 0;
}

static int read_globs(const struct reader *r, const char *path, struct strings *globs,
		      struct json_object *match)
{
	if (!json_object_is_type(match, json_type_array))
		return add_glob(r, path, globs, match);
	for (size_t i = 0; i < json_object_array_length(match); i++)
		if (add_glob(r, path, globs, json_object_array_get_idx(match, i)) < 0)
			return -1;
	return globs->n > 0 ? 0 : add_glob(r, path, globs, NULL);
}

static int read_override(const struct reader *r, const char *path, struct override *v,
			 struct json_object *value)
{
	static const char *const others[] = {"match", NULL};
	struct reader own = *r;

	if (!json_object_is_type(value, json_type_object))
		return refuse(r, path, "wants an object with match and settings");
	own.place = IN_OVERRIDES;
	own.layer = LAYER_OVERRIDE;
	own.said = &v->said;
	v->at = xasprintf("%s: %s", r->file, path);
	char *match = below(path, "match");
	int status = read_globs(&own, match, &v->globs, json_object_object_get(value, "match"));
	free(match);
	return status == 0 ? read_rows(&own, path, value, others) : -1;
}

// around: the path of what they stand in.
static int read_overrides(const struct reader *r, const char *around, struct json_object *object)
{
	struct json_object *list = json_object_object_get(object, "overrides");
	char *path = below(around, "overrides");
	int status = 0;

	if (list && !json_object_is_type(list, json_type_array))
		status = refuse(r, path, "wants a list of objects");
	for (size_t i = 0; list && status == 0 && i < json_object_array_length(list); i++) {
		struct override v = {0};
		char *element = xasprintf("%s[%zu]", path, i);
		status = read_override(r, element, &v, json_object_array_get_idx(list, i));
		VEC_PUSH(&r->settings->overrides, v);
		free(element);
	}
	free(path);
	return status;
}

// ---- fixtures ----

static const char *const fixture_keys[] = {"match", "name", "setup", "teardown", "timeout", NULL};

static int refuse_fixture_key(const struct reader *r, const char *path, const char *key)
{
	struct nearest near = {.word = key, .n = strlen(key)};

	for (const char *const *name = fixture_keys; *name; name++)
		nearest_offer(&near, *name);
	char *what = near.best ? xasprintf("no such setting; did you mean %s?", near.best)
			       : xstrdup("a fixture has match, name, setup, teardown and timeout");
	int status = refuse(r, path, what);

	free(what);
	return status;
}

static int read_text(const struct reader *r, const char *path, const char **text,
		     struct json_object *value)
{
	const char *given = text_of(value);

	if (!json_object_is_type(value, json_type_string) || !*given ||
	    strlen(given) != (size_t)json_object_get_string_len(value))
		return refuse(r, path, "wants a text");
	*text = xstrdup(given);
	return 0;
}

static int read_seconds(const struct reader *r, const char *path, int64_t *ns,
			struct json_object *value)
{
	enum json_type type = json_object_get_type(value);
	bool can_be = type == json_type_int || type == json_type_double || type == json_type_string;

	if (!can_be || !text_parse_seconds(text_of(value), ns))
		return refuse(r, path, "wants seconds, such as 60 or 0.5; 0 for none");
	return 0;
}

static int read_fixture_member(const struct reader *r, const char *path, struct fixture *f,
			       const char *key, struct json_object *value)
{
	switch (option_find(fixture_keys, key, strlen(key))) {
	case 0:
		return read_globs(r, path, &f->globs, value);
	case 1:
		return read_text(r, path, &f->name, value);
	case 2:
		return read_text(r, path, &f->setup, value);
	case 3:
		return read_text(r, path, &f->teardown, value);
	case 4:
		return read_seconds(r, path, &f->timeout_ns, value);
	default:
		return refuse_fixture_key(r, path, key);
	}
}

// What is set up may not be told apart in reports by anything else.
static int check_fixture(const struct reader *r, const char *path, const struct fixture *f)
{
	if (f->globs.n == 0)
		return refuse(r, path,
			      "wants match: a glob, such as tests/db/**, or a list of such");
	if (!f->setup && !f->teardown)
		return refuse(r, path, "wants a setup, a teardown or both");
	for (size_t i = 0; i < r->settings->fixtures.n; i++)
		if (strcmp(r->settings->fixtures.items[i].name, f->name) == 0)
			return refuse(r, path, "another fixture has this name");
	return 0;
}

static int read_fixture(const struct reader *r, const char *path, struct fixture *f,
			struct json_object *value)
{
	int status = 0;

	if (!json_object_is_type(value, json_type_object))
		return refuse(r, path, "wants an object with match, setup and teardown");
	json_object_object_foreach(value, key, member)
	{
		char *below_it = below(path, key);
		if (status == 0)
			status = read_fixture_member(r, below_it, f, key, member);
		free(below_it);
	}
	f->at = xasprintf("%s: %s", r->file, path);
	if (!f->name)
		f->name = xstrdup(path);
	return status == 0 ? check_fixture(r, path, f) : -1;
}

static int read_fixtures(const struct reader *r, const char *around, struct json_object *object)
{
	struct json_object *list = json_object_object_get(object, "fixtures");
	char *path = below(around, "fixtures");
	int status = 0;

	if (list && !json_object_is_type(list, json_type_array))
		status = refuse(r, path, "wants a list of objects");
	for (size_t i = 0; list && status == 0 && i < json_object_array_length(list); i++) {
		struct fixture f = {.timeout_ns = FIXTURE_TIMEOUT_NS};
		char *element = xasprintf("%s[%zu]", path, i);
		status = read_fixture(r, element, &f, json_object_array_get_idx(list, i));
		VEC_PUSH(&r->settings->fixtures, f);
		free(element);
	}
	free(path);
	return status;
}

// ---- profiles ----

// profiles: NULL, or an object.
static int refuse_profile(const struct reader *r, const char *name, struct json_object *profiles)
{
	struct nearest near = {.word = name, .n = strlen(name)};
	struct buf all = {0};

	json_object_object_foreach(profiles, key, value)
	{
		(void)value;
		nearest_offer(&near, key);
		buf_addf(&all, "%s%s", all.len ? ", " : "", key);
	}
	int status = err_set(r->err, 0, "--profile=%s: no such profile; %s%s%s", name,
			     near.best ? "did you mean " : r->file,
			     near.best ? near.best
			     : all.len ? " has "
				       : " has none",
			     near.best ? "?"
			     : all.len ? all.data
				       : "");
	buf_release(&all);
	return status;
}

// All are read, so that what is wrong with one shows before it is needed; the one of that name
// counts.
static int read_profiles(const struct reader *r, const char *name, struct json_object *profiles)
{
	static const char *const others[] = {"overrides", "fixtures", NULL};
	struct json_object *chosen = NULL;
	int status = 0;

	if (!json_object_is_type(profiles, json_type_object))
		return refuse(r, "profiles", "wants an object of profiles by name");
	json_object_object_foreach(profiles, key, value)
	{
		struct statements unused = {0};
		struct reader profile = *r;
		char *path = below("profiles", key);
		bool is_chosen = name && strcmp(key, name) == 0;
		profile.layer = LAYER_PROFILE;
		profile.said = is_chosen ? r->said : &unused;
		profile.settings = is_chosen ? r->settings : r->trial;
		if (status == 0 && !json_object_is_type(value, json_type_object))
			status = refuse(r, path, "wants an object of settings");
		else if (status == 0)
			status = read_rows(&profile, path, value, others);
		if (status == 0)
			status = read_overrides(&profile, path, value);
		if (status == 0)
			status = read_fixtures(&profile, path, value);
		if (is_chosen)
			chosen = value;
		// The trial points to what it has taken.
		statements_move(&r->trial->said, &unused);
		free(path);
	}
	return status < 0 || !name || chosen ? status : refuse_profile(r, name, profiles);
}

// ---- all of it ----

static int read_all(const struct reader *r, const char *profile, struct json_object *object)
{
	static const char *const others[] = {"$schema", "overrides", "fixtures", "profiles", NULL};
	struct json_object *none = xgiven(json_object_new_object()), *profiles;

	if (!json_object_object_get_ex(object, "profiles", &profiles))
		profiles = none;
	int status = read_rows(r, "", object, others);
	if (status == 0)
		status = read_profiles(r, profile, profiles);
	// Those of the profile are asked first.
	if (status == 0)
		status = read_overrides(r, "", object);
	if (status == 0)
		status = read_fixtures(r, "", object);
	json_object_put(none);
	return status;
}

// Fills *object, which the caller puts, with what the file holds. Without a file it is NULL.
static int read_file(const char *path, struct json_object **object, struct err *err)
{
	struct buf text = {0};
	int status = buf_add_file(&text, path, MOST_BYTES);

	*object = NULL;
	if (status < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		struct stat st;
		status = lstat(path, &st) == 0
				 ? err_set(err, 0, "%s: it is a link that leads to no file", path)
				 : 0;
	} else if (status < 0) {
		status = errno == EINVAL ? err_set(err, 0, "%s: it is not a file", path)
					 : err_set(err, errno, "read %s", path);
	} else {
		buf_addch(&text, '\0');
		text.len--;
		buf_drop_front(&text, text_mark_length(text.data));
		*object = parse(path, &text, err);
		status = *object ? 0 : -1;
	}
	buf_release(&text);
	return status;
}

int project_read(struct settings *o, const char *profile, struct err *err)
{
	struct settings trial = {.mode = &mode_run};
	struct reader r = {PROJECT_FILE, IN_PROJECT, LAYER_PROJECT, &o->said, o, &trial, err};
	struct json_object *object;
	int status = read_file(PROJECT_FILE, &object, err);

	if (object)
		status = read_all(&r, profile, object);
	else if (status == 0 && profile)
		status = err_set(err, 0, "--profile=%s: there is no " PROJECT_FILE, profile);
	json_object_put(object);
	settings_release(&trial);
	return status;
}

char *project_user_path(void)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	// A relative path is to be ignored, as its specification has it.
	if (folder && *folder == '/')
		return path_join(folder, PROJECT_FILE);
	return home && *home == '/' ? xasprintf("%s/.config/" PROJECT_FILE, home) : NULL;
}

int project_read_user(struct settings *o, struct err *err)
{
	static const char *const others[] = {"$schema", NULL};
	struct settings trial = {.mode = &mode_run};
	struct json_object *object;
	char *path = project_user_path();

	if (!path)
		return 0;
	struct reader r = {path, IN_USER, LAYER_USER, &o->said, o, &trial, err};
	int status = read_file(path, &object, err);
	// As another user without a home of one's own, below sudo for one, there is none to be had.
	if (status < 0 && err->errnum == EACCES)
		status = 0;
	if (object)
		status = read_rows(&r, "", object, others);
	json_object_put(object);
	settings_release(&trial);
	free(path);
	return status;
}
