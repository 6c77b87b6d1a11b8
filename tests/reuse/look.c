// SPDX-License-Identifier: MIT
/*
 * look - a program that looks at things, for the prover of reuse: linked dynamically it is one kind
 *of child, linked statically another.
 *
 *	look QUESTION NAME	prints the answer of questions[]; exits 1 where there is none
 *	look at FOLDER QUESTION NAME	the same by openat and its like, below the folder
 *	look in FOLDER QUESTION NAME	the same after an fchdir to the folder
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

extern char **environ;

static int base_fd = AT_FDCWD; // names are below this folder

static int no_answer(void)
{
	puts("none");
	return 1;
}

static int say(bool yes)
{
	puts(yes ? "yes" : "no");
	return 0;
}

static int print_all(int fd)
{
	char text[256];
	ssize_t n;

	if (fd < 0)
		return no_answer();
	while ((n = read(fd, text, sizeof text)) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}

// ---- files, by the functions of the C library ----

static int tell_content(const char *name)
{
	return print_all(openat(base_fd, name, O_RDONLY));
}

static int tell_content_by_mapping(const char *name)
{
	struct stat st;
	int fd = openat(base_fd, name, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return no_answer();
	char *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return no_answer();
	fwrite(text, 1, (size_t)st.st_size, stdout);
	return 0;
}

static int tell_existence(const char *name)
{
	return say(faccessat(base_fd, name, F_OK, 0) == 0);
}

static const char *type_of(mode_t mode)
{
	return S_ISREG(mode)    ? "file"
	       : S_ISDIR(mode)  ? "dir"
	       : S_ISFIFO(mode) ? "fifo"
	       : S_ISSOCK(mode) ? "socket"
				: "other";
}

static int tell_type(const char *name)
{
	struct stat st;

	puts(fstatat(base_fd, name, &st, 0) == 0 ? type_of(st.st_mode) : "none");
	return 0;
}

static int tell_linkness(const char *name)
{
	struct stat st;

	return say(fstatat(base_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
}

static int tell_mode(const char *name)
{
	struct stat st;

	if (fstatat(base_fd, name, &st, 0) < 0)
		return no_answer();
	printf("%o\n", (unsigned)(st.st_mode & 07777));
	return 0;
}

static int tell_size(const char *name)
{
	struct stat st;

	if (fstatat(base_fd, name, &st, 0) < 0)
		return no_answer();
	printf("%lld\n", (long long)st.st_size);
	return 0;
}

static int tell_time(const char *name)
{
	struct stat st;

	if (fstatat(base_fd, name, &st, 0) < 0)
		return no_answer();
	printf("%lld\n", (long long)st.st_mtime);
	return 0;
}

static int tell_permission(const char *name)
{
	return say(faccessat(base_fd, name, X_OK, 0) == 0);
}

static int tell_target(const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(base_fd, name, target, sizeof target);

	if (n < 0)
		return no_answer();
	printf("%.*s\n", (int)n, target);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int tell_entries_of(const char *name, bool folders_only)
{
	char *names[64];
	size_t n = 0;
	int fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return no_answer();
	for (struct dirent *e; n < 64 && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && (!folders_only || e->d_type == DT_DIR))
			names[n++] = strdup(e->d_name);
	qsort(names, n, sizeof *names, compare_names);
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", names[i]);
	puts("");
	return 0;
}

static int tell_entries(const char *name)
{
	return tell_entries_of(name, false);
}

static int tell_folders(const char *name)
{
	return tell_entries_of(name, true);
}

// ---- files, past the usual functions ----

static int tell_content_by_syscall(const char *name)
{
	return print_all((int)syscall(SYS_openat, base_fd, name, O_RDONLY, 0));
}

static int tell_existence_by_syscall(const char *name)
{
	return say(syscall(SYS_faccessat, base_fd, name, F_OK) == 0);
}

static int tell_type_by_syscall(const char *name)
{
	struct statx st;
	long code = syscall(SYS_statx, base_fd, name, 0, STATX_TYPE, &st);

	puts(code == 0 ? type_of(st.stx_mode) : "none");
	return 0;
}

#ifdef PAST_LIBRARIES
// No library is asked: the instruction is in the program itself, and so all that the program says
// is doubted.
static int tell_content_by_instruction(const char *name)
{
#ifdef __x86_64__
	long fd;
	register long mode __asm__("r10") = 0;

	__asm__ volatile("syscall"
			 : "=a"(fd)
			 : "a"((long)SYS_openat), "D"((long)base_fd), "S"(name),
			   "d"((long)O_RDONLY), "r"(mode)
			 : "rcx", "r11", "memory");
	return print_all(fd < 0 ? -1 : (int)fd);
#else
	return tell_content_by_syscall(name);
#endif
}
#endif

// The file is opened by posix_spawn, for a child.
static int tell_content_by_spawn(const char *name)
{
	posix_spawn_file_actions_t actions;
	char cat[] = "cat";
	char *const words[] = {cat, NULL};
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, name, O_RDONLY, 0);
	if (posix_spawnp(&pid, "cat", &actions, NULL, words, environ) != 0)
		return no_answer();
	waitpid(pid, NULL, 0);
	return 0;
}

static int tell_shared_memory(const char *name)
{
	return print_all(shm_open(name, O_RDONLY, 0));
}

// The name is a file of time zones: prints the name of the zone that it stands for.
static int tell_zone(const char *name)
{
	char *zone = NULL;
	time_t then = 0;

	if (asprintf(&zone, ":%s", name) < 0)
		return no_answer();
	setenv("TZ", zone, 1);
	puts(localtime(&then)->tm_zone);
	return 0;
}

// ---- making things ----

// Makes what must not be there, and removes it again.
static int tell_absence(const char *name)
{
	int fd = openat(base_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd >= 0)
		unlinkat(base_fd, name, 0);
	return say(fd >= 0);
}

static int tell_absence_by_folder(const char *name)
{
	bool made = mkdirat(base_fd, name, 0755) == 0;

	if (made)
		unlinkat(base_fd, name, AT_REMOVEDIR);
	return say(made);
}

static int tell_absence_by_link(const char *name)
{
	bool made = symlinkat("nowhere", base_fd, name) == 0;

	if (made)
		unlinkat(base_fd, name, 0);
	return say(made);
}

static int tell_absence_by_fifo(const char *name)
{
	bool made = mkfifoat(base_fd, name, 0644) == 0;

	if (made)
		unlinkat(base_fd, name, 0);
	return say(made);
}

// ---- the process ----

static int tell_variable(const char *name)
{
	const char *value = getenv(name);

	puts(value ? value : "");
	return 0;
}

static int tell_variable_by_walking(const char *name)
{
	size_t n = strlen(name);

	for (char **e = environ; *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			puts(*e + n + 1);
	return 0;
}

static int tell_variable_by_words(const char *name)
{
	char text[256];
	wordexp_t words;

	snprintf(text, sizeof text, "x${%s}", name);
	if (wordexp(text, &words, WRDE_NOCMD) != 0 || words.we_wordc != 1)
		return no_answer();
	puts(words.we_wordv[0] + 1);
	return 0;
}

static int tell_limit(const char *unused)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	printf("%llu\n", (unsigned long long)limit.rlim_cur);
	return 0;
}

static int tell_mask(const char *unused)
{
	printf("%03o\n", (unsigned)umask(0));
	return 0;
}

static int tell_cpus(const char *unused)
{
	cpu_set_t set;

	printf("%d\n", sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0);
	return 0;
}

static int tell_niceness(const char *unused)
{
	printf("%d\n", getpriority(PRIO_PROCESS, 0));
	return 0;
}

static int tell_folder(const char *unused)
{
	char name[4096];

	puts(getcwd(name, sizeof name) ? name : "none");
	return 0;
}

// What fresh memory holds, which GLIBC_TUNABLES sets.
static int tell_memory(const char *unused)
{
	void *(*volatile allocate)(size_t) = malloc;
	const volatile unsigned char *memory = allocate(100);

	printf("%d\n", memory ? memory[50] : -1);
	return 0;
}

static const struct question {
	const char *word;
	int (*tell)(const char *name);
} questions[] = {
	{"content", tell_content},
	{"content-mmap", tell_content_by_mapping},
	{"content-syscall", tell_content_by_syscall},
#ifdef PAST_LIBRARIES
	{"content-instruction", tell_content_by_instruction},
#endif
	{"content-spawn", tell_content_by_spawn},
	{"content-shm", tell_shared_memory},
	{"zone", tell_zone},
	{"exists", tell_existence},
	{"exists-syscall", tell_existence_by_syscall},
	{"type", tell_type},
	{"type-syscall", tell_type_by_syscall},
	{"link", tell_linkness},
	{"mode", tell_mode},
	{"size", tell_size},
	{"time", tell_time},
	{"exec", tell_permission},
	{"target", tell_target},
	{"list", tell_entries},
	{"folders", tell_folders},
	{"absent-excl", tell_absence},
	{"absent-mkdir", tell_absence_by_folder},
	{"absent-symlink", tell_absence_by_link},
	{"absent-mkfifo", tell_absence_by_fifo},
	{"variable", tell_variable},
	{"variable-walk", tell_variable_by_walking},
	{"variable-words", tell_variable_by_words},
	{"nofile", tell_limit},
	{"umask", tell_mask},
	{"cpus", tell_cpus},
	{"nice", tell_niceness},
	{"folder", tell_folder},
	{"memory", tell_memory},
};

static int answer(const char *word, const char *name)
{
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		if (strcmp(questions[i].word, word) == 0)
			return questions[i].tell(name);
	fprintf(stderr, "look: no such question: %s\n", word);
	return 2;
}

static int open_folder(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY);

	if (fd < 0) {
		fprintf(stderr, "look: %s: %s\n", name, strerror(errno));
		exit(2);
	}
	return fd;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "at") == 0) {
		base_fd = open_folder(argv[2]);
		return answer(argv[3], argv[4]);
	}
	if (argc == 5 && strcmp(argv[1], "in") == 0) {
		int fd = open_folder(argv[2]);
		return fchdir(fd) < 0 ? 2 : answer(argv[3], argv[4]);
	}
	if (argc != 3) {
		fputs("usage: look [at FOLDER | in FOLDER] QUESTION NAME\n", stderr);
		return 2;
	}
	return answer(argv[1], argv[2]);
}
