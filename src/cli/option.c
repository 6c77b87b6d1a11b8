// SPDX-License-Identifier: MIT
#include "cli/option.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strings.h"
#include "base/text.h"

bool option_is_named(const struct option_row *row)
{
	return row->type != OPTION_HEADLINE && row->type != OPTION_HELP;
}

bool option_is_optional(const struct option_row *row)
{
	return row->argument && *row->argument == '[';
}

bool option_takes_numbers(const struct option_row *row)
{
	return row->type != OPTION_TEXT && row->type != OPTION_TEXTS && !row->choices &&
	       !row->members;
}

int option_invalid(struct err *err, const char *option, const char *value, const char *wanted)
{
	return err_set(err, 0, "%s=%s: %s", option, value, wanted);
}

int option_find(const char *const *choices, const char *value, size_t n)
{
	for (int i = 0; choices[i]; i++)
		if (strlen(choices[i]) == n && strncmp(choices[i], value, n) == 0)
			return i;
	return -1;
}

int option_refuse(struct err *err, const char *option, const char *value,
		  const char *const *choices, const char *more)
{
	struct buf wanted = {0};

	buf_addf(&wanted, "wants %s", choices[0]);
	for (size_t i = 1; choices[i]; i++)
		buf_addf(&wanted, "%s%s", choices[i + 1] ? ", " : " or ", choices[i]);
	buf_addstr(&wanted, more);
	int status = option_invalid(err, option, value, wanted.data);
	buf_release(&wanted);
	return status;
}

static int set_choice(int *choice, const struct option_row *row, const char *value, struct err *err)
{
	int i = option_find(row->choices, value, strlen(value));

	if (i < 0)
		return option_refuse(err, row->name, value, row->choices, "");
	*choice = i;
	return 0;
}

static bool set_text(const char **text, const char *value)
{
	*text = value;
	return *value;
}

static bool add_text(struct strings *texts, const char *value)
{
	if (!value) {
		texts->n = 0;
		return true;
	}
	VEC_PUSH(texts, (char *)value);
	return *value;
}

int option_set(struct settings *o, const struct option_row *row, const char *value, struct err *err)
{
	void *at = (char *)o + row->at;
	bool valid = true;

	switch (row->type) {
	case OPTION_ON:
	case OPTION_OFF:
		*(bool *)at = (row->type == OPTION_ON) == (strcmp(value, "false") != 0);
		break;
	case OPTION_READ:
		return row->read(o, value, err);
	case OPTION_NUMBER:
		valid = text_parse_long(value, row->min, row->max, at);
		break;
	case OPTION_SECONDS:
		valid = text_parse_seconds(value, at);
		break;
	case OPTION_SIZE:
		valid = text_parse_size(value, strlen(value), at);
		break;
	case OPTION_CHOICE:
		return set_choice(at, row, value, err);
	case OPTION_TEXT:
		valid = set_text(at, value);
		break;
	case OPTION_TEXTS:
		valid = add_text(at, value);
		break;
	default:
		break;
	}
	return valid || !row->wanted ? 0 : option_invalid(err, row->name, value, row->wanted);
}

void option_print(FILE *out, const struct option_row *row)
{
	char left[64];

	if (row->type == OPTION_HEADLINE) {
		fprintf(out, "\n%s:\n", row->help);
		return;
	}
	if (row->type == OPTION_HELP) {
		fprintf(out, "%32s%s\n", "", row->help);
		return;
	}
	snprintf(left, sizeof left, "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
		 row->argument && !option_is_optional(row) ? "=" : "",
		 row->argument ? row->argument : "");
	fprintf(out, "  %-30s%s%s\n", left, strlen(left) < 30 ? "" : "  ", row->help);
}
