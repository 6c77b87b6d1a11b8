// SPDX-License-Identifier: MIT
// A fork server's side of trace/preload/fork.h. Lua calls fork_worker in the server, and it returns
// in each worker.
#include "trace/preload/fork.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/preload/chunks.h"
#include "trace/preload/hook.h"

// Of the interpreter, where it lets libraries call it. The first argument is its state.
extern void lua_pushstring(void *lua, const char *text) __attribute__((weak));
extern void lua_pushnumber(void *lua, double number) __attribute__((weak));
typedef void *allocator(void *owner, void *block, size_t before, size_t after);
extern allocator *lua_getallocf(void *lua, void **owner) __attribute__((weak));
extern void lua_setallocf(void *lua, allocator *alloc, void *owner) __attribute__((weak));

#define ENTRIES_MOST 4096
#define PRINTED_MOST (16 << 10) // bytes, less than a pipe has room for
#define PID_BYTES    12

// What is set up before the first fork, and what a message brings.
static struct {
	struct prctl_mm_map map;
	pid_t *tid; // where libc keeps the number of its only thread
	void *robust;
	size_t robust_bytes;
	char printed[PRINTED_MOST]; // by the start, for every worker
	size_t nprinted;
	struct fork_request *request; // FORK_BYTES
	int fds[FORK_STREAMS];
	char *entries[ENTRIES_MOST + 1];
} * server;

static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

// ---- what stands in the way of a fork ----

#ifdef __x86_64__

// The text of a file in /proc, as far as there is room for it; false: it cannot be read.
static bool read_proc(const char *path, char *room, size_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t n = 0;
	long got = 0;

	while (fd >= 0 && n < size - 1 && (got = syscall(SYS_read, fd, room + n, size - 1 - n)) > 0)
		n += (size_t)got;
	room[n] = '\0';
	if (fd >= 0)
		syscall(SYS_close, fd);
	return fd >= 0 && got >= 0 && n > 0;
}

struct folder_entry {
	uint64_t inode, offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

// Whether the folder of /proc has an entry that is a number above most, or more than one if most
// is negative. The folder itself, open, does not count.
static bool has_more(const char *path, int most)
{
	_Alignas(struct folder_entry) char room[1024];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	bool more = fd < 0;
	int count = 0;
	long n;

	while (fd >= 0 && (n = syscall(SYS_getdents64, fd, room, sizeof room)) > 0)
		for (long at = 0; at < n;) {
			const struct folder_entry *e = (const void *)(room + at);
			int number = *e->name == '.' ? -1 : atoi(e->name);
			count += number >= 0;
			more |= most >= 0 && number > most && number != fd;
			at += e->bytes;
		}
	if (fd >= 0)
		syscall(SYS_close, fd);
	return more || (most < 0 && count > 1);
}

// Whether it writes to memory that its forks would have in common, but what we have given it.
static bool has_shared(void)
{
	char *line = server->request->text, *end;

	if (!read_proc("/proc/self/maps", line, FORK_BYTES - sizeof *server->request))
		return true;
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		const char *rights = memchr(line, ' ', (size_t)(end - line));
		*end = '\0';
		if (rights && rights[2] == 'w' && rights[4] == 's' &&
		    !strstr(line, "/memfd:firmo-jobs"))
			return true;
	}
	return *line; // there was more than there is room for
}

// Whether it has other standard streams than it was given: its forks have new ones.
static bool has_other_streams(void)
{
	static const char own[] = "/memfd:firmo-jobs";
	char name[sizeof own] = "";

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		const char *link = fd == STDOUT_FILENO ? "/proc/self/fd/1" : "/proc/self/fd/2";
		if (syscall(SYS_readlinkat, AT_FDCWD, link, name, sizeof own - 1) < 0 ||
		    strcmp(name, own) != 0)
			return true;
	}
	return fcntl(STDIN_FILENO, F_GETFD) < 0;
}

// Timers of timer_create(2) are told where the kernel tells of them.
static bool has_posix_timer(void)
{
	char text[32];

	return read_proc("/proc/self/timers", text, sizeof text);
}

