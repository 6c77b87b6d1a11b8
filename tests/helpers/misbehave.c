// SPDX-License-Identifier: MIT
/*
 * misbehave - a child that misbehaves on purpose, one way at a time.
 *
 *	misbehave MODE [ARG]...
 *
 * Signals and time
 *	hang			waits for ever, signals at their defaults
 *	ignore-term		ignores SIGINT and SIGTERM, prints `pid N`, waits for ever
 *	stop-self		raises SIGSTOP; once continued prints `continued`, exits 0
 *	eat-cpu			computes for ever
 *	crash SIGNAL		dies by SIGNAL (a number, SEGV or SIGSEGV), without a core
 *	exit CODE		exits with CODE
 * What outlives the started process (which exits 0 once FILE holds the pid of what it left)
 *	setsid-daemon FILE	a daemon in a session of its own, every fd closed
 *	setsid-daemon-ignore FILE	the same, ignoring SIGTERM, SIGINT and SIGHUP
 *	keep-stdout FILE	a child in the same group, with fd 1 open and no other
 *	keep-event FILE		the same with all of 3 and up open, and none of 0-2
 *	write-after-exit [MS]	prints `before exit`, exits; a child prints `after exit` to the
 *				same stdout MS (100) milliseconds after that, and ends
 * Output
 *	flood BYTES		exactly BYTES (10 or more) on stdout: lines of 64 bytes that start
 *				`line NUMBER `, one shorter line of dots, and last `LAST LINE`
 *	flood-both [LINES]	LINES (1000) in turn, one write each: `out 1` to stdout, `err 2` to
 *				stderr, `out 3` to stdout, ...
 * Resources
 *	eat-memory BYTES	maps and touches BYTES, prints `ate BYTES`, exits 0; where refused:
 *				`not enough memory` on stderr, exit 1
 *	fork-bomb-lite N [leave]	forks N children that wait for ever, prints `N children`,
 *				waits with them (leave: exits 0); where a fork is refused: kills
 *				them, `fork refused after K children` on stderr, exit 1
 *	tmpdir-litter		in $TMPDIR: nested folders and files, a read-only folder with a file
 *				in it, an odd name, a fifo, a symlink to / and a dangling one
 * Events
 *	write-fd FD KIND	writes to FD (a number, or a variable that holds one) and exits 0:
 *		garbage		three lines that are no JSON: words, open braces, invalid UTF-8
 *		halfline	the start of an event, and no newline
 *		long		100 MB of `x`, then a newline
 *		nul		three lines with NULs in them
 *		closed-json	JSON that is no event: members missing, types wrong, no object
 * What a child was given
 *	show-fds		`FD TARGET` a line for each open fd, by number
 *	show-env NAME...	`NAME=VALUE` a line, or `NAME unset`
 *	show-signals		`ignored NAME` and `blocked NAME` a line, by number; else nothing
 *
 * BYTES may end in K, M or G (of 1024). Files with a pid are renamed into place, so that they are
 * whole when they are there. Whatever runs here, stopped and deaf to signals or not, is killed by
 * a timer of its own after 120 seconds. Exit status 1: an error of the system; 2: wrong usage.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LIFE_SECONDS = 120,
	FDS_MAX = 4096,
	LINE_BYTES = 64,
	LONG_LINE_BYTES = 100 * 1000 * 1000,
};

static const char LAST_LINE[] = "LAST LINE\n";

/* --- dying, waiting, forking ------------------------------------------------------------- */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "misbehave: %s: %s\n", what, strerror(errno));
	exit(1);
}

static _Noreturn void die_usage(const char *what, const char *arg)
{
	fprintf(stderr, "misbehave: %s: %s\n", what, arg);
	exit(2);
}

/* SIGKILL by timer: it reaches a process that is stopped or ignores all it can. */
static void live_no_longer_than(int seconds)
{
	struct sigevent by_kill = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	struct itimerspec once = {.it_value = {.tv_sec = seconds}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &by_kill, &timer) < 0 ||
	    timer_settime(timer, 0, &once, NULL) < 0)
		die("timer");
}

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void sleep_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* fork, where the child too gets its 120 seconds: timers are not inherited. */
static pid_t fork_mortal(void)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		live_no_longer_than(LIFE_SECONDS);
	return pid;
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork_mortal();

	if (pid < 0)
		die("fork");
	return pid;
}

