// SPDX-License-Identifier: MIT
// What libc opens, reads or shares by itself, in calls of its own that nobody can take over.
#include <argp.h>
#include <fcntl.h>
#include <getopt.h>
#include <iconv.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <mqueue.h>
#include <nl_types.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include <wordexp.h>

#include "trace/preload/hook.h"
#include "trace/preload/loader.h"
#include "trace/preload/programs.h"

// ---- names put together ----

struct name {
	char text[PATH_MAX];
	size_t n;
	bool too_long;
};

static void add_bytes(struct name *name, const char *text, size_t n)
{
	if (name->n + n >= sizeof name->text) {
		name->too_long = true;
		return;
	}
	memcpy(name->text + name->n, text, n);
	name->text[name->n += n] = '\0';
}

static void add(struct name *name, const char *text)
{
	add_bytes(name, text, strlen(text));
}

static void note_file(const struct name *name)
{
	if (!name->too_long)
		log_ahead(TRACE_READ, name->text);
}

// ---- memory that is shared, and messages ----

// Its name, as glibc makes it: a file in /dev/shm.
static bool name_shared(struct name *path, const char *start, const char *name)
{
	while (*name == '/')
		name++;
	add(path, start);
	add(path, name);
	return *name && !strchr(name, '/') && !path->too_long && strlen(name) < NAME_MAX;
}

