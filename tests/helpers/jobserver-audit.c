// SPDX-License-Identifier: MIT
/*
 * jobserver-audit - run a command under a jobserver of the tests' own, then audit what it did.
 *
 *	jobserver-audit [OPTION]... [--] COMMAND [ARG]...
 *
 * The server
 *	--style=pipe|fifo	what make 4.3 (the default) or 4.4 offers: two fds of a pipe, the
 *				reading one O_NONBLOCK, or a fifo DIR/GMfifoPID
 *	--blocking		the reading end of the pipe without O_NONBLOCK
 *	--tokens=N		N distinct bytes are in it (3; at most 4096, alike again after 256)
 *	--same-bytes		every token is a `+`, as make's own are: for a COMMAND that is or
 *				runs make, which gives back a `+` for whatever it took
 *	--fill-later=N@MS	N more MS milliseconds after the start; may be repeated. None is put
 *				in after the end of COMMAND, nor asked for
 *	--dir=DIR		for the fifo or file ($TMPDIR, else /tmp); may hold blanks, may be
 *				relative: the path is given as DIR is
 * The environment of COMMAND: MAKELEVEL=1, and MFLAGS and MAKEFLAGS as make writes them:
 * ` -jJ --jobserver-auth=R,W` or `fifo:PATH`, blanks and backslashes in PATH escaped by a
 * backslash, J being one more than all tokens.
 *	--makeflags-prefix=WORDS	in front of that, as in `kn -j4 --jobserver-auth=3,4`
 *	--makeflags=TEMPLATE	MAKEFLAGS is this, with `R,W` or `fifo:PATH` for each `{}`; no
 *MFLAGS
 *	--raw-makeflags=TEXT	MAKEFLAGS exactly so, no MFLAGS, no jobserver
 * Something wrong is offered, the rest as ever (*: with --style=fifo too)
 *	--sabotage=closed *	fds that COMMAND finds closed; a fifo that no server has open
 *	--sabotage=file *	R and W on a regular file that holds the tokens; its path
 *	--sabotage=unrelated	R of one pipe, W of another, both with tokens in them
 *	--sabotage=swapped	R is the writing end, W the reading one
 *	--sabotage=readonly	W is a second reading end
 *	--sabotage=negative	`-2,-2`
 * The audit, when COMMAND has ended
 *	--settle=MS		give others so long to bring tokens back (0): a watchdog, a daemon
 *	--no-holders		nobody else may have the writing end open by then
 *
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT sent by a process are passed on to COMMAND, so send them to
 * this program alone and not to its group.
 *
 * Output on stderr: `audit: ok N tokens` (those put in), or a line for each of
 *	audit: LOST XX...		bytes, in hex, that are not there any more
 *	audit: FOREIGN XX...		bytes that were not put in, or are there once too often
 *	audit: FLAGS changed on NAME: OLD -> NEW	any flag of R or W; O_NONBLOCK of stdin,
 *stdout or stderr (O_APPEND is not asked for: make itself sets it) audit: TOUCHED NAME
 *sabotage: NAME (R, W, pipe, file) was read from or written to audit: HELD
 *--no-holders: the writing end is still open somewhere Under sabotage the contents must be the same
 *in the same order. Exit status: that of COMMAND, 128+N when it died by signal N, 127 when it
 *cannot be run; 99 when the audit failed; 98 when there was no way to begin; 2 for wrong usage.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TOKENS_MAX = 4096,
	REFILLS_MAX = 16,
	EXIT_USAGE = 2,
	EXIT_SETUP = 98,
	EXIT_AUDIT = 99,
};

struct refill {
	int count;
	long after_ms;
	bool done;
};

struct options {
	bool fifo;
	bool blocking;
	bool same_bytes;
	bool no_holders;
	int tokens;
	long settle_ms;
	const char *dir;
	const char *prefix;
	const char *template;
	const char *raw;
	const char *sabotage;
	struct refill refills[REFILLS_MAX];
	int refill_count;
	char **command;
};

/* A pipe, fifo or file with bytes in it, and the bytes that are to be in it at the end. */
struct store {
	const char *name;
	int read_fd;
	int write_fd;
	unsigned char want[TOKENS_MAX];
	int want_count;
};

