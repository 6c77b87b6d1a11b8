// SPDX-License-Identifier: MIT
// What the interpreter answers that evaluates .busted, which is the project's own program; and what
// follows for files. The first byte says whether the answer begins as it should; the first line is
// the name of a file; each further one a string of the answer.
#include "framework/busted.h"
#include "base/buf.h"
#include "fuzz.h"

static const char mark[] = "\n\0firmo-jobs";

static void check(const struct busted_settings *s, const char *name)
{
	HOLDS(s->loaders.n > 0 && (s->has_root || s->roots.n > 0));
	for (size_t i = 0; i < s->patterns.n; i++)
		HOLDS(strlen(s->patterns.items[i]) <= 1024);
	enum busted_wish wish = busted_wants(s, name);
	HOLDS(wish == BUSTED_LEAVES || wish == BUSTED_RUNS || wish == BUSTED_EXCLUDES);
	HOLDS(wish != BUSTED_EXCLUDES || s->excludes.n > 0);
	HOLDS(!busted_helps(s, name) || s->helper);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool whole = size > 0 && (data[0] & 1);
	char *text = xstrndup(size ? (const char *)data + 1 : "", size ? size - 1 : 0);
	struct busted_settings s;
	struct buf answer = {0};
	struct err err = {0};

	char *rest = text + strcspn(text, "\n");
	if (*rest)
		*rest++ = '\0';
	if (whole)
		buf_add(&answer, mark, sizeof mark);
	for (char *line; *rest; rest = line) {
		line = rest + strcspn(rest, "\n");
		size_t n = (size_t)(line - rest);
		line += *line != '\0';
		buf_add(&answer, rest, n);
		buf_addch(&answer, '\0');
	}
	if (whole)
		buf_add(&answer, "end\0", 5);
	if (busted_settings_parse(&s, answer.data, answer.len, true, &err) < 0)
		HOLDS(*err.message && strcmp(s.roots.items[0], "spec") == 0);
	check(&s, text);
	busted_settings_release(&s);
	buf_release(&answer);
	free(text);
	return 0;
}
