// SPDX-License-Identifier: MIT
// Files that posix_spawn opens for a child.
#include <fcntl.h>
#include <spawn.h>

#include "trace/preload/hook.h"

// Some child will open its files from another folder than this process.
static _Atomic bool other_folder;

static void note_opening(const char *path, int flags)
{
	bool makes = flags & O_CREAT && (flags & O_TRUNC || !log_exists(AT_FDCWD, path));

	if (*path != '/' && atomic_load(&other_folder))
		log_unseen("posix_spawn_file_actions_addchdir_np");
	if (makes)
		log_path(TRACE_WRITTEN, AT_FDCWD, path, false);
	else if ((flags & O_ACCMODE) != O_WRONLY)
		log_ahead(TRACE_READ, path);
	if (!makes && (flags & O_ACCMODE) != O_RDONLY)
		log_ahead(flags & O_CREAT ? TRACE_EXTENDED : TRACE_CHANGED, path);
}

HOOK(int, posix_spawn_file_actions_addopen, posix_spawn_file_actions_t *actions, int fd,
     const char *path, int flags, mode_t mode)
{
	if (log_is_on())
		note_opening(path, flags);
	return NEXT(posix_spawn_file_actions_addopen)(actions, fd, path, flags, mode);
}

HOOK(int, posix_spawn_file_actions_addchdir_np, posix_spawn_file_actions_t *actions,
     const char *path)
{
	log_ahead(TRACE_LOOKED, path);
	atomic_store(&other_folder, true);
	return NEXT(posix_spawn_file_actions_addchdir_np)(actions, path);
}

HOOK(int, posix_spawn_file_actions_addfchdir_np, posix_spawn_file_actions_t *actions, int fd)
{
	atomic_store(&other_folder, true);
	return NEXT(posix_spawn_file_actions_addfchdir_np)(actions, fd);
}
