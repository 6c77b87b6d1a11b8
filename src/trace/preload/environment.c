// SPDX-License-Identifier: MIT
// What is asked of the environment: its variables, the locale, the time zone, the accounts.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/preload/hook.h"
#include "trace/preload/loader.h"
#include "trace/preload/programs.h"

static char *asked(const char *name, char *value)
{
	log_name(TRACE_VARIABLE_READ, name, value ? 0 : ENOENT);
	return value;
}

HOOK(char *, getenv, const char *name)
{
	return asked(name, NEXT(getenv)(name));
}

HOOK(char *, secure_getenv, const char *name)
{
	return asked(name, NEXT(secure_getenv)(name));
}

void environment_note(const char *name)
{
	asked(name, NEXT(getenv)(name));
}

// ---- the locale ----

// Where glibc keeps what it knows of the locale of that name.
static void note_locale_files(const char *name)
{
	if (!*name || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0)
		return;
	if (asked("LOCPATH", NEXT(getenv)("LOCPATH")))
		log_unseen("a locale in LOCPATH");
	else
		log_ahead(TRACE_READ, "/usr/lib/locale/locale-archive");
	loader_expect();
}

static void note_locale(const char *name)
{
	static const char *const names[] = {"LC_ALL",      "LC_COLLATE",  "LC_CTYPE",
					    "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC",
					    "LC_TIME",     "LANG",        "LANGUAGE"};

	if (!name || !log_is_on())
		return;
	note_locale_files(name);
	// Only the empty name means what the environment says.
	for (size_t i = 0; !*name && i < sizeof names / sizeof *names; i++) {
		const char *value = asked(names[i], NEXT(getenv)(names[i]));
		if (value && strcmp(names[i], "LANGUAGE") != 0)
			note_locale_files(value);
	}
}

HOOK(char *, setlocale, int category, const char *name)
{
	note_locale(name);
	return NEXT(setlocale)(category, name);
}

HOOK(locale_t, newlocale, int mask, const char *name, locale_t base)
{
	note_locale(name);
	return NEXT(newlocale)(mask, name, base);
}

// ---- the time zone ----

#define ZONES "/usr/share/zoneinfo"

// The file that TZ names; what else it may say, glibc looks for a file first.
static void note_zone_file(const char *zone)
{
	const char *folder = asked("TZDIR", NEXT(getenv)("TZDIR"));
	char path[PATH_MAX];

	zone += *zone == ':';
	if (!*zone)
		return;
	if (!folder || !*folder)
		folder = ZONES;
	if (*zone == '/')
		log_ahead(TRACE_READ, zone);
	else if (strlen(folder) + strlen(zone) + 2 <= sizeof path)
		log_ahead(TRACE_READ, strcat(strcat(strcpy(path, folder), "/"), zone));
}

// Asked for at each call: a program may set TZ in between. Most have none.
static void note_zone(void)
{
	static _Atomic bool noted;
	static const char *_Atomic last;
	int errnum = errno;

	if (!log_is_on())
		return;
	const char *zone = NEXT(getenv)("TZ");
	if (zone && atomic_exchange(&last, zone) != zone) {
		asked("TZ", (char *)zone);
		note_zone_file(zone);
	} else if (!zone && !atomic_exchange(&noted, true)) {
		asked("TZ", NULL);
		log_ahead(TRACE_READ, "/etc/localtime");
	}
	errno = errnum;
}

#define HOOK_TIME(type, name, parameters, arguments)                                               \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		note_zone();                                                                       \
		return NEXT(name) arguments;                                                       \
	}
HOOK_TIME(struct tm *, localtime, (const time_t *t), (t))
HOOK_TIME(struct tm *, localtime_r, (const time_t *t, struct tm *tm), (t, tm))
HOOK_TIME(char *, ctime, (const time_t *t), (t))
HOOK_TIME(char *, ctime_r, (const time_t *t, char *room), (t, room))
HOOK_TIME(time_t, mktime, (struct tm * tm), (tm))
HOOK_TIME(time_t, timelocal, (struct tm * tm), (tm))

HOOK(void, tzset, void)
{
	note_zone();
	NEXT(tzset)();
}

// ---- the accounts ----

#define HOOK_USER(type, name, parameters, arguments)                                               \
	HOOK_NAMES("/etc/passwd", type, name, parameters, arguments)
HOOK_NAMES("/etc/shadow", struct spwd *, getspnam, (const char *name), (name))
HOOK_NAMES("/etc/shadow", struct spwd *, getspent, (void), ())
HOOK_USER(struct passwd *, getpwnam, (const char *name), (name))
HOOK_USER(struct passwd *, getpwuid, (uid_t id), (id))
HOOK_USER(struct passwd *, getpwent, (void), ())
HOOK_USER(int, getpwnam_r,
	  (const char *name, struct passwd *user, char *room, size_t n, struct passwd **result),
	  (name, user, room, n, result))
HOOK_USER(int, getpwuid_r,
	  (uid_t id, struct passwd *user, char *room, size_t n, struct passwd **result),
	  (id, user, room, n, result))

#define HOOK_GROUP(type, name, parameters, arguments)                                              \
	HOOK_NAMES("/etc/group", type, name, parameters, arguments)
HOOK_GROUP(struct group *, getgrnam, (const char *name), (name))
HOOK_GROUP(struct group *, getgrgid, (gid_t id), (id))
HOOK_GROUP(struct group *, getgrent, (void), ())
HOOK_GROUP(int, getgrnam_r,
	   (const char *name, struct group *group, char *room, size_t n, struct group **result),
	   (name, group, room, n, result))
HOOK_GROUP(int, getgrgid_r,
	   (gid_t id, struct group *group, char *room, size_t n, struct group **result),
	   (id, group, room, n, result))