static bool has_timer(void)
{
	static const int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	bool has = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct itimerval now = {.it_value = {.tv_sec = 1}};
		getitimer(kinds[i], &now);
		has |= now.it_value.tv_sec || now.it_value.tv_usec;
	}
	return has;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 ||
	       errno != ECHILD;
}

// Where the kernel keeps the process' parts, as /proc/self/stat has it behind the program's name.
static bool find_map(struct prctl_mm_map *map)
{
	static const struct {
		int place; // as proc(5) counts them
		size_t at;
	} fields[] = {
		{26, offsetof(struct prctl_mm_map, start_code)},
		{27, offsetof(struct prctl_mm_map, end_code)},
		{28, offsetof(struct prctl_mm_map, start_stack)},
		{45, offsetof(struct prctl_mm_map, start_data)},
		{46, offsetof(struct prctl_mm_map, end_data)},
		{47, offsetof(struct prctl_mm_map, start_brk)},
		{48, offsetof(struct prctl_mm_map, arg_start)},
		{49, offsetof(struct prctl_mm_map, arg_end)},
		{50, offsetof(struct prctl_mm_map, env_start)},
		{51, offsetof(struct prctl_mm_map, env_end)},
	};
	char text[2048];
	size_t i = 0;

	if (!read_proc("/proc/self/stat", text, sizeof text))
		return false;
	const char *at = strrchr(text, ')');
	for (int place = 2; at && i < sizeof fields / sizeof *fields; place++) {
		if (place == fields[i].place)
			*(uint64_t *)((char *)map + fields[i++].at) = strtoull(at, NULL, 10);
		at = strchr(at, ' ');
		at += at != NULL;
	}
	map->exe_fd = UINT32_MAX; // it stays
	return i == sizeof fields / sizeof *fields;
}

static bool set_map(struct prctl_mm_map *map)
{
	map->brk = (uintptr_t)sbrk(0);
	return prctl(PR_SET_MM, PR_SET_MM_MAP, map, sizeof *map, 0) == 0;
}

// The worker gets an environment of its own: nothing of what the start has set would be in it.
static bool has_set_variables(const struct prctl_mm_map *map)
{
	size_t n = 0, given = 0;

	for (const char *at = (const char *)map->env_start; at < (const char *)map->env_end; at++)
		given += *at == '\0';
	for (; environ && environ[n]; n++)
		if ((uintptr_t)environ[n] < map->env_start || (uintptr_t)environ[n] >= map->env_end)
			return true;
	return n != given;
}

// The start writes to a file of its own.
static bool take_printed(void)
{
	off_t n = lseek(STDOUT_FILENO, 0, SEEK_END);

	if (n < 0 || n > PRINTED_MOST)
		return false;
	server->nprinted = (size_t)n;
	return pread(STDOUT_FILENO, server->printed, server->nprinted, 0) == n;
}

// What may have been drawn in a process that nobody has forked: NULL if nothing stands in the way.
static const char *obstacle(void)
{
	if (!log_is_on())
		return "it is not watched";
	if (!lua_pushstring || !lua_pushnumber || !lua_getallocf || !lua_setallocf)
		return "the interpreter hides its functions";
	if (has_more("/proc/self/task", -1))
		return "it has threads";
	if (has_children())
		return "a process that it started still runs";
	if (has_more("/proc/self/fd", FORK_FD))
		return "it has files or sockets open";
	if (has_other_streams())
		return "it has closed or replaced a standard stream";
	if (has_shared())
		return "it shares memory that it writes to";
	if (has_timer() || has_posix_timer())
		return "it has set a timer";
	if (!take_printed())
		return "it has printed too much";
	if (syscall(SYS_get_robust_list, 0, &server->robust, &server->robust_bytes) != 0 ||
	    prctl(PR_GET_TID_ADDRESS, &server->tid, 0, 0, 0) != 0 || !server->tid ||
	    *server->tid != getpid() || !find_map(&server->map) || !set_map(&server->map))
		return "the kernel does not let it";
	if (has_set_variables(&server->map))
		return "it has changed its environment";
	return NULL;
}

#define HOLES_MOST 100000

