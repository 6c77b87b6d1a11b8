// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "base/alloc.h"
#include "store/merge.h"

// A sample on its way into a trail of both.
struct step {
	struct sample sample; // in our numbers
	int64_t rank, before; // before: the run of the sample before it, in the trail it comes from
	size_t seq;
};

struct steps {
	struct step *items;
	size_t n, cap;
};

static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank)
				  : (x->seq > y->seq) - (x->seq < y->seq);
}

static void add_step(const struct merge *m, struct steps *steps, struct sample sample,
		     int64_t before)
{
	struct step s = {sample, merge_rank(m, sample.run), before, steps->n};

	VEC_PUSH(steps, s);
}

// How many of the first n steps are of that run.
static size_t count_of(const struct steps *steps, size_t n, int64_t run)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += steps->items[i].sample.run == run;
	return count;
}

// Of a run that we have completed we have the first samples already.
static bool is_ours(const struct steps *steps, size_t ours, const struct trail *theirs, size_t i,
		    int64_t run)
{
	size_t nth = 0;

	for (size_t k = i; k-- > 0 && theirs->items[k].run == theirs->items[i].run;)
		nth++;
	return nth < count_of(steps, ours, run);
}

static void join(const struct merge *m, const struct trail *ours, const struct trail *theirs,
		 struct steps *steps)
{
	int64_t before = 0;

	for (size_t i = 0; i < ours->n; i++)
		add_step(m, steps, ours->items[i], i ? ours->items[i - 1].run : 0);
	for (size_t i = 0; i < theirs->n; i++) {
		struct sample s = theirs->items[i];
		const struct pair *run = merge_find(&m->runs, s.run);
		s.run = run ? run->ours : -1;
		if (run && (run->fate == NEW ||
			    (run->fate == COMPLETED && !is_ours(steps, ours->n, theirs, i, s.run))))
			add_step(m, steps, s, before);
		before = s.run;
	}
	if (steps->n > 0)
		qsort(steps->items, steps->n, sizeof *steps->items, compare_steps);
}

// Whether its inputs are those of the result before it nobody knows where that is another one now.
static void settle(const struct steps *steps, struct trail *t)
{
	t->n = 0;
	for (size_t i = 0; i < steps->n; i++) {
		struct sample s = steps->items[i].sample;
		if (steps->items[i].before != (i ? steps->items[i - 1].sample.run : 0))
			s.inputs = INPUTS_UNKNOWN;
		VEC_PUSH(t, s);
	}
}

// Reads all that a store knows of a file; *born is in its own numbers.
static int read_file(struct store *s, int64_t file, struct past *p, int64_t *born)
{
	int code = database_load_chunks(s, file, &p->trail);
	sqlite3_stmt *q = code == SQLITE_DONE ? database_statement(s, SQL_COPY_FILE) : NULL;

	if (!q)
		return code == SQLITE_DONE ? SQLITE_ERROR : code;
	sqlite3_bind_int64(q, 1, file);
	code = database_next(s, SQL_COPY_FILE);
	if (code == SQLITE_ROW) {
		code = database_read_past(s, q, p);
		*born = sqlite3_column_int64(q, 7);
	}
	sqlite3_reset(q);
	return code;
}

// What the file is now: its latest outcome is that of the later one of the two. Whether that is
// anything new.
static bool take_latest(struct past *ours, const struct past *theirs)
{
	bool later = theirs->ended_ns > ours->ended_ns;

	if (later) {
		ours->status = theirs->status;
		ours->ended_ns = theirs->ended_ns;
		ours->state = 0;
	}
	long tests = theirs->tests && (later || !ours->tests) ? theirs->tests : ours->tests;
	bool other = tests != ours->tests;
	ours->tests = tests;
	return later || other;
}

static int write_file(struct merge *m, int64_t file, struct past *ours, const struct past *theirs)
{
	struct steps steps = {0};
	bool news = take_latest(ours, theirs);
	int code = SQLITE_DONE;

	join(m, &ours->trail, &theirs->trail, &steps);
	if (news || steps.n > ours->trail.n) {
		settle(&steps, &ours->trail);
		code = database_do(m->ours, SQL_DROP_CHUNKS, file);
		if (code == SQLITE_DONE)
			code = database_write_past(m->ours, file, ours);
	}
	free(steps.items);
	return code;
}

static int take_file(struct merge *m, const struct pair *file)
{
	struct past ours = {0}, theirs = {0};
	int64_t born = 0, born_there = 0;
	int code = read_file(m->ours, file->ours, &ours, &born);

	if (code == SQLITE_DONE)
		code = read_file(m->theirs, file->theirs, &theirs, &born_there);
	if (code == SQLITE_DONE)
		code = write_file(m, file->ours, &ours, &theirs);
	int64_t first = merge_earlier(m, born, merge_run(m, born_there));
	if (code == SQLITE_DONE && first != born)
		code = merge_set_born(m, SQL_BEAR_FILE, file->ours, first);
	trail_release(&ours.trail);
	trail_release(&theirs.trail);
	return code;
}

int merge_trails(struct merge *m)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < m->files.n && code == SQLITE_DONE; i++)
		code = take_file(m, &m->files.items[i]);
	return code;
}