/* --- arguments --------------------------------------------------------------------------- */

static long long number(const char *text, long long min, long long max)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno || n < min || n > max)
		die_usage("bad number", text);
	return n;
}

static long long bytes(const char *text, long long min)
{
	static const char units[] = "KMG";
	char digits[32];
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	long long n;

	if (unit)
		len--;
	if (len >= sizeof(digits))
		die_usage("bad number", text);
	memcpy(digits, text, len);
	digits[len] = '\0';
	n = number(digits, 0, LLONG_MAX >> shift) << shift;
	if (n < min)
		die_usage("too few bytes", text);
	return n;
}

struct signal_name {
	int number;
	const char *name;
};

static const struct signal_name signal_names[] = {
	{SIGHUP, "HUP"},   {SIGINT, "INT"},       {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
	{SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"},     {SIGBUS, "BUS"},   {SIGFPE, "FPE"},
	{SIGKILL, "KILL"}, {SIGUSR1, "USR1"},     {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},
	{SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},     {SIGTERM, "TERM"}, {SIGCHLD, "CHLD"},
	{SIGCONT, "CONT"}, {SIGSTOP, "STOP"},     {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},
	{SIGTTOU, "TTOU"}, {SIGURG, "URG"},       {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"},
	{SIGPROF, "PROF"}, {SIGWINCH, "WINCH"},   {SIGIO, "IO"},     {SIGSYS, "SYS"},
	{SIGPWR, "PWR"},   {SIGVTALRM, "VTALRM"},
};

enum { SIGNAL_NAMES = sizeof(signal_names) / sizeof(*signal_names) };

static int signal_number(const char *text)
{
	const char *name = strncmp(text, "SIG", 3) ? text : text + 3;

	for (size_t i = 0; i < SIGNAL_NAMES; i++)
		if (!strcmp(signal_names[i].name, name))
			return signal_names[i].number;
	return (int)number(text, 1, SIGRTMAX);
}

/* "INT", or the number for one without a name here. */
static const char *signal_text(int signo, char buf[static 16])
{
	for (size_t i = 0; i < SIGNAL_NAMES; i++)
		if (signal_names[i].number == signo)
			return signal_names[i].name;
	snprintf(buf, 16, "%d", signo);
	return buf;
}

/* --- file descriptors -------------------------------------------------------------------- */

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* The open fds by number, without the one that the listing itself takes. */
static size_t list_fds(int fds[static FDS_MAX])
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t n = 0;

	if (!dir)
		die("/proc/self/fd");
	while (n < FDS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
			fds[n++] = atoi(entry->d_name);
	closedir(dir);
	qsort(fds, n, sizeof(*fds), compare_ints);
	return n;
}

/* Closes every fd that is neither in FIRST..LAST nor KEEP. */
static void close_all_but(int first, int last, int keep)
{
	int fds[FDS_MAX];
	size_t n = list_fds(fds);

	for (size_t i = 0; i < n; i++)
		if ((fds[i] < first || fds[i] > last) && fds[i] != keep)
			close(fds[i]);
}

static void write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("write");
		at += n;
		len -= (size_t)n;
	}
}

/* Writes our pid to FILE by way of FILE.tmp. */
static void write_pid(const char *file)
{
	char tmp[PATH_MAX];
	FILE *out;

	snprintf(tmp, sizeof(tmp), "%s.tmp", file);
	out = fopen(tmp, "w");
	if (!out || fprintf(out, "%d\n", (int)getpid()) < 0 || fclose(out) || rename(tmp, file) < 0)
		die(file);
}

/* Waits for the end of the pipe, so for the last process that holds its write end. */
static bool read_to_end(int fd)
{
	bool any = false;
	ssize_t n;
	char c;

	while ((n = read(fd, &c, 1)) != 0)
		any |= n == 1;
	return any;
}

/* --- signals and time -------------------------------------------------------------------- */

static int mode_hang(char **args)
{
	(void)args;
	wait_for_ever();
}

static int mode_ignore_term(char **args)
{
	(void)args;
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	printf("pid %d\n", (int)getpid());
	fflush(stdout);
	wait_for_ever();
}

static int mode_stop_self(char **args)
{
	(void)args;
	raise(SIGSTOP);
	puts("continued");
	return 0;
}

static int mode_eat_cpu(char **args)
{
	(void)args;
	for (volatile unsigned n = 1; n; n |= 1)
		;
	return 0;
}

static int mode_crash(char **args)
{
	int signo = signal_number(args[0]);
	struct rlimit no_core = {0};
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
	die_usage("survived", args[0]);
}

static int mode_exit(char **args)
{
	return (int)number(args[0], 0, 255);
}

/* --- what outlives the started process --------------------------------------------------- */

/* Runs LEFT(FILE) in a child, and returns when that has written FILE and closed READY. */
static int leave_behind(const char *file, void (*left)(const char *file, int ready))
{
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	if (fork_or_die() == 0) {
		close(ready[0]);
		left(file, ready[1]);
		wait_for_ever();
	}
	close(ready[1]);
	if (read_to_end(ready[0]))
		return 0;
	fprintf(stderr, "misbehave: nothing was left behind: cannot write %s\n", file);
	return 1;
}

/* What every left process does last: FILE holds its pid, and the started process may exit. */
static void announce(const char *file, int ready)
{
	write_pid(file);
	write_all(ready, "", 1);
	close(ready);
}

static void become_daemon(const char *file, int ready)
{
	if (setsid() < 0)
		die("setsid");
	if (fork_or_die() > 0)
		_exit(0);
	close_all_but(-1, -1, ready);
	announce(file, ready);
}

static void become_deaf_daemon(const char *file, int ready)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	become_daemon(file, ready);
}