/* An fd whose description COMMAND gets, so whose flags (and offset, in a file) must stay. */
struct shared {
	const char *name;
	int fd;
	int mask; /* which flags */
	int flags;
	off_t offset;
};

struct server {
	struct store stores[2];
	int store_count;
	struct shared shared[5];
	int shared_count;
	int give[2]; /* what COMMAND inherits, as R and W; -1: none */
	char auth[2 * PATH_MAX];
	char path[PATH_MAX]; /* of the fifo or file, "" for none */
	int inotify_fd;      /* on the file of a sabotage, -1 for none */
	bool exact;          /* contents in the same order, too */
	bool same_bytes;
	int tokens_put;
};

/* --- small things ------------------------------------------------------------------------ */

static _Noreturn void die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("jobserver-audit: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static _Noreturn void die_errno(const char *what)
{
	die(EXIT_SETUP, "%s: %s", what, strerror(errno));
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_1ms(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Another description of FD, so that nothing that is done to it shows on FD's own. */
static int reopen(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	if (again < 0)
		die_errno(path);
	return again;
}

/* --- tokens and stores ------------------------------------------------------------------- */

/* Token I: distinct for 256 of them, the first ones easy to read. */
static unsigned char token_byte(const struct server *s, int i)
{
	return (unsigned char)(s->same_bytes ? '+' : 'A' + i);
}

static void store_fill(struct server *s, struct store *store, int count)
{
	for (int i = 0; i < count; i++) {
		unsigned char byte = token_byte(s, s->tokens_put);

		if (write(store->write_fd, &byte, 1) != 1)
			die_errno("cannot put in a token");
		store->want[store->want_count++] = byte;
		s->tokens_put++;
	}
}

static struct store *add_store(struct server *s, const char *name, int read_fd, int write_fd)
{
	struct store *store = &s->stores[s->store_count++];

	store->name = name;
	store->read_fd = read_fd;
	store->write_fd = write_fd;
	return store;
}

static void add_shared(struct server *s, const char *name, int fd, int mask)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		s->shared[s->shared_count++] =
			(struct shared){name, fd, mask, flags & mask, lseek(fd, 0, SEEK_CUR)};
}

/* COMMAND inherits R_FD and W_FD, and is told so. */
static void offer_fds(struct server *s, int r_fd, int w_fd)
{
	s->give[0] = r_fd;
	s->give[1] = w_fd;
	add_shared(s, "R", r_fd, ~0);
	add_shared(s, "W", w_fd, ~0);
	snprintf(s->auth, sizeof(s->auth), "%d,%d", r_fd, w_fd);
}

static void make_pipe(int fds[2], bool blocking)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		die_errno("pipe");
	if (!blocking && fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		die_errno("O_NONBLOCK");
}

static struct store *add_pipe_store(struct server *s, const char *name, const struct options *o)
{
	int fds[2];
	struct store *store;

	make_pipe(fds, o->blocking);
	store = add_store(s, name, fds[0], fds[1]);
	store_fill(s, store, o->tokens);
	return store;
}

/* --- what can be offered ----------------------------------------------------------------- */

static void set_path(struct server *s, const struct options *o)
{
	char *at = s->auth + sprintf(s->auth, "fifo:");
	int len = snprintf(s->path, sizeof(s->path), "%s/GMfifo%d", o->dir, (int)getpid());

	if (len < 0 || (size_t)len >= sizeof(s->path))
		die(EXIT_USAGE, "--dir: too long");
	for (const char *p = s->path; *p; *at++ = *p++)
		if (strchr(" \t\\", *p))
			*at++ = '\\';
	*at = '\0';
}

static void make_fifo(struct server *s, const struct options *o)
{
	set_path(s, o);
	if (mkfifo(s->path, 0600) < 0)
		die_errno(s->path);
}

static void offer_pipe(struct server *s, const struct options *o)
{
	struct store *store = add_pipe_store(s, "pipe", o);

	offer_fds(s, store->read_fd, store->write_fd);
}

static void offer_fifo(struct server *s, const struct options *o)
{
	int read_fd, write_fd;

	make_fifo(s, o);
	read_fd = open(s->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	write_fd = open(s->path, O_WRONLY | O_CLOEXEC);
	if (read_fd < 0 || write_fd < 0)
		die_errno(s->path);
	store_fill(s, add_store(s, "fifo", read_fd, write_fd), o->tokens);
}

static void offer_closed(struct server *s, const struct options *o)
{
	struct store *store = add_pipe_store(s, "pipe", o);

	offer_fds(s, store->read_fd, store->write_fd);
	s->give[0] = s->give[1] = -1;
}

static void offer_dead_fifo(struct server *s, const struct options *o)
{
	make_fifo(s, o);
}

/* The file of both styles; what is done to it is seen however it was opened. */
static void make_file(struct server *s, const struct options *o)
{
	int write_fd, read_fd;

	set_path(s, o);
	write_fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (write_fd < 0)
		die_errno(s->path);
	read_fd = reopen(write_fd, O_RDONLY);
	store_fill(s, add_store(s, "file", read_fd, write_fd), o->tokens);
	s->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->inotify_fd < 0 ||
	    inotify_add_watch(s->inotify_fd, s->path, IN_ACCESS | IN_MODIFY) < 0)
		die_errno("inotify");
}

static void offer_file(struct server *s, const struct options *o)
{
	make_file(s, o);
	offer_fds(s, reopen(s->stores[0].read_fd, O_RDONLY), s->stores[0].write_fd);
}

static void offer_file_path(struct server *s, const struct options *o)
{
	make_file(s, o);
}

static void offer_unrelated(struct server *s, const struct options *o)
{
	struct store *r = add_pipe_store(s, "R", o);
	struct store *w = add_pipe_store(s, "W", o);

	offer_fds(s, r->read_fd, w->write_fd);
}

static void offer_swapped(struct server *s, const struct options *o)
{
	struct store *store = add_pipe_store(s, "pipe", o);

	offer_fds(s, store->write_fd, store->read_fd);
}

static void offer_readonly(struct server *s, const struct options *o)
{
	struct store *store = add_pipe_store(s, "pipe", o);

	offer_fds(s, store->read_fd, reopen(store->read_fd, O_RDONLY | O_NONBLOCK));
}

static void offer_negative(struct server *s, const struct options *o)
{
	(void)o;
	strcpy(s->auth, "-2,-2");
}

static void offer_nothing(struct server *s, const struct options *o)
{
	(void)s;
	(void)o;
}

struct offer {
	const char *sabotage;
	bool fifo;
	void (*make)(struct server *s, const struct options *o);
};

static const struct offer offers[] = {
	{"", false, offer_pipe},
	{"", true, offer_fifo},
	{"closed", false, offer_closed},
	{"closed", true, offer_dead_fifo},
	{"file", false, offer_file},
	{"file", true, offer_file_path},
	{"unrelated", false, offer_unrelated},
	{"swapped", false, offer_swapped},
	{"readonly", false, offer_readonly},
	{"negative", false, offer_negative},
};

static void (*find_offer(const struct options *o))(struct server *, const struct options *)
{
	if (o->raw)
		return offer_nothing;
	for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++)
		if (offers[i].fifo == o->fifo && !strcmp(offers[i].sabotage, o->sabotage))
			return offers[i].make;
	die(EXIT_USAGE, "--sabotage=%s: no such thing in this style", o->sabotage);
}

static void server_init(struct server *s, const struct options *o)
{
	void (*make_offer)(struct server *, const struct options *) = find_offer(o);

	s->give[0] = s->give[1] = s->inotify_fd = -1;
	s->exact = *o->sabotage;
	s->same_bytes = o->same_bytes;
	add_shared(s, "stdin", STDIN_FILENO, O_NONBLOCK);
	add_shared(s, "stdout", STDOUT_FILENO, O_NONBLOCK);
	add_shared(s, "stderr", STDERR_FILENO, O_NONBLOCK);
	make_offer(s, o);
}

/* --- the environment --------------------------------------------------------------------- */

static int tokens_in_all(const struct options *o)
{
	int n = o->tokens;

	for (int i = 0; i < o->refill_count; i++)
		n += o->refills[i].count;
	return n;
}

static void set_variable(const char *name, const char *value)
{
	if (setenv(name, value, 1) < 0)
		die_errno(name);
}

/* MFLAGS is MAKEFLAGS with a dash to a first word of letters, and no blank in front. */
static void set_as_make_does(const struct server *s, const struct options *o)
{
	char *flags, *mflags;

	if (asprintf(&flags, "%s -j%d --jobserver-auth=%s", o->prefix, tokens_in_all(o) + 1,
		     s->auth) < 0 ||
	    asprintf(&mflags, "%s%s", *flags == ' ' || *flags == '-' ? "" : "-",
		     flags + (*flags == ' ')) < 0)
		die_errno("MAKEFLAGS");
	set_variable("MAKEFLAGS", flags);
	set_variable("MFLAGS", mflags);
	free(flags);
	free(mflags);
}

static void set_by_template(const struct server *s, const char *template)
{
	char *flags = NULL;
	size_t size;
	FILE *out = open_memstream(&flags, &size);

	if (!out)
		die_errno("MAKEFLAGS");
	for (const char *p = template; *p; p++) {
		if (strncmp(p, "{}", 2)) {
			fputc(*p, out);
			continue;
		}
		fputs(s->auth, out);
		p++;
	}
	fclose(out);
	set_variable("MAKEFLAGS", flags);
	free(flags);
}

static void set_environment(const struct server *s, const struct options *o)
{
	set_variable("MAKELEVEL", "1");
	unsetenv("MFLAGS");
	if (o->raw)
		set_variable("MAKEFLAGS", o->raw);
	else if (o->template)
		set_by_template(s, o->template);
	else
		set_as_make_does(s, o);
}

/* --- running the command ----------------------------------------------------------------- */

static void watched_signals(sigset_t *set)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(set, signals[i]);
}

