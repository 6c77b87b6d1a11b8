// SPDX-License-Identifier: MIT
// Programs that are started.
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/chunks.h"
#include "trace/preload/hook.h"
#include "trace/preload/host.h"
#include "trace/preload/loader.h"
#include "trace/preload/programs.h"
#include "trace/preload/shell.h"

// ---- exec ----

#define SCRIPT_BYTES 256 // of which the kernel reads the interpreter's name
#define SCRIPTS_MOST 4   // that it follows from one to the next

// The name in the first line of a script, in room; NULL: it is none.
static const char *interpreter_of(char room[SCRIPT_BYTES], int dir, const char *path)
{
	int fd = (int)syscall(SYS_openat, dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	long n = fd >= 0 ? syscall(SYS_read, fd, room, SCRIPT_BYTES - 1) : -1;

	if (fd >= 0)
		syscall(SYS_close, fd);
	room[n > 0 ? n : 0] = '\0';
	if (room[0] != '#' || room[1] != '!')
		return NULL;
	char *name = room + 2 + strspn(room + 2, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	return *name ? name : NULL;
}

// Why it could not be executed may be its interpreter.
static void note_interpreters(int dir, const char *path)
{
	char rooms[2][SCRIPT_BYTES];
	const char *name = path;

	for (int i = 0; name && i < SCRIPTS_MOST; i++) {
		name = interpreter_of(rooms[i % 2], dir, name);
		dir = AT_FDCWD;
		if (name)
			log_ahead(TRACE_READ, name);
		if (name)
			log_ahead(TRACE_ALLOWED, name);
	}
}

// errno: of the call.
static void could_not_exec(int dir, const char *path)
{
	int errnum = errno;
	bool is_there = log_is_on() && errnum != EFAULT && *path && log_exists(dir, path);

	// What is missing is its interpreter then.
	errno = is_there && errnum == ENOENT ? EACCES : errnum;
	log_exec_failed(dir, path);
	if (is_there) {
		log_path(TRACE_READ, dir, path, false);
		note_interpreters(dir, path);
	}
	errno = errnum;
}

static void about_to_exec(int dir, const char *path)
{
	loader_end();
	log_exec(dir, path);
}

HOOK(int, execve, const char *path, char *const argv[], char *const envp[])
{
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, AT_FDCWD, path, envp)
	about_to_exec(AT_FDCWD, path);
	NEXT(execve)(path, argv, hosted);
	could_not_exec(AT_FDCWD, path);
	return -1;
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

HOOK(int, execveat, int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, dir, path, envp)
	about_to_exec(dir, path);
	NEXT(execveat)(dir, path, argv, hosted, flags);
	could_not_exec(dir, path);
	return -1;
}

HOOK(int, fexecve, int fd, char *const argv[], char *const envp[])
{
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, fd, "", envp)
	about_to_exec(fd, "");
	NEXT(fexecve)(fd, argv, hosted);
	could_not_exec(fd, "");
	return -1;
}

// ---- programs that PATH is searched for ----

struct candidate {
	char path[PATH_MAX];
};

// Our own access: asking is what notes it.
static bool is_program(const char *path)
{
	return access(path, X_OK) == 0 && S_ISREG(log_before(AT_FDCWD, path, false).seen.mode);
}

static bool is_program_in(struct candidate *c, const char *folder, size_t n, const char *file)
{
	if (n + strlen(file) + 2 > sizeof c->path)
		return false;
	memcpy(c->path, folder, n);
	c->path[n] = '/';
	strcpy(c->path + n + (n > 0), file);
	return is_program(c->path);
}

// Looks where libc is about to look. Returns the path that it will find; NULL: none.
static const char *search(struct candidate *c, const char *file)
{
	int errnum = errno;
	const char *found = NULL;

	if (!log_is_on() || strchr(file, '/') || !*file)
		return file;
	const char *list = getenv("PATH");
	if (!list)
		list = "/bin:/usr/bin";
	for (size_t n = strcspn(list, ":"); !found; n = strcspn(list, ":")) {
		if (is_program_in(c, list, n, file))
			found = c->path;
		if (!list[n])
			break;
		list += n + 1;
	}
	errno = errnum;
	return found;
}

