// SPDX-License-Identifier: MIT
// The folders that a search for tests goes through.
#ifndef PLAN_FOLDER_H
#define PLAN_FOLDER_H

#include <stdbool.h>

struct busted_settings;
struct strings;

// What stands in a folder. A dangling link is a file that cannot be read, not nothing; a link to a
// folder is not followed: it may lead in a circle.
enum folder_item { ITEM_FILE, ITEM_FOLDER, ITEM_CIRCLE };

// type: as readdir(3) tells it.
enum folder_item folder_item_at(const char *path, unsigned char type);
// Whether tests are looked for in no folder of that name.
bool folder_is_left_out(const char *name);
// Whether the path is the folder, or below it; both as path_below gives them.
bool folder_holds(const char *path, const char *folder);
// The folder that busted's settings call a root, as path_below gives it; the caller frees it.
char *folder_of_root(const struct busted_settings *b, const char *root);
// Whether the path is one of these roots, or below it.
bool folder_is_of_root(const struct busted_settings *b, const struct strings *roots,
		       const char *path);

#endif