static _Noreturn void run_command(const struct server *s, char **command, const sigset_t *mask)
{
	for (int i = 0; i < 2; i++)
		if (s->give[i] >= 0 && fcntl(s->give[i], F_SETFD, 0) < 0)
			die_errno("cannot hand on the jobserver");
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "jobserver-audit: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Puts in what is due; returns how long until the next is, -1 for never. */
static long refill(struct server *s, struct options *o, long elapsed_ms)
{
	long next_ms = -1;

	for (int i = 0; i < o->refill_count; i++) {
		struct refill *r = &o->refills[i];
		long left_ms = r->after_ms - elapsed_ms;

		if (r->done)
			continue;
		if (left_ms <= 0) {
			store_fill(s, &s->stores[0], r->count);
			r->done = true;
		} else if (next_ms < 0 || left_ms < next_ms) {
			next_ms = left_ms;
		}
	}
	return next_ms;
}

/* Waits for a watched signal, for TIMEOUT_MS at most unless that is negative. */
static void wait_and_forward(const sigset_t *set, long timeout_ms, pid_t child)
{
	struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000};
	siginfo_t info;
	int signo = sigtimedwait(set, &info, timeout_ms < 0 ? NULL : &timeout);

	if (signo > 0 && signo != SIGCHLD && info.si_code <= 0)
		kill(child, signo);
}

