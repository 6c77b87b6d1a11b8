// SPDX-License-Identifier: MIT
#include "store/failed.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/strings.h"
#include "model/failure.h"
#include "model/run.h"
#include "store/database.h"
#include "store/history.h"
#include "store/query.h"

#define RUNS_MOST  20                  // that are looked at for the one that had all tests
#define NAMES_MOST ((size_t)100 << 10) // bytes, of 128 KiB that a variable may have
#define LONGEST    4096                // of one name: the shim shortens longer ones
#define SEPARATOR  "\x1e"

// The latest verdict on each test. Results are noted from the latest one back.
struct verdicts {
	struct map tests; // name -> verdict_of
	uintptr_t noted;  // results
	bool is_whole;    // one of them had all tests
	bool is_unclear;  // one of them failed otherwise than by its tests
	bool is_partial;  // the latest was of some tests
};

// The number of the result that it was seen in, and whether it was bad there.
static void *verdict_of(uintptr_t number, bool bad)
{
	return (void *)(number << 1 | bad);
}

static bool verdict_is_bad(const void *verdict)
{
	return (uintptr_t)verdict & 1;
}

static uintptr_t verdict_number(const void *verdict)
{
	return (uintptr_t)verdict >> 1;
}

static void note_test(struct verdicts *v, const struct test_case *t)
{
	struct buf name = {0};

	failure_test_name(&name, t);
	void **at = map_at(&v->tests, name.data);
	if (!*at || verdict_number(*at) == v->noted)
		*at = verdict_of(v->noted, (*at && verdict_is_bad(*at)) || failure_is_test(t));
	buf_release(&name);
}

static bool is_clear(const struct result *r)
{
	return !file_status_is_bad(r->status) ||
	       (r->status == FILE_FAILED && r->tests.n > 0 && r->errors.n == 0 && !r->unproven &&
		failure_is_explained(r));
}

static void note(struct verdicts *v, const struct result *r)
{
	if (r->status == FILE_NOTRUN)
		return;
	v->is_partial |= v->noted == 0 && r->partial;
	v->noted++;
	v->is_unclear |= !is_clear(r);
	v->is_whole |= !r->partial;
	for (size_t i = 0; i < r->tests.n; i++)
		note_test(v, &r->tests.items[i]);
}

static int note_past(struct verdicts *v, struct store *s, int64_t file, const struct series *series,
		     struct err *err)
{
	int64_t last = 0;
	int status = 0;

	for (size_t i = series->n, runs = 0; status == 0 && i-- > 0 && runs < RUNS_MOST;) {
		struct run found = {0};
		struct jobs jobs = {0};
		if (v->is_whole || v->is_unclear)
			break;
		// All attempts of a run are one result.
		if (series->items[i].run == last)
			continue;
		last = series->items[i].run;
		runs++;
		status = load_result(s, last, file, &found, &jobs, err);
		for (size_t k = 0; status == 0 && k < found.results.n; k++)
			note(v, found.results.items[k]);
		run_release(&found);
		jobs_release(&jobs);
	}
	return status;
}

// A name that the shim has told of as it is.
static bool is_exact(const char *name)
{
	return strlen(name) < LONGEST && !strstr(name, SEPARATOR) && !strstr(name, "\xef\xbf\xbd");
}

// A bad test that the latest result of some tests has not seen may be gone, or have another name
// now: then all tests are wanted.
static char *bad_names(const struct verdicts *v)
{
	struct strings names = {0};
	struct buf all = {0};
	bool exact = v->is_whole && !v->is_unclear;

	for (size_t i = 0; i < v->tests.cap; i++) {
		const struct map_slot *slot = &v->tests.slots[i];
		if (!verdict_is_bad(slot->value))
			continue;
		exact &=
			is_exact(slot->key) && (!v->is_partial || verdict_number(slot->value) == 1);
		VEC_PUSH(&names, slot->key);
	}
	strings_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		buf_addf(&all, "%s%s", i ? SEPARATOR : "", names.items[i]);
	exact &= names.n > 0 && all.len < NAMES_MOST;
	free(names.items);
	if (exact)
		return buf_detach(&all);
	buf_release(&all);
	return NULL;
}

int failed_tests(struct store *s, const char *path, char **names, struct err *err)
{
	struct verdicts v = {0};
	struct map past = {0};
	int64_t file = 0;
	int status = file_load_one(s, path, &past, err);
	const struct past *p = status == 0 ? map_get(&past, path) : NULL;

	*names = NULL;
	if (p && query_number(s, "SELECT id FROM file WHERE path=?", VALUES(TEXT(path)), &file) !=
			 SQLITE_DONE)
		status = store_error(s, err);
	if (p && status == 0)
		status = note_past(&v, s, file, &p->series, err);
	if (p && status == 0)
		*names = bad_names(&v);
	if (status == 0)
		file_free_all(&past);
	map_release(&v.tests);
	return status;
}

bool failed_is_mended(struct store *s, int64_t file, const struct past *past,
		      const struct result *r)
{
	struct verdicts v = {0};
	struct err unused;

	note(&v, r);
	bool is_mended =
		note_past(&v, s, file, &past->series, &unused) == 0 && v.is_whole && !v.is_unclear;
	for (size_t i = 0; i < v.tests.cap; i++)
		is_mended &= !verdict_is_bad(v.tests.slots[i].value);
	map_release(&v.tests);
	return is_mended;
}
