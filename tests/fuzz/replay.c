// SPDX-License-Identifier: MIT
// Runs a harness on all files of a folder, and on each with some of its bytes changed: what can be
// done in a moment, always in the same way, and with every compiler. Prints TAP.
#include <dirent.h>

#include "base/buf.h"
#include "fuzz.h"

#define CHANGES 150

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

// Changes, removes or repeats something.
static void change(struct buf *b, uint32_t *state)
{
	for (uint32_t n = next(state) % 4; n > 0 || b->len == 0; n = n ? n - 1 : 0) {
		if (b->len == 0)
			buf_addch(b, (char)next(state));
		size_t at = next(state) % b->len;
		switch (next(state) % 3) {
		case 0:
			b->data[at] = (char)next(state);
			break;
		case 1:
			b->len = at;
			break;
		default:
			buf_reserve(b, b->len - at);
			buf_add(b, b->data + at, b->len - at);
		}
	}
}

static void run(const struct buf *b)
{
	// Of its own size, so that whoever reads too far is seen.
	uint8_t *copy = xmalloc(b->len);

	if (b->len)
		memcpy(copy, b->data, b->len);
	LLVMFuzzerTestOneInput(copy, b->len);
	free(copy);
}

static void replay(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf seed = {0}, b = {0};
	uint32_t state = 1;
	int c;

	HOLDS(f);
	while ((c = getc(f)) != EOF)
		buf_addch(&seed, (char)c);
	fclose(f);
	run(&seed);
	for (int i = 0; i < CHANGES; i++) {
		buf_clear(&b);
		buf_add(&b, seed.data ? seed.data : "", seed.len);
		change(&b, &state);
		run(&b);
	}
	buf_release(&seed);
	buf_release(&b);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') + 1;
	char *folder = xasprintf("tests/fuzz/seeds/%.*s", (int)strcspn(name, "_"), name);
	DIR *dir = opendir(folder);
	struct dirent *e;
	int n = 0;

	if (freopen("/dev/null", "r", stdin) == NULL || !dir) {
		printf("1..1\nnot ok 1 no folder %s\n", folder);
		return 1;
	}
	while ((e = readdir(dir)))
		if (*e->d_name != '.') {
			char *path = xasprintf("%s/%s", folder, e->d_name);
			replay(path);
			printf("ok %d %s\n", ++n, path);
			free(path);
		}
	printf("1..%d\n", n);
	closedir(dir);
	free(folder);
	return n == 0;
}