/* Returns COMMAND's exit status as a shell gives it. */
static int serve(struct server *s, struct options *o)
{
	long start_ms = now_ms();
	sigset_t set, mask;
	int status;
	pid_t child;

	signal(SIGCHLD, SIG_DFL);
	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &mask);
	child = fork();
	if (child < 0)
		die_errno("fork");
	if (child == 0)
		run_command(s, o->command, &mask);
	while (waitpid(child, &status, WNOHANG) != child)
		wait_and_forward(&set, refill(s, o, now_ms() - start_ms), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- the audit --------------------------------------------------------------------------- */

/* Flags first: what comes after would not change them, but nobody need think about it. */
static bool audit_flags(const struct server *s)
{
	bool ok = true;

	for (int i = 0; i < s->shared_count; i++) {
		const struct shared *sh = &s->shared[i];
		int flags = fcntl(sh->fd, F_GETFL) & sh->mask;

		if (flags == sh->flags)
			continue;
		fprintf(stderr, "audit: FLAGS changed on %s: %#x -> %#x\n", sh->name,
			(unsigned)sh->flags, (unsigned)flags);
		ok = false;
	}
	return ok;
}

static bool touched(const char *name)
{
	fprintf(stderr, "audit: TOUCHED %s\n", name);
	return false;
}

/* A file shows every read and write, if not by its bytes then by offsets and inotify. */
static bool audit_untouched(const struct server *s)
{
	char events[4096];
	bool ok = true;

	if (s->inotify_fd < 0)
		return true;
	if (read(s->inotify_fd, events, sizeof(events)) > 0)
		ok = touched("file");
	for (int i = 0; i < s->shared_count; i++)
		if (s->shared[i].fd > STDERR_FILENO &&
		    lseek(s->shared[i].fd, 0, SEEK_CUR) != s->shared[i].offset)
			ok = touched(s->shared[i].name);
	return ok;
}

/* Reads what is there now; a few bytes more than can have been put in are enough to tell. */
static int drain(int fd, unsigned char *got, int size)
{
	int count = 0;

	while (count < size) {
		ssize_t n = read(fd, got + count, (size_t)(size - count));

		if (n <= 0)
			break;
		count += (int)n;
	}
	return count;
}

/* Drains FD until WANTED bytes came, or until DEADLINE_MS. */
static int drain_settled(int fd, unsigned char *got, int size, int wanted, long deadline_ms)
{
	int count = drain(fd, got, size);

	while (count < wanted && now_ms() < deadline_ms) {
		sleep_1ms();
		count += drain(fd, got + count, size - count);
	}
	return count;
}

static void count_bytes(const unsigned char *bytes, int count, int sign, int balance[256])
{
	for (int i = 0; i < count; i++)
		balance[bytes[i]] += sign;
}

/* One line with every byte whose balance has SIGN, as often as it has. True if there is none. */
static bool report_balance(const char *word, const int balance[256], int sign)
{
	bool none = true;

	for (int byte = 0; byte < 256; byte++)
		for (int n = sign * balance[byte]; n > 0; n--) {
			if (none)
				fprintf(stderr, "audit: %s", word);
			fprintf(stderr, " %02x", (unsigned)byte);
			none = false;
		}
	if (!none)
		fputc('\n', stderr);
	return none;
}

static bool audit_store(const struct server *s, const struct store *store, long deadline_ms)
{
	unsigned char got[2 * TOKENS_MAX];
	int balance[256] = {0};
	int fd = reopen(store->read_fd, O_RDONLY | O_NONBLOCK);
	int count = drain_settled(fd, got, sizeof(got), store->want_count, deadline_ms);
	bool ok;

	close(fd);
	count_bytes(got, count, 1, balance);
	count_bytes(store->want, store->want_count, -1, balance);
	ok = report_balance("LOST", balance, -1);
	ok = report_balance("FOREIGN", balance, 1) && ok;
	if (ok && s->exact && memcmp(got, store->want, (size_t)count))
		ok = touched(store->name);
	return ok;
}

/* With our own writing ends closed, an empty pipe is at its end unless others hold one. */
static bool audit_holders(const struct server *s, long deadline_ms)
{
	bool ok = true;

	for (int i = 0; i < s->store_count; i++)
		close(s->stores[i].write_fd);
	for (int i = 0; i < s->store_count; i++) {
		int fd = reopen(s->stores[i].read_fd, O_RDONLY | O_NONBLOCK);
		char c;

		while (read(fd, &c, 1) != 0 && ok) {
			if (now_ms() >= deadline_ms)
				ok = false;
			sleep_1ms();
		}
		close(fd);
	}
	if (!ok)
		fputs("audit: HELD\n", stderr);
	return ok;
}

static bool audit(const struct server *s, const struct options *o)
{
	long deadline_ms = now_ms() + o->settle_ms;
	bool ok = audit_flags(s);

	ok = audit_untouched(s) && ok;
	for (int i = 0; i < s->store_count; i++)
		ok = audit_store(s, &s->stores[i], deadline_ms) && ok;
	if (o->no_holders)
		ok = audit_holders(s, deadline_ms) && ok;
	if (ok)
		fprintf(stderr, "audit: ok %d tokens\n", s->tokens_put);
	return ok;
}

/* --- options ----------------------------------------------------------------------------- */

static _Noreturn void usage(void)
{
	fputs("usage: jobserver-audit [--style=pipe|fifo] [--blocking] [--tokens=N]\n"
	      "           [--same-bytes] [--fill-later=N@MS]... [--dir=DIR] "
	      "[--makeflags-prefix=WORDS]\n"
	      "           [--makeflags=TEMPLATE] [--raw-makeflags=TEXT]\n"
	      "           [--sabotage=closed|file|unrelated|swapped|readonly|negative]\n"
	      "           [--settle=MS] [--no-holders] [--] COMMAND [ARG]...\n",
	      stderr);
	exit(EXIT_USAGE);
}

static long parse_number(const char *text, char end_char, long max, const char **rest)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != end_char || n < 0 || n > max)
		die(EXIT_USAGE, "bad number: %s", text);
	if (rest)
		*rest = end + 1;
	return n;
}