HOOK(int, shm_open, const char *name, int flags, mode_t mode)
{
	struct name path = {.n = 0};

	if (log_is_on() && name_shared(&path, "/dev/shm/", name))
		return open(path.text, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
	return NEXT(shm_open)(name, flags, mode);
}

HOOK(int, shm_unlink, const char *name)
{
	struct name path = {.n = 0};

	if (log_is_on() && name_shared(&path, "/dev/shm/", name))
		return unlink(path.text);
	return NEXT(shm_unlink)(name);
}

// What it is called is for glibc alone to know.
HOOK(int, sem_unlink, const char *name)
{
	log_unseen("sem_unlink");
	return NEXT(sem_unlink)(name);
}

HOOK(int, mq_unlink, const char *name)
{
	log_unseen("mq_unlink");
	return NEXT(mq_unlink)(name);
}

// A key is made of the number of an inode.
HOOK(key_t, ftok, const char *path, int project)
{
	log_unseen("ftok");
	return NEXT(ftok)(path, project);
}

static void note_unseen_of(int key, const char *call)
{
	if (key != IPC_PRIVATE)
		log_unseen(call);
}

HOOK(sem_t *, sem_open, const char *name, int flags, ...)
{
	va_list ap;

	log_unseen("sem_open");
	va_start(ap, flags);
	mode_t mode = va_arg(ap, mode_t);
	unsigned value = va_arg(ap, unsigned);
	va_end(ap);
	return NEXT(sem_open)(name, flags, mode, value);
}

HOOK(mqd_t, mq_open, const char *name, int flags, ...)
{
	va_list ap;

	log_unseen("mq_open");
	va_start(ap, flags);
	mode_t mode = va_arg(ap, mode_t);
	struct mq_attr *attributes = va_arg(ap, struct mq_attr *);
	va_end(ap);
	return NEXT(mq_open)(name, flags, mode, attributes);
}

HOOK(int, shmget, key_t key, size_t n, int flags)
{
	note_unseen_of(key, "shmget");
	return NEXT(shmget)(key, n, flags);
}

HOOK(int, semget, key_t key, int n, int flags)
{
	note_unseen_of(key, "semget");
	return NEXT(semget)(key, n, flags);
}

HOOK(int, msgget, key_t key, int flags)
{
	note_unseen_of(key, "msgget");
	return NEXT(msgget)(key, flags);
}

// ---- messages in other languages ----

// What a program has last said of its messages.
static const char *current_domain = "messages";

// The languages that a locale stands for: without its codeset, without its country.
static void note_catalogue(const char *folder, const char *language, size_t n, const char *domain)
{
	static const char *const ends[] = {"", ".@", "._@"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct name path = {.n = 0};
		size_t kept = strcspn(language, *ends[i] ? ends[i] : ":");
		add(&path, folder);
		add(&path, "/");
		add_bytes(&path, language, kept < n ? kept : n);
		add(&path, "/LC_MESSAGES/");
		add(&path, domain);
		add(&path, ".mo");
		note_file(&path);
	}
}

static void note_messages(const char *folder, const char *domain)
{
	const char *locale = log_is_on() ? setlocale(LC_MESSAGES, NULL) : NULL;

	// In these nothing is translated.
	if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		return;
	const char *list = getenv("LANGUAGE");
	for (const char *at = list && *list ? list : locale; *at; at += *at == ':') {
		size_t n = strcspn(at, ":");
		note_catalogue(folder, at, n, domain);
		at += n;
	}
}

void library_note_messages(void)
{
	note_messages("/usr/share/locale", "libc");
}

HOOK(char *, bindtextdomain, const char *domain, const char *folder)
{
	char *result = NEXT(bindtextdomain)(domain, folder);

	if (domain && *domain)
		note_messages(folder ? folder : "/usr/share/locale", domain);
	return result;
}

HOOK(char *, textdomain, const char *domain)
{
	char *result = NEXT(textdomain)(domain);

	if (domain && result)
		current_domain = result;
	if (domain)
		note_messages("/usr/share/locale", current_domain);
	return result;
}

HOOK(nl_catd, catopen, const char *name, int flag)
{
	environment_note("NLSPATH");
	if (strchr(name, '/'))
		log_ahead(TRACE_READ, name);
	else if (getenv("NLSPATH"))
		log_unseen("catopen");
	return NEXT(catopen)(name, flag);
}

// ---- other encodings, other words ----

HOOK(iconv_t, iconv_open, const char *to, const char *from)
{
	// Its modules are libraries, and are seen as such.
	if (getenv("GCONV_PATH"))
		log_unseen("iconv_open with GCONV_PATH");
	loader_expect();
	return NEXT(iconv_open)(to, from);
}

// Letters that folders are listed for, accounts asked, commands run.
#define LOOKING "*?[~`"

// Whether the text, or the value of a variable in it, may have libc look at files.
static bool words_look(const char *words)
{
	if (strpbrk(words, LOOKING) || strstr(words, "$("))
		return true;
	while ((words = strchr(words, '$')) != NULL) {
		static const char letters[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
			"0123456789";
		struct name variable = {.n = 0};
		words += 1 + (words[1] == '{');
		add_bytes(&variable, words, strspn(words, letters));
		const char *value = getenv(variable.text);
		if (value && strpbrk(value, LOOKING))
			return true;
	}
	return false;
}

// Its text names variables, as a shell's does.
HOOK(int, wordexp, const char *words, wordexp_t *result, int flags)
{
	log_name(TRACE_ENVIRONMENT, "wordexp", 0);
	if (log_is_on() && words_look(words))
		log_unseen("wordexp");
	return NEXT(wordexp)(words, result, flags);
}

#define HOOK_OPTIONS(name, parameters, arguments)                                                  \
	HOOK(int, name, HOOK_STRIP parameters)                                                     \
	{                                                                                          \
		environment_note("POSIXLY_CORRECT");                                               \
		return NEXT(name) arguments;                                                       \
	}
HOOK_OPTIONS(getopt, (int argc, char *const *argv, const char *letters), (argc, argv, letters))
HOOK_OPTIONS(getopt_long,
	     (int argc, char *const *argv, const char *letters, const struct option *names,
	      int *at),
	     (argc, argv, letters, names, at))
HOOK_OPTIONS(getopt_long_only,
	     (int argc, char *const *argv, const char *letters, const struct option *names,
	      int *at),
	     (argc, argv, letters, names, at))

HOOK(error_t, argp_parse, const struct argp *argp, int argc, char **argv, unsigned flags, int *at,
     void *input)
{
	environment_note("POSIXLY_CORRECT");
	environment_note("ARGP_HELP_FMT");
	return NEXT(argp_parse)(argp, argc, argv, flags, at, input);
}