HOOK(int, execvpe, const char *file, char *const argv[], char *const envp[])
{
	struct candidate c;
	const char *path = search(&c, file);
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, AT_FDCWD, path, envp)

	if (path)
		about_to_exec(AT_FDCWD, path);
	NEXT(execvpe)(file, argv, hosted);
	if (path)
		could_not_exec(AT_FDCWD, path);
	return -1;
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

// ---- exec with its words as arguments ----

// TAKE_WORDS(argv, word, ap): word and the arguments behind it, up to NULL; ap is behind that.
#define TAKE_WORDS(argv, word, ap)                                                                 \
	va_list ap;                                                                                \
	va_start(ap, word);                                                                        \
	size_t argv##_n = count_words(word, ap);                                                   \
	va_end(ap);                                                                                \
	char **argv = alloca((argv##_n + 1) * sizeof *argv);                                       \
	argv[0] = (char *)word;                                                                    \
	va_start(ap, word);                                                                        \
	for (size_t i = 1; i <= argv##_n; i++)                                                     \
		argv[i] = va_arg(ap, char *);

static size_t count_words(const char *word, va_list ap)
{
	size_t n = 0;

	for (; word; word = va_arg(ap, char *))
		n++;
	return n;
}

EXPORT int execl(const char *path, const char *word, ...)
{
	// cppcheck-suppress allocaCalled
	TAKE_WORDS(argv, word, ap)
	va_end(ap);
	return execv(path, argv);
}

EXPORT int execlp(const char *file, const char *word, ...)
{
	// cppcheck-suppress allocaCalled
	TAKE_WORDS(argv, word, ap)
	va_end(ap);
	return execvp(file, argv);
}

EXPORT int execle(const char *path, const char *word, ...)
{
	// cppcheck-suppress allocaCalled
	TAKE_WORDS(argv, word, ap)
	char *const *envp = va_arg(ap, char *const *);
	va_end(ap);
	return execve(path, argv, envp);
}

// ---- programs that libc starts ----

// error is what posix_spawn returned; so does this.
static int spawned(int error, pid_t child, const char *path)
{
	int errnum = errno;

	errno = error;
	if (!path && !error)
		log_unseen("posix_spawnp");
	else if (path && error)
		could_not_exec(AT_FDCWD, path);
	else if (path)
		log_spawn(child, path);
	errno = errnum;
	return error;
}

HOOK(int, posix_spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	pid_t child = 0;
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, AT_FDCWD, path, envp)
	int error = NEXT(posix_spawn)(&child, path, actions, attributes, argv, hosted);

	if (pid && !error)
		*pid = child;
	return spawned(error, child, path);
}

HOOK(int, posix_spawnp, pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	pid_t child = 0;
	struct candidate c;
	const char *path = search(&c, file);
	// cppcheck-suppress allocaCalled
	TAKE_ENVIRON(hosted, AT_FDCWD, path, envp)
	int error = NEXT(posix_spawnp)(&child, file, actions, attributes, argv, hosted);

	if (pid && !error)
		*pid = child;
	return spawned(error, child, path);
}

HOOK(FILE *, popen, const char *command, const char *mode)
{
	FILE *f = NEXT(popen)(command, mode);

	if (f)
		log_shell();
	return f;
}

HOOK(int, system, const char *command)
{
	char *hidden = shell_hide(command);
	int status = NEXT(system)(command);

	if (hidden)
		shell_reveal(hidden);
	else if (status != -1)
		log_shell();
	return status;
}

// ---- beginning and end ----

// The library of AddressSanitizer insists on coming first, unless it is told here not to.
EXPORT const char *__asan_default_options(void);
EXPORT const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}

static __attribute__((constructor)) void begin(int argc, char **argv)
{
	if (!log_begin(argv))
		return;
	loader_begin();
	chunks_begin(argc, argv);
	programs_begin(argc, argv);
}

static __attribute__((destructor)) void end(void)
{
	loader_end();
}