static void become_keeper_of_stdout(const char *file, int ready)
{
	close_all_but(STDOUT_FILENO, STDOUT_FILENO, ready);
	announce(file, ready);
}

static void become_keeper_of_events(const char *file, int ready)
{
	close_all_but(STDERR_FILENO + 1, INT_MAX, ready);
	announce(file, ready);
}

static int mode_setsid_daemon(char **args)
{
	return leave_behind(args[0], become_daemon);
}

static int mode_setsid_daemon_ignore(char **args)
{
	return leave_behind(args[0], become_deaf_daemon);
}

static int mode_keep_stdout(char **args)
{
	return leave_behind(args[0], become_keeper_of_stdout);
}

static int mode_keep_event(char **args)
{
	return leave_behind(args[0], become_keeper_of_events);
}

static int mode_write_after_exit(char **args)
{
	long ms = args[0] ? (long)number(args[0], 0, LIFE_SECONDS * 1000) : 100;
	int life[2];

	if (pipe2(life, O_CLOEXEC) < 0)
		die("pipe");
	puts("before exit");
	if (fork_or_die() > 0)
		return 0;
	close(life[1]);
	read_to_end(life[0]);
	sleep_ms(ms);
	puts("after exit");
	return 0;
}

/* --- output ------------------------------------------------------------------------------ */

/* LINE_NUMBER 0: the line of dots alone. */
static void flood_line(long long line_number, size_t len)
{
	char line[LINE_BYTES + 1];
	int head = 0;

	if (line_number)
		head = snprintf(line, sizeof(line), "line %lld ", line_number);
	memset(line + head, '.', len - (size_t)head);
	line[len - 1] = '\n';
	if (fwrite(line, 1, len, stdout) != len)
		die("stdout");
}

static int mode_flood(char **args)
{
	long long left = bytes(args[0], sizeof(LAST_LINE) - 1) - (long long)sizeof(LAST_LINE) + 1;

	for (long long n = 1; left >= LINE_BYTES; n++, left -= LINE_BYTES)
		flood_line(n, LINE_BYTES);
	if (left > 0)
		flood_line(0, (size_t)left);
	if (fputs(LAST_LINE, stdout) < 0 || fflush(stdout))
		die("stdout");
	return 0;
}

static int mode_flood_both(char **args)
{
	long long lines = args[0] ? number(args[0], 1, LLONG_MAX) : 1000;
	char line[32];

	for (long long n = 1; n <= lines; n++) {
		int fd = n % 2 ? STDOUT_FILENO : STDERR_FILENO;
		int len = snprintf(line, sizeof(line), "%s %lld\n", n % 2 ? "out" : "err", n);

		write_all(fd, line, (size_t)len);
	}
	return 0;
}

