// SPDX-License-Identifier: MIT
#include "store/history.h"

#include "base/err.h"
#include "store/database.h"

static int64_t number_or(sqlite3_stmt *q, int column, int64_t otherwise)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL ? otherwise
							     : sqlite3_column_int64(q, column);
}

int history_runs(struct store *s, long most, void (*each)(const struct past_run *, void *),
		 void *arg, struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_LAST_RUNS);
	int code = SQLITE_ERROR;

	if (q)
		sqlite3_bind_int64(q, 1, most);
	while (q && (code = sqlite3_step(q)) == SQLITE_ROW) {
		struct past_run r = {
			.id = sqlite3_column_int64(q, 0),
			.started_ns = sqlite3_column_int64(q, 1),
			.elapsed_ns = number_or(q, 2, -1),
			.jobs = sqlite3_column_int(q, 3),
			.peak = sqlite3_column_int(q, 4),
			.signal = sqlite3_column_int(q, 5),
			.files = (long)sqlite3_column_int64(q, 6),
			.bad = (long)sqlite3_column_int64(q, 7),
			.tests = (long)sqlite3_column_int64(q, 8),
			.failed = (long)sqlite3_column_int64(q, 9),
			.lower_bound_ns = number_or(q, 10, -1),
		};
		each(&r, arg);
	}
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

int history_results(struct store *s, const char *path, long most,
		    void (*each)(const struct past_result *, void *), void *arg, struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_RESULTS);
	int code = SQLITE_ERROR;

	if (q && path)
		sqlite3_bind_text(q, 1, path, -1, SQLITE_STATIC);
	else if (q)
		sqlite3_bind_null(q, 1);
	if (q)
		sqlite3_bind_int64(q, 2, most);
	while (q && (code = sqlite3_step(q)) == SQLITE_ROW) {
		struct past_result r = {
			.path = (const char *)sqlite3_column_text(q, 0),
			.run_id = sqlite3_column_int64(q, 1),
			.started_ns = sqlite3_column_int64(q, 2),
			.wall_ns = sqlite3_column_int64(q, 3),
			.user_ns = sqlite3_column_int64(q, 4),
			.sys_ns = sqlite3_column_int64(q, 5),
			.maxrss = sqlite3_column_int64(q, 6),
			.status = (enum file_status)sqlite3_column_int(q, 7),
			.reason = (const char *)sqlite3_column_text(q, 8),
			.tests = (long)sqlite3_column_int64(q, 9),
			.failed = (long)sqlite3_column_int64(q, 10),
		};
		each(&r, arg);
	}
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}
