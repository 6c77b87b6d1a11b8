// SPDX-License-Identifier: MIT
#include "framework/library.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "framework/framework.h"

#define WORDS_MAX 4
// The largest of these frameworks has 200 KB; what is much larger holds data.
#define FILE_MAX_BYTES (2 << 20)

// All words of a row together are in its framework's core, and in hardly another file. own_run: a
// test file runs its tests itself, so the shim has to find the framework in there.
static const struct {
	enum framework framework;
	bool own_run;
	const char *words[WORDS_MAX];
} libraries[] = {
	{FRAMEWORK_FIRMO, false, {"add_test_result", "expect_error", "describe"}},
	{FRAMEWORK_BUSTED, false, {"busted.subscribe", "busted.publish", "mediator"}},
	{FRAMEWORK_LUAUNIT, true, {"execOneFunction", "startSuite", "endTest"}},
	{FRAMEWORK_LUST, true, {"befores", "afters", "describe"}},
};

#define LIBRARIES (sizeof libraries / sizeof *libraries)

static enum framework library_of(const char *text, size_t n)
{
	for (size_t i = 0; i < LIBRARIES; i++) {
		bool all = true;
		for (size_t w = 0; all && w < WORDS_MAX && libraries[i].words[w]; w++)
			all = memmem(text, n, libraries[i].words[w], strlen(libraries[i].words[w]));
		if (all)
			return libraries[i].framework;
	}
	return FRAMEWORK_PLAIN;
}

enum framework library_in(const char *path)
{
	static const char elf[] = "\177ELF";
	struct buf text = {0};
	enum framework found = FRAMEWORK_PLAIN;

	// Interpreters and C libraries, which are large, hold none.
	if (buf_add_file(&text, path, FILE_MAX_BYTES) == 0 && text.len > strlen(elf) &&
	    memcmp(text.data, elf, strlen(elf)) != 0)
		found = library_of(text.data, text.len);
	buf_release(&text);
	return found;
}

bool library_names_busted(const char *path)
{
	struct buf text = {0};
	struct guess guess = {0};

	if (buf_add_file(&text, path, FILE_MAX_BYTES) == 0 && text.len > 0)
		guess = detect_framework(text.data, text.len);
	buf_release(&text);
	return !guess.certain && guess.names_busted;
}

void library_add_words(struct buf *b)
{
	buf_addstr(b, "return {\n");
	for (size_t i = 0; i < LIBRARIES; i++) {
		if (!libraries[i].own_run)
			continue;
		buf_addf(b, "\t%s = {", framework_name(libraries[i].framework));
		for (size_t w = 0; w < WORDS_MAX && libraries[i].words[w]; w++)
			buf_addf(b, " \"%s\",", libraries[i].words[w]);
		buf_addstr(b, " },\n");
	}
	buf_addstr(b, "}\n");
}
