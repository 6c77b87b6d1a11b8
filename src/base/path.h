// SPDX-License-Identifier: MIT
// Path names: pure functions first, then the few that touch the file system.
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

struct err;

// "dir/name"; a dir of "." or "" is left out. The caller frees it.
char *path_join(const char *dir, const char *name);
// Without "./" in front, doubled slashes and a slash at the end; ".." stays (a link may stand
// before it). "." for the empty path. The caller frees it.
char *path_clean(const char *path);
// The same, and relative to the folder cwd (absolute, or NULL) where it lies below it: one file has
// one name, however it was given. The caller frees it.
char *path_below(const char *path, const char *cwd);
// "name" in the folder that path lies in. The caller frees it.
char *path_beside(const char *path, const char *name);
// The part behind the last slash.
const char *path_base(const char *path);
// The program's path: name itself if it has a slash, else the first executable of that name in the
// list of folders (PATH's form). NULL if there is none. The caller frees it.
char *path_find_program(const char *name, const char *list);
// A file that comes with the program: beside it in its build folder, else in the folder where it is
// installed. NULL if it is nowhere. The caller frees it.
char *path_find_own(const char *name, const char *installed);
// Fails where the path leads through a link that another user has put into a folder that all may
// write to, such as /tmp: where it leads may be meant to hurt us.
int path_check_links(const char *path, struct err *err);
// mkdir -p.
int path_make_dirs(const char *path, struct err *err);
// The same with the folder that path lies in.
int path_make_parent(const char *path, struct err *err);
// The same for a file that nobody wants in version control: a folder that is new ignores itself.
int path_make_home(const char *path, struct err *err);
// rm -rf without following links, read-only folders included. What cannot be removed stays; -1
// then.
int path_remove_tree(const char *path);

// As realpath and getcwd have it: NULL where there is none. The caller frees it.
char *path_real(const char *path);
// Where a file of that name lies, or would lie where it is not there yet: links are followed.
char *path_target(const char *path);
char *path_cwd(void);

#endif