// A worker has to copy each page that it writes to. So no memory that is free lies between what is
// in use any more: what it allocates comes from behind all that. It is taken in the sizes that
// malloc keeps it in; who allocates by another way has no such memory here.
static void fill_holes(void)
{
	struct mallinfo2 now = mallinfo2();
	const char *top = (const char *)sbrk(0) - now.keepcost;
	const char *bottom = top - now.arena;
	size_t bytes = 64 << 10;

	for (int n = 0; n < HOLES_MOST && bytes > sizeof(void *) && now.fordblks > now.keepcost;
	     n++) {
		char *hole = malloc(bytes);
		if (hole && hole < top && hole >= bottom)
			continue;
		free(hole);
		bytes -= bytes > 2048 ? bytes / 4 & ~(size_t)15 : 16;
	}
}

static bool prepare(void)
{
	size_t bytes = sizeof *server + FORK_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return false;
	server = p;
	server->request = (void *)(server + 1);
	return true;
}

// A child of the server's own parent, which waits for it. Libc's fork cannot do that; what libc
// does besides is for threads, of which there are none.
static pid_t fork_beside(void)
{
	return (pid_t)syscall(SYS_clone,
			      CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
			      NULL, NULL, server->tid, NULL);
}

#else

static void fill_holes(void)
{
}

static const char *obstacle(void)
{
	return "this machine's processor is not supported";
}

static bool prepare(void)
{
	return false;
}

static bool set_map(struct prctl_mm_map *map)
{
	return false;
}

static pid_t fork_beside(void)
{
	return -1;
}

#endif

// ---- the server ----

static void report(pid_t pid, int errnum)
{
	const struct fork_report r = {pid, errnum};

	if (send(FORK_FD, &r, sizeof r, MSG_NOSIGNAL) < 0)
		leave(127);
}

// False: the runner is gone.
static bool receive(void)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof server->fds)];
	} control;
	struct iovec data = {server->request, FORK_BYTES};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof control.bytes};
	ssize_t n;
	int next = 0;

	while ((n = recvmsg(FORK_FD, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (n < (ssize_t)sizeof *server->request || m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !c)
		return false;
	const int *fds = (const int *)CMSG_DATA(c);
	for (int i = 0; i < FORK_STREAMS; i++)
		server->fds[i] = server->request->has[i] ? fds[next++] : -1;
	return true;
}

static void close_received(void)
{
	for (int i = 0; i < FORK_STREAMS; i++)
		if (server->fds[i] >= 0)
			close(server->fds[i]);
}

// ---- the worker ----

static int control = FORK_FD; // where the runner is told from

// All are moved above their places first, so that none is overwritten before its turn.
static bool place_fds(void)
{
	const int above = 2 * FORK_STREAMS;
	int fds[FORK_STREAMS];

	control = fcntl(FORK_FD, F_DUPFD_CLOEXEC, above);
	if (control < 0)
		return false;
	for (int i = 0; i < FORK_STREAMS; i++) {
		fds[i] = server->fds[i];
		if (fds[i] >= 0 && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, above)) < 0)
			return false;
	}
	close_received();
	close(FORK_FD);
	for (int i = 0; i < FORK_STREAMS; i++) {
		if (fds[i] < 0)
			continue;
		if (dup2(fds[i], i) < 0)
			return false;
		close(fds[i]);
	}
	return true;
}

static void write_pid(char *at)
{
	char digits[PID_BYTES];
	int n = 0;

	for (pid_t pid = getpid(); pid > 0; pid /= 10)
		digits[n++] = (char)('0' + pid % 10);
	while (n > 0)
		*at++ = digits[--n];
	*at = '\0';
}

// The words that stand for the file.
static const char *placeholder(void)
{
	return server->request->text;
}

static const char *file(void)
{
	return placeholder() + strlen(placeholder()) + 1;
}

// The arguments are put together behind the rest, where the kernel shows them as well.
static bool take_arguments(char *room, const char *end)
{
	struct prctl_mm_map *map = &server->map;

	map->arg_start = (uintptr_t)room;
	for (char **word = chunks_arguments(); *word; word++) {
		const char *is = strcmp(*word, placeholder()) == 0 ? file() : *word;
		size_t n = strlen(is) + 1;
		if (n > (size_t)(end - room))
			return false;
		*word = memcpy(room, is, n);
		room += n;
	}
	map->arg_end = (uintptr_t)room;
	return true;
}