/* --- resources --------------------------------------------------------------------------- */

static int mode_eat_memory(char **args)
{
	const long long step = 1 << 20;
	long long total = bytes(args[0], 1);

	for (long long left = total; left > 0; left -= step) {
		size_t size = (size_t)(left < step ? left : step);
		void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (p == MAP_FAILED) {
			fputs("not enough memory\n", stderr);
			return 1;
		}
		memset(p, 'x', size);
	}
	printf("ate %lld\n", total);
	return 0;
}

static int fork_refused(pid_t *children, int count)
{
	fprintf(stderr, "fork refused after %d children\n", count);
	while (count-- > 0) {
		kill(children[count], SIGKILL);
		waitpid(children[count], NULL, 0);
	}
	free(children);
	return 1;
}

static int mode_fork_bomb_lite(char **args)
{
	int count = (int)number(args[0], 0, 100000);
	pid_t *children = calloc((size_t)count + 1, sizeof(*children));

	if (!children)
		die("children");
	if (args[1] && strcmp(args[1], "leave"))
		die_usage("neither nothing nor `leave`", args[1]);
	for (int i = 0; i < count; i++) {
		children[i] = fork_mortal();
		if (children[i] < 0)
			return fork_refused(children, i);
		if (children[i] == 0)
			wait_for_ever();
	}
	free(children);
	printf("%d children\n", count);
	fflush(stdout);
	if (args[1])
		return 0;
	wait_for_ever();
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0777) < 0)
		die(path);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		die(path);
	write_all(fd, "litter\n", 7);
	close(fd);
}

static int mode_tmpdir_litter(char **args)
{
	const char *tmpdir = getenv("TMPDIR");

	(void)args;
	if (!tmpdir)
		die_usage("not set", "TMPDIR");
	if (chdir(tmpdir) < 0)
		die(tmpdir);
	make_dir("nested");
	make_dir("nested/deeper");
	make_dir("nested/deeper/deepest");
	make_file("nested/file");
	make_file("nested/deeper/deepest/file");
	make_dir("readonly");
	make_file("readonly/file");
	make_file("-odd\nname ");
	if (chmod("readonly", 0555) < 0 || mkfifo("fifo", 0666) < 0 || symlink("/", "root") < 0 ||
	    symlink("nowhere", "dangling") < 0)
		die(tmpdir);
	return 0;
}

/* --- events ------------------------------------------------------------------------------ */

static void write_long_line(int fd)
{
	enum { CHUNK = 100 * 1000 };
	char chunk[CHUNK];

	memset(chunk, 'x', CHUNK);
	for (int n = 0; n < LONG_LINE_BYTES / CHUNK; n++)
		write_all(fd, chunk, CHUNK);
	write_all(fd, "\n", 1);
}

struct event_text {
	const char *kind;
	const char *text;
	size_t len;
};

#define TEXT(kind, text)                                                                           \
	{                                                                                          \
		kind, text, sizeof(text) - 1                                                       \
	}

static const struct event_text event_texts[] = {
	TEXT("garbage", "this is no event\n{{{[\"\n\xff\xfe\x80 \xc3(\n"),
	TEXT("halfline", "{\"ev\":\"te"),
	TEXT("nul", "\0\n{\"ev\":\"te\0st\"}\n\0\0{\"ev\":\"end\"}\0\n"),
	TEXT("closed-json",
	     "{\"ev\":\"test\"}\n"
	     "{\"ev\":\"test\",\"path\":7,\"name\":[],\"status\":{},\"line\":\"x\",\"message\":"
	     "false}\n"
	     "{\"ev\":\"test\",\"path\":[1,null,{}],\"name\":null,\"status\":\"splendid\"}\n"
	     "{\"ev\":\"test\",\"path\":[\"a\"],\"name\":\"a\",\"status\":\"pass\",\"line\":-1e400}"
	     "\n"
	     "{\"ev\":\"start\",\"path\":{\"a\":1},\"name\":true}\n"
	     "{\"ev\":\"end\",\"code\":\"zero\",\"how\":3}\n"
	     "{\"ev\":\"no-such-event\"}\n"
	     "{\"ev\":5}\n"
	     "{\"ev\":null}\n"
	     "{}\n"
	     "[]\n"
	     "null\n"
	     "\"test\"\n"
	     "3\n"
	     "{\"ev\":\"test\"} trailing\n"
	     "\n"),
};

