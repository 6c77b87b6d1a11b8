// SPDX-License-Identifier: MIT
#include "store/range.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "model/inputs.h"
#include "model/job.h"
#include "model/series.h"
#include "model/status.h"

// A year and more: two of them can be added to any time, and a few hundred to each other.
#define SPAN_MOST (INT64_C(36000000) * NS_PER_SEC)
#define TIME_MOST (INT64_MAX - 2 * SPAN_MOST)
#define SIZE_MOST (INT64_C(1) << 50)

const struct range ranges['z' - 'a' + 1] = {
	['a' - 'a'] = {INT64_MIN, INT64_MAX},         // any number
	['i' - 'a'] = {0, INT64_MAX},                 // of a row; 0: none
	['t' - 'a'] = {0, TIME_MOST},                 // a time of the real clock
	['d' - 'a'] = {-1, SPAN_MOST},                // how long, in nanoseconds; -1: unknown
	['y' - 'a'] = {0, SPAN_MOST},                 // how long, which is known
	['n' - 'a'] = {-1, INT32_MAX},                // how many; -1: unknown
	['z' - 'a'] = {0, SIZE_MOST},                 // bytes
	['k' - 'a'] = {0, SIZE_MOST / 1024},          // KiB
	['f' - 'a'] = {0, 1},                         // yes or no
	['s' - 'a'] = {0, FILE_STATUS_COUNT - 1},     // enum file_status
	['e' - 'a'] = {0, TEST_STATUS_COUNT - 1},     // enum test_status
	['w' - 'a'] = {0, FRAMEWORK_COUNT - 1},       // enum framework
	['q' - 'a'] = {0, INT64_MAX},                 // how a file was read: store/file.c
	['p' - 'a'] = {INPUT_PATH, INPUT_KINDS - 1},  // enum input_kind
	['m' - 'a'] = {INPUTS_UNKNOWN, INPUTS_MOVED}, // enum inputs_state
	['u' - 'a'] = {0, UINT16_MAX},                // enum doubt, added up
	['x' - 'a'] = {-1, UCHAR_MAX},                // an exit status; -1: none
	['g' - 'a'] = {0, SCHAR_MAX},                 // a signal; 0: none
	['l' - 'a'] = {0, INT32_MAX},                 // a line or a round; 0: unknown
	['r' - 'a'] = {1, INT32_MAX},                 // an attempt
	['o' - 'a'] = {-1, UINT16_MAX},               // a slot, or workers at once; -1: none
};

static bool holds_text(sqlite3_value *v)
{
	const char *text = (const char *)sqlite3_value_text(v);

	return text && strlen(text) == (size_t)sqlite3_value_bytes(v);
}

// One look for the column, and not one for each question: of a big history this is every seventh
// instruction. Nobody but this thread has the database.
static bool holds_column(sqlite3_stmt *row, int column, char letter)
{
	char kind = letter >= 'a' ? letter : (char)(letter - 'A' + 'a');
	sqlite3_value *v = sqlite3_column_value(row, column);

	switch (sqlite3_value_type(v)) {
	case SQLITE_NULL:
		return kind == letter;
	case SQLITE_TEXT:
		return kind == 'c' && holds_text(v);
	case SQLITE_BLOB:
		return kind == 'b' || (kind == 'h' && sqlite3_value_bytes(v) == DIGEST_SIZE);
	case SQLITE_INTEGER:
		return kind != 'c' && kind != 'b' && kind != 'h' &&
		       range_holds(kind, sqlite3_value_int64(v));
	default:
		return false;
	}
}

bool range_holds_row(sqlite3_stmt *row, const char *letters)
{
	for (int i = 0; letters[i]; i++)
		if (!holds_column(row, i, letters[i]))
			return false;
	return true;
}