static bool take_environment(char *at)
{
	struct fork_request *r = server->request;
	struct prctl_mm_map *map = &server->map;

	if (r->entries > ENTRIES_MOST)
		return false;
	map->env_start = (uintptr_t)at;
	for (uint32_t i = 0; i < r->entries; i++) {
		server->entries[i] = at;
		at += strlen(at);
		if (r->has_pid && i + 1 == r->entries)
			write_pid(at);
		at += strlen(at) + 1;
	}
	map->env_end = (uintptr_t)at;
	server->entries[r->entries] = NULL;
	environ = server->entries;
	return take_arguments(at, (const char *)r + FORK_BYTES);
}

// 0, or an errno value.
static int become(void)
{
	const struct fork_request *r = server->request;

	errno = E2BIG;
	if (setpgid(0, 0) < 0 || !place_fds())
		return errno;
	if (r->has_cpu && setrlimit(RLIMIT_CPU, &r->cpu) < 0)
		return errno;
	if (!take_environment((char *)file() + strlen(file()) + 1) || !set_map(&server->map))
		return errno;
	syscall(SYS_set_robust_list, server->robust, server->robust_bytes);
	return log_take_over() ? 0 : EIO;
}

static void print(const char *text, size_t bytes)
{
	size_t at = 0;
	ssize_t n;

	while (at < bytes &&
	       ((n = write(STDOUT_FILENO, text + at, bytes - at)) > 0 || errno == EINTR))
		at += n > 0 ? (size_t)n : 0;
}

// With the file in place of the word that stands for it.
static void print_again(void)
{
	const char *at = server->printed, *end = at + server->nprinted, *next;
	size_t length = strlen(placeholder());

	while ((next = memmem(at, (size_t)(end - at), placeholder(), length)) != NULL) {
		print(at, (size_t)(next - at));
		print(file(), strlen(file()));
		at = next + length;
	}
	print(at, (size_t)(end - at));
}

static void be_born(void)
{
	int errnum = become();
	const struct fork_report r = {getpid(), errnum};

	// Whoever is not waited for any more was given up: its file is run by another.
	if (send(control, &r, sizeof r, MSG_NOSIGNAL) < 0 || errnum)
		leave(127);
	close(control);
	print_again();
}

// Numbers of which no two workers have the same.
static void push_seeds(void *lua)
{
	uint32_t seeds[2] = {0};

	syscall(SYS_getrandom, seeds, sizeof seeds, 0);
	lua_pushnumber(lua, seeds[0]);
	lua_pushnumber(lua, seeds[1]);
}

// ---- its end ----

static allocator *usual;

static void *let_lie(void *owner, void *block, size_t before, size_t after)
{
	return after > 0 ? usual(owner, block, before, after) : NULL;
}

// A function for Lua, to be called when all else has been that a closed state calls: what is freed
// one by one from then on would be copied for that, and is freed as a whole in a moment.
EXPORT int fork_last(void *lua);
EXPORT int fork_last(void *lua)
{
	void *owner;

	usual = lua_getallocf(lua, &owner);
	lua_setallocf(lua, let_lie, owner);
	return 0;
}

// ---- for Lua ----

// A function for Lua: returns, in each worker, its file and two numbers of chance.
EXPORT int fork_worker(void *lua);
EXPORT int fork_worker(void *lua)
{
	struct fork_hello hello = {.pid = getpid()};

	fflush(NULL);
	fill_holes();
	const char *why =
		prepare() ? obstacle() : "there is no memory, or no such machine is known";
	if (why)
		strncpy(hello.obstacle, why, sizeof hello.obstacle - 1);
	if (send(FORK_FD, &hello, sizeof hello, MSG_NOSIGNAL) < 0 || why)
		leave(0);
	while (receive()) {
		pid_t pid = fork_beside();
		if (pid == 0) {
			be_born();
			lua_pushstring(lua, file());
			push_seeds(lua);
			return 3;
		}
		if (pid < 0)
			report(-1, errno);
		close_received();
	}
	leave(0);
}
