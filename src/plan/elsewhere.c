// SPDX-License-Identifier: MIT
#include "plan/elsewhere.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/text.h"
#include "framework/busted.h"
#include "plan/discover.h"
#include "plan/folder.h"
#include "plan/names.h"

#define LOOK_DEPTH   4    // folders below the project's own
#define LOOK_ENTRIES 5000 // that are looked at in all
#define LOOK_FOLDERS 8    // that are told

static bool is_searched_already(const struct discovery *d, const char *path)
{
	char *real = realpath(path, NULL);
	bool is = false;

	for (size_t i = 0; real && i < d->searched.n; i++)
		is |= folder_holds(real, d->searched.items[i]);
	free(real);
	return is;
}

// One that is empty tests nothing; the stamps of make's rules are such, and named like tests.
static bool is_like_test(const struct discovery *d, const char *path, const char *name)
{
	struct stat st;
	bool is = d->globs->n > 0 ? name_matches(d->globs, path)
				  : name_is_usual(name) || strcmp(name, "test.lua") == 0;

	return is && (stat(path, &st) != 0 || st.st_size > 0);
}

// Adds the folders with a test, LOOK_FOLDERS at most, without the ones that were searched or that
// busted's settings give to another task.
static void look_below(const struct discovery *d, const char *folder, int depth, long *left,
		       struct strings *found)
{
	DIR *dir = xgiven(opendir(folder));
	bool has_test = false;

	for (struct dirent *e;
	     dir && found->n < LOOK_FOLDERS && --*left > 0 && (e = readdir(dir));) {
		char *path = path_join(folder, e->d_name);
		enum folder_item item =
			*e->d_name == '.' ? ITEM_CIRCLE : folder_item_at(path, e->d_type);
		if (item == ITEM_FOLDER && depth > 0 && !folder_is_left_out(e->d_name) &&
		    !is_searched_already(d, path) &&
		    !folder_is_of_root(d->busted, &d->busted->task_roots, path))
			look_below(d, path, depth - 1, left, found);
		else if (item == ITEM_FILE && !has_test)
			has_test = is_like_test(d, path, e->d_name);
		free(path);
	}
	if (dir)
		closedir(dir);
	if (has_test && strcmp(folder, ".") != 0)
		VEC_PUSH(found, xstrdup(folder));
}

void elsewhere_look(struct discovery *d)
{
	struct strings found = {0};
	struct buf b = {0};
	long left = LOOK_ENTRIES;

	look_below(d, ".", LOOK_DEPTH, &left, &found);
	strings_sort(&found);
	if (found.n > 0)
		buf_addf(&b, "%s; to run them: firmo-jobs",
			 d->jobs->n > 0 ? "not searched, though files there are named like tests"
					: "there are files named like tests");
	for (size_t i = 0; i < d->globs->n && found.n > 0; i++) {
		buf_addstr(&b, " --pattern=");
		text_add_word(&b, d->globs->items[i]);
	}
	names_add_words(&b, &found);
	if (found.n > 0)
		VEC_PUSH(&d->notes, buf_detach(&b));
	strings_free_all(&found);
}

static bool holds_tests(const struct discovery *d, const char *folder)
{
	struct strings found = {0};
	long left = LOOK_ENTRIES;

	look_below(d, folder, LOOK_DEPTH, &left, &found);
	bool holds = found.n > 0;
	strings_free_all(&found);
	return holds;
}

void elsewhere_look_at_links(struct discovery *d)
{
	struct strings told = {0};
	struct buf b = {0};

	strings_sort(&d->links);
	for (size_t i = 0; i < d->links.n && told.n < LOOK_FOLDERS; i++)
		if (!is_searched_already(d, d->links.items[i]) && holds_tests(d, d->links.items[i]))
			VEC_PUSH(&told, d->links.items[i]);
	if (told.n > 0) {
		buf_addf(&b, "links to folders are not followed; to run what is there: firmo-jobs");
		names_add_words(&b, &told);
		VEC_PUSH(&d->notes, buf_detach(&b));
	}
	free(told.items);
}
