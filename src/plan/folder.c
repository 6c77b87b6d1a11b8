// SPDX-License-Identifier: MIT
#include "plan/folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strings.h"
#include "framework/busted.h"

bool folder_is_left_out(const char *name)
{
	return strcmp(name, "node_modules") == 0 || strcmp(name, "vendor") == 0 ||
	       strcmp(name, "fixtures") == 0;
}

bool folder_holds(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strcmp(folder, ".") == 0
		       ? *path != '/' && strncmp(path, "..", 2) != 0
		       : strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

char *folder_of_root(const struct busted_settings *b, const char *root)
{
	char *cwd = path_cwd();
	char *joined =
		*root == '/' || !b->directory ? xstrdup(root) : path_join(b->directory, root);
	char *path = path_below(joined, cwd);

	free(cwd);
	free(joined);
	return path;
}

bool folder_is_of_root(const struct busted_settings *b, const struct strings *roots,
		       const char *path)
{
	bool below = false;

	for (size_t i = 0; i < roots->n && !below; i++) {
		char *root = folder_of_root(b, roots->items[i]);
		below = folder_holds(path, root);
		free(root);
	}
	return below;
}

enum folder_item folder_item_at(const char *path, unsigned char type)
{
	struct stat st;

	if (type == DT_UNKNOWN && lstat(path, &st) == 0)
		type = IFTODT(st.st_mode);
	if (type == DT_LNK)
		return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? ITEM_CIRCLE : ITEM_FILE;
	return type == DT_DIR ? ITEM_FOLDER : ITEM_FILE;
}
