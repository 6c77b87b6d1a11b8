// SPDX-License-Identifier: MIT
#include "cli/fixtures.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/outfile.h"
#include "base/path.h"
#include "cli/settings.h"

#define MOST_BYTES (1 << 20)

void fixtures_identify(const struct fixture *f, char digits[2 * DIGEST_SIZE + 1])
{
	char *all = xasprintf("%s\n%s", f->name, f->setup ? f->setup : "");
	const struct digest d = digest_of(all, strlen(all));

	digest_text(&d, digits);
	free(all);
}

struct fixture *fixtures_find(struct fixtures *all, const char *digits)
{
	char own[2 * DIGEST_SIZE + 1];

	for (size_t i = 0; i < all->n; i++) {
		fixtures_identify(&all->items[i], own);
		if (strcmp(own, digits) == 0)
			return &all->items[i];
	}
	return NULL;
}

// The file for its variables, beside the history.
static char *path_of(const struct fixture *f, const struct settings *settings)
{
	char digits[2 * DIGEST_SIZE + 1];

	fixtures_identify(f, digits);
	char *name = xasprintf("fixtures/%s", digits);
	char *path = path_beside(settings->db, name);
	free(name);
	return path;
}

void fixtures_read(struct fixture *f, const struct settings *settings)
{
	char *path = path_of(f, settings);
	struct buf text = {0};

	strings_free_all(&f->variables);

	if (buf_add_file(&text, path, MOST_BYTES) == 0) {
		buf_addch(&text, '\0');
		for (size_t at = 0; at + 1 < text.len; at += strlen(text.data + at) + 1)
			if (strchr(text.data + at, '='))
				VEC_PUSH(&f->variables, xstrdup(text.data + at));
	}
	buf_release(&text);
	free(path);
}

void fixtures_load(struct fixtures *all, const struct settings *settings)
{
	fixtures_release(all);
	for (size_t i = 0; i < settings->fixtures.n; i++) {
		struct fixture f = settings->fixtures.items[i];
		fixtures_read(&f, settings);
		VEC_PUSH(all, f);
	}
}

// Where it cannot be kept, files of the fixture run once more than they would have to.
void fixtures_keep(const struct fixture *f, const struct settings *settings)
{
	char *path = path_of(f, settings),
	     *folder = xstrndup(path, (size_t)(path_base(path) - path));
	struct outfile file;
	struct err err;

	if (path_make_dirs(folder, &err) == 0 && outfile_open(&file, path, &err) == 0) {
		// A password may be among them.
		fchmod(fileno(file.stream), S_IRUSR | S_IWUSR);
		for (size_t i = 0; i < f->variables.n; i++)
			fwrite(f->variables.items[i], 1, strlen(f->variables.items[i]) + 1,
			       file.stream);
		outfile_commit(&file, &err);
	}
	free(folder);
	free(path);
}

void fixtures_release(struct fixtures *all)
{
	for (size_t i = 0; i < all->n; i++) {
		strings_free_all(&all->items[i].variables);
		fixture_forget_seen(&all->items[i]);
	}
	free(all->items);
	*all = (struct fixtures){0};
}
