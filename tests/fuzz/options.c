// SPDX-License-Identifier: MIT
// The words of a command line, each ended by a newline; and each of them as a number, a time and a
// size.
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/settings.h"
#include "fuzz.h"

static void try_numbers(const char *word)
{
	int64_t n;
	long whole;
	int line;

	HOLDS(!text_parse_seconds(word, &n) || n >= 0);
	HOLDS(!text_parse_size(word, strlen(word), &n) || n >= 0);
	HOLDS(!text_parse_long(word, 3, 1000, &whole) || (whole >= 3 && whole <= 1000));
	HOLDS(text_place(word, &line) <= strlen(word));
	text_free_words(text_split_words(word, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int home = -1;
	char *text = xstrndup((const char *)data, size), *argv[34] = {(char *)"firmo-jobs"};
	struct settings o;
	struct err err = {0};
	int argc = 1;

	if (home < 0)
		home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (char *at = text, *rest; argc < 33 && (at = strtok_r(at, "\n", &rest)); at = NULL) {
		try_numbers(at);
		argv[argc++] = at;
	}
	if (settings_parse(&o, argc, argv, &err) < 0)
		HOLDS(*err.message);
	settings_release(&o);
	free(text);
	// --root leaves the folder that what is found is written to.
	HOLDS(fchdir(home) == 0);
	return 0;
}