static void parse_style(struct options *o, const char *text)
{
	o->fifo = !strcmp(text, "fifo");
	if (!o->fifo && strcmp(text, "pipe"))
		die(EXIT_USAGE, "--style=%s: neither pipe nor fifo", text);
}

static void parse_refill(struct options *o, const char *text)
{
	struct refill *r = &o->refills[o->refill_count++];

	if (o->refill_count > REFILLS_MAX)
		die(EXIT_USAGE, "--fill-later: more than %d of them", REFILLS_MAX);
	r->count = (int)parse_number(text, '@', TOKENS_MAX, &text);
	r->after_ms = parse_number(text, '\0', INT_MAX, NULL);
}

static void check_options(const struct options *o)
{
	if (!o->command[0])
		usage();
	if (tokens_in_all(o) > TOKENS_MAX)
		die(EXIT_USAGE, "more than %d tokens", TOKENS_MAX);
	if ((*o->sabotage || o->raw) && o->refill_count)
		die(EXIT_USAGE, "--fill-later needs a jobserver that works");
	if ((*o->sabotage || o->raw) && o->no_holders)
		die(EXIT_USAGE, "--no-holders needs a jobserver that works");
	if (!!*o->prefix + !!o->template + !!o->raw > 1)
		die(EXIT_USAGE, "only one of the options for MAKEFLAGS, please");
	if (*o->sabotage && o->raw)
		die(EXIT_USAGE, "--raw-makeflags offers nothing to sabotage");
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
		{"style", required_argument, NULL, 's'},
		{"blocking", no_argument, NULL, 'b'},
		{"same-bytes", no_argument, NULL, '+'},
		{"tokens", required_argument, NULL, 't'},
		{"fill-later", required_argument, NULL, 'f'},
		{"dir", required_argument, NULL, 'd'},
		{"makeflags-prefix", required_argument, NULL, 'p'},
		{"makeflags", required_argument, NULL, 'm'},
		{"raw-makeflags", required_argument, NULL, 'r'},
		{"sabotage", required_argument, NULL, 'S'},
		{"settle", required_argument, NULL, 'w'},
		{"no-holders", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+", table, NULL)) != -1) {
		switch (c) {
		case 's':
			parse_style(o, optarg);
			break;
		case 'b':
			o->blocking = true;
			break;
		case '+':
			o->same_bytes = true;
			break;
		case 't':
			o->tokens = (int)parse_number(optarg, '\0', TOKENS_MAX, NULL);
			break;
		case 'f':
			parse_refill(o, optarg);
			break;
		case 'd':
			o->dir = optarg;
			break;
		case 'p':
			o->prefix = optarg;
			break;
		case 'm':
			o->template = optarg;
			break;
		case 'r':
			o->raw = optarg;
			break;
		case 'S':
			o->sabotage = optarg;
			break;
		case 'w':
			o->settle_ms = parse_number(optarg, '\0', INT_MAX, NULL);
			break;
		case 'h':
			o->no_holders = true;
			break;
		default:
			usage();
		}
	}
	o->command = argv + optind;
	check_options(o);
}

int main(int argc, char **argv)
{
	struct options o = {.tokens = 3, .dir = getenv("TMPDIR"), .prefix = "", .sabotage = ""};
	struct server s = {0};
	int status;

	if (!o.dir || !*o.dir)
		o.dir = "/tmp";
	parse_options(&o, argc, argv);
	server_init(&s, &o);
	set_environment(&s, &o);
	status = serve(&s, &o);
	if (!audit(&s, &o))
		status = EXIT_AUDIT;
	if (*s.path)
		unlink(s.path);
	return status;
}
