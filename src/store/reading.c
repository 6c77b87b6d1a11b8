// SPDX-License-Identifier: MIT
// How a file was read when it last came to its end: which framework it turned out to be of.
#include "base/map.h"
#include "model/result.h"
#include "store/database.h"
#include "store/store.h"

// The number in a file's row: the framework and 1, and this if it took the shim to find out. 0:
// unknown.
#define WITH_SHIM 64

int database_note_reading(struct store *s, sqlite3_int64 file, const struct result *r)
{
	bool ended =
		r->status == FILE_PASSED || r->status == FILE_FAILED || r->status == FILE_SKIPPED;
	// A framework brings the shim along.
	bool shim = r->framework == FRAMEWORK_PLAIN && (r->learned || r->job->shim);

	// What the user has said counts for that run alone.
	if (!ended || r->job->source == READING_GIVEN)
		return SQLITE_DONE;
	sqlite3_stmt *q = database_statement(s, SQL_NOTE_READING);
	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_int(q, 2, (int)r->framework + 1 + (shim ? WITH_SHIM : 0));
	return database_step(q);
}

int database_load_readings(struct store *s, const char *path, const struct map *past)
{
	enum statement which = path ? SQL_LOAD_READING_OF : SQL_LOAD_READINGS;
	sqlite3_stmt *q = database_statement(s, which);
	int code;

	if (q && path)
		database_bind_string(q, 1, path);
	while ((code = database_next(s, which)) == SQLITE_ROW) {
		struct past *p = map_get(past, (const char *)sqlite3_column_text(q, 0));
		int number = sqlite3_column_int(q, 1) % WITH_SHIM;
		if (number < 1 || number > FRAMEWORK_COUNT)
			return database_damaged(s, "a file is of no framework");
		if (!p)
			continue;
		p->framework = number - 1;
		p->shim = sqlite3_column_int(q, 1) >= WITH_SHIM;
	}
	return code;
}
