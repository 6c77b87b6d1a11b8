// SPDX-License-Identifier: MIT
#include "cli/firmo_settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/strings.h"
#include "base/text.h"
#include "cli/evaluation.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/settings.h"
#include "cli/statements.h"
#include "framework/answer.h"
#include "framework/firmo.h"

// What it came to, for those below us: the root, and words such as "timeout=5".
#define HANDED_DOWN "FIRMO_JOBS_FIRMO_SETTINGS"

#define PLACE FIRMO_FILE ": " FIRMO_SECTION "."

// A key of the section, and the option that it is here.
static const struct key {
	const char *name, *type;
	const char *option; // NULL: it has no counterpart
	bool is_opposite;   // true there is false here
} keys[] = {
	{"workers", "number", "workers", false},
	{"timeout", "number", "timeout", false},
	{"fail_fast", "boolean", "fail-fast", false},
	{"show_worker_output", "boolean", "no-worker-output", true},
	{"verbose", "boolean", "verbose", false},
	{"debug", "boolean", "verbose", false},
	{"aggregate_coverage", "boolean", "no-aggregate-coverage", true},
	{"output_buffer_size", "number", NULL, false},
};

#define KEYS (sizeof keys / sizeof *keys)

static void warn(const char *key, const char *what)
{
	char *message =
		xasprintf(FIRMO_FILE ": " FIRMO_SECTION "%s%s: %s", *key ? "." : "", key, what);

	session_warn(message);
	free(message);
}

static void warn_of_key(const char *name)
{
	struct nearest near = {.word = name, .n = strlen(name)};

	for (size_t i = 0; i < KEYS; i++)
		nearest_offer(&near, keys[i].name);
	char *what = near.best ? xasprintf("no such setting; did you mean %s?", near.best)
			       : xstrdup("no such setting");
	warn(name, what);
	free(what);
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

// value: as the option takes it. Where it does not, that is warned of.
static void say(struct statements *said, const struct key *key, const char *value)
{
	const struct option_row *row = options_find(key->option);
	struct settings trial = {.mode = &mode_run};
	struct statements own = {0};
	struct err err = {0};
	char *at = xasprintf(PLACE "%s", key->name);

	statements_add(&own, row, value, LAYER_FIRMO, at);
	if (statements_take(&own, &trial, &err) == 0)
		statements_move(said, &own);
	else
		session_warn(err.message);
	statements_release(&own);
	settings_release(&trial);
	free(at);
}

static void take_value(struct statements *said, const struct key *key, const char *value)
{
	bool is_true = strcmp(value, "true") == 0;

	if (!key->option)
		return;
	// debug asks for no less than verbose.
	if (strcmp(key->name, "debug") == 0 && !is_true)
		return;
	if (strcmp(key->type, "boolean") == 0)
		value = is_true != key->is_opposite ? "true" : "false";
	say(said, key, value);
}

// name: a type and a key.
static int take(void *owner, const char *name, const char *value, struct err *err)
{
	size_t n = strcspn(name, ":");
	const char *type = name, *found = name[n] ? name + n + 1 : "";
	const struct key *key = find_key(found);

	if (!*found) {
		warn("", "wants a table");
	} else if (!key) {
		warn_of_key(found);
	} else if (strlen(key->type) != n || strncmp(type, key->type, n) != 0) {
		warn(found, *key->type == 'n' ? "wants a number" : "wants true or false");
	} else {
		take_value(owner, key, value);
	}
	return 0;
}

static void warn_of_file(const char *what)
{
	// Messages of Lua name the file themselves.
	const char *name = strstr(what, FIRMO_FILE) ? "" : FIRMO_FILE ": ";
	char *message = xasprintf("%s%s; going on without the settings of Firmo", name, what);

	session_warn(message);
	free(message);
}

static void evaluate(struct statements *said, const struct statements *later)
{
	const struct statement *lua = statements_last(later, options_find("lua"));
	char *program = lua && lua->value && *lua->value
				? path_find_program(lua->value, getenv("PATH"))
				: NULL;
	const char *const arguments[] = {FIRMO_FILE, NULL};
	const struct evaluation e = {
		.lua = program, .code = firmo_evaluator(), .arguments = arguments};
	struct buf answer = {0};
	struct err err = {0};

	// An interpreter that is not there is told of by the run itself.
	if ((!lua || program) && (evaluation_run(&e, &answer, &err) < 0 ||
				  answer_read(answer.data, answer.len, take, said, &err) < 0))
		warn_of_file(err.message);
	buf_release(&answer);
	free(program);
}

// ---- those below us ----

void firmo_settings_hand_down(const struct statements *said)
{
	char *root = path_cwd();
	struct buf words = {0};

	text_add_word(&words, root ? root : "");
	for (size_t i = 0; i < said->n; i++) {
		const struct statement *s = &said->items[i];
		if (s->layer == LAYER_FIRMO)
			buf_addf(&words, " %s=%s", s->at + strlen(PLACE), s->value);
	}
	setenv(HANDED_DOWN, words.data, 1);
	buf_release(&words);
	free(root);
}

// Whether they are of this root.
static bool take_words(struct statements *said, const char *text)
{
	char *root = path_cwd();
	size_t n;
	char **words = text_split_words(text, &n);
	bool is_ours = root && words && n > 0 && strcmp(words[0], root) == 0;

	for (size_t i = 1; is_ours && i < n; i++) {
		char *value = strchr(words[i], '=');
		if (!value)
			continue;
		*value++ = '\0';
		const struct key *key = find_key(words[i]);
		if (key && key->option)
			say(said, key, value);
	}
	text_free_words(words);
	free(root);
	return is_ours;
}

void firmo_settings_read(struct statements *said, const struct statements *later)
{
	const char *above = getenv(HANDED_DOWN);

	if (access(FIRMO_FILE, F_OK) == 0 && !(above && take_words(said, above)))
		evaluate(said, later);
}