static int fd_number(const char *text)
{
	const char *value = *text >= '0' && *text <= '9' ? text : getenv(text);

	if (!value)
		die_usage("neither a number nor a variable that is set", text);
	return (int)number(value, 0, INT_MAX);
}

static int mode_write_fd(char **args)
{
	int fd = fd_number(args[0]);
	const char *kind = args[1];

	if (!strcmp(kind, "long")) {
		write_long_line(fd);
		return 0;
	}
	for (size_t i = 0; i < sizeof(event_texts) / sizeof(*event_texts); i++)
		if (!strcmp(event_texts[i].kind, kind)) {
			write_all(fd, event_texts[i].text, event_texts[i].len);
			return 0;
		}
	die_usage("no such kind of text", kind);
}

/* --- what a child was given -------------------------------------------------------------- */

static int mode_show_fds(char **args)
{
	int fds[FDS_MAX];
	size_t n = list_fds(fds);

	(void)args;
	for (size_t i = 0; i < n; i++) {
		char link[64], target[PATH_MAX];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fds[i]);
		len = readlink(link, target, sizeof(target));
		printf("%d %.*s\n", fds[i], len < 0 ? 0 : (int)len, target);
	}
	return 0;
}

static int mode_show_env(char **names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value)
			printf("%s=%s\n", *names, value);
		else
			printf("%s unset\n", *names);
	}
	return 0;
}

static int mode_show_signals(char **args)
{
	sigset_t blocked;
	char buf[16];

	(void)args;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		struct sigaction action;

		if (sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf("ignored %s\n", signal_text(signo, buf));
		if (sigismember(&blocked, signo) == 1)
			printf("blocked %s\n", signal_text(signo, buf));
	}
	return 0;
}

/* --- main -------------------------------------------------------------------------------- */

/* RUN returns the exit status; its arguments end in NULL. */
struct mode {
	const char *name;
	int min_args, max_args;
	const char *args;
	int (*run)(char **args);
};

static const struct mode modes[] = {
	{"hang", 0, 0, "", mode_hang},
	{"ignore-term", 0, 0, "", mode_ignore_term},
	{"stop-self", 0, 0, "", mode_stop_self},
	{"eat-cpu", 0, 0, "", mode_eat_cpu},
	{"crash", 1, 1, " SIGNAL", mode_crash},
	{"exit", 1, 1, " CODE", mode_exit},
	{"setsid-daemon", 1, 1, " FILE", mode_setsid_daemon},
	{"setsid-daemon-ignore", 1, 1, " FILE", mode_setsid_daemon_ignore},
	{"keep-stdout", 1, 1, " FILE", mode_keep_stdout},
	{"keep-event", 1, 1, " FILE", mode_keep_event},
	{"write-after-exit", 0, 1, " [MS]", mode_write_after_exit},
	{"flood", 1, 1, " BYTES", mode_flood},
	{"flood-both", 0, 1, " [LINES]", mode_flood_both},
	{"eat-memory", 1, 1, " BYTES", mode_eat_memory},
	{"fork-bomb-lite", 1, 2, " N [leave]", mode_fork_bomb_lite},
	{"tmpdir-litter", 0, 0, "", mode_tmpdir_litter},
	{"write-fd", 2, 2, " FD garbage|halfline|long|nul|closed-json", mode_write_fd},
	{"show-fds", 0, 0, "", mode_show_fds},
	{"show-env", 1, INT_MAX, " NAME...", mode_show_env},
	{"show-signals", 0, 0, "", mode_show_signals},
};

enum { MODES = sizeof(modes) / sizeof(*modes) };

static int usage(void)
{
	for (size_t i = 0; i < MODES; i++)
		fprintf(stderr, "%s misbehave %s%s\n", i ? "      " : "usage:", modes[i].name,
			modes[i].args);
	return 2;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < MODES; i++) {
		const struct mode *mode = &modes[i];

		if (strcmp(mode->name, argv[1]))
			continue;
		if (argc - 2 < mode->min_args || argc - 2 > mode->max_args)
			return usage();
		live_no_longer_than(LIFE_SECONDS);
		return mode->run(argv + 2);
	}
	return usage();
}
