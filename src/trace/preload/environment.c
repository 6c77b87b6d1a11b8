// SPDX-License-Identifier: MIT
// What is asked of the environment: its variables, the locale, the time zone.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

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

// Whether it is set already decides what it is from then on.
HOOK(int, setenv, const char *name, const char *value, int replace)
{
	if (!replace && name)
		environment_note(name);
	return NEXT(setenv)(name, value, replace);
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
	char *result = NEXT(setlocale)(category, name);
	if (name && result)
		library_note_messages();
	return result;
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

// %Z and %s, where nobody has asked for the local time.
#define HOOK_FORMAT(name, type, ...)                                                               \
	size_t name(type *room, size_t n, const type *format, const struct tm *tm __VA_ARGS__);    \
	HOOK(size_t, name, type *room, size_t n, const type *format,                               \
	     const struct tm *tm __VA_ARGS__)
HOOK_FORMAT(strftime, char)
{
	note_zone();
	return NEXT(strftime)(room, n, format, tm);
}
HOOK_FORMAT(wcsftime, wchar_t)
{
	note_zone();
	return NEXT(wcsftime)(room, n, format, tm);
}
HOOK_FORMAT(strftime_l, char, , locale_t locale)
{
	note_zone();
	return NEXT(strftime_l)(room, n, format, tm, locale);
}
HOOK_FORMAT(wcsftime_l, wchar_t, , locale_t locale)
{
	note_zone();
	return NEXT(wcsftime_l)(room, n, format, tm, locale);
}
HOOK_FORMAT(__strftime_l, char, , locale_t locale)
{
	note_zone();
	return NEXT(__strftime_l)(room, n, format, tm, locale);
}
HOOK_FORMAT(__wcsftime_l, wchar_t, , locale_t locale)
{
	note_zone();
	return NEXT(__wcsftime_l)(room, n, format, tm, locale);
}

// It tries the formats in a file of the user's.
static void note_formats(void)
{
	const char *file = asked("DATEMSK", NEXT(getenv)("DATEMSK"));

	note_zone();
	if (file && *file)
		log_ahead(TRACE_READ, file);
}

HOOK(struct tm *, getdate, const char *text)
{
	note_formats();
	return NEXT(getdate)(text);
}

HOOK(int, getdate_r, const char *text, struct tm *tm)
{
	note_formats();
	return NEXT(getdate_r)(text, tm);
}

HOOK(void, tzset, void)
{
	note_zone();
	NEXT(tzset)();
}
