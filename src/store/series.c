// SPDX-License-Identifier: MIT
#include "store/series.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/query.h"

// When so many results stand in the row of a file, half of them are moved to a chunk.
#define SERIES_MOST 128

#define SAMPLES "IISRffYYdZm"

int series_read(struct store *s, const struct query *q, int column, struct series *t)
{
	return packed_series(query_bytes(q, column), t)
		       ? SQLITE_DONE
		       : store_damaged(s, "the figures of a file are torn");
}

int series_load_chunks(struct store *s, int64_t file, struct series *t)
{
	struct query *q = query(s, "SELECT samples FROM trail WHERE file=? ORDER BY seq",
				VALUES(NUMBER(file)));
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "B")) == SQLITE_ROW)
		code = series_read(s, q, 0, t);
	return query_end(q, code);
}

int series_pack(struct store *s, int64_t file, const struct series *t, struct buf *row)
{
	size_t from = 0;
	int code = SQLITE_DONE;

	for (; t->n - from >= SERIES_MOST && code == SQLITE_DONE; from += SERIES_MOST / 2) {
		struct buf b = {0};
		pack_series(&b, t->items + from, SERIES_MOST / 2);
		code = query_do(
			s,
			"INSERT INTO trail SELECT ?1, ifnull(max(seq), 0) + 1, ?2 FROM trail "
			"WHERE file=?1",
			VALUES(NUMBER(file), BYTES(b.data, b.len)));
		buf_release(&b);
	}
	pack_series(row, t->items + from, t->n - from);
	return code;
}

static int write_series(struct store *s, int64_t file, const struct series *t)
{
	struct buf row = {0};
	int code = query_do(s, "DELETE FROM trail WHERE file=?", VALUES(NUMBER(file)));

	if (code == SQLITE_DONE)
		code = series_pack(s, file, t, &row);
	if (code == SQLITE_DONE)
		code = query_do(s, "UPDATE file SET trail=?2 WHERE id=?1",
				VALUES(NUMBER(file), BYTES(row.data, row.len)));
	buf_release(&row);
	return code;
}

static struct sample read_sample(const struct query *q)
{
	return (struct sample){
		.run = query_int(q, 1),
		.status = (enum file_status)query_int(q, 2),
		.attempt = (int)query_int(q, 3),
		.concurrent = query_int(q, 4),
		.partial = query_int(q, 5),
		.wall_ns = query_int(q, 6),
		.cpu_ns = query_int(q, 7),
		.delay_ns = query_known(q, 8, -1),
		.peak_bytes = query_int(q, 9),
		.inputs = (enum inputs_state)query_int(q, 10),
	};
}

int series_write_all(struct store *s, struct query *rows)
{
	struct series t = {0};
	int64_t file = 0;
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(rows, SAMPLES)) == SQLITE_ROW) {
		bool next = t.n > 0 && query_int(rows, 0) != file;
		code = next ? write_series(s, file, &t) : SQLITE_DONE;
		t.n = next ? 0 : t.n;
		file = query_int(rows, 0);
		VEC_PUSH(&t, read_sample(rows));
	}
	if (code == SQLITE_DONE && t.n > 0)
		code = write_series(s, file, &t);
	series_release(&t);
	return query_end(rows, code);
}

// The figures that no row tells any more come first: runs that are gone were before all others.
// nth: of those of its file and run, of which results are in the same order.
int series_rebuild_all(struct store *s)
{
	static const char *const kept[] = {
		"CREATE TEMP TABLE kept(file INTEGER, nth INTEGER, seq, at, run INTEGER, status, "
		"attempt, crowded, partial, wall, cpu, delay, peak, inputs, "
		"PRIMARY KEY(file, run, nth)) WITHOUT ROWID",
		"INSERT INTO temp.kept SELECT c.file, row_number() OVER "
		"(PARTITION BY c.file, x.run ORDER BY c.seq, x.rowid), c.seq, x.rowid, x.* "
		"FROM (SELECT file, seq, samples FROM trail "
		"UNION ALL SELECT id, 9223372036854775807, trail FROM file) c, samples(c.samples) "
		"x WHERE whole_series(c.samples)",
		"DELETE FROM trail",
		"UPDATE file SET trail = x''",
		NULL,
	};
	static const char rows[] =
		"SELECT file, run, status, attempt, crowded, partial, wall, cpu, delay, peak, "
		"inputs FROM (SELECT *, 0 AS rank, '' AS name FROM temp.kept "
		"WHERE run NOT IN (SELECT id FROM run) UNION ALL "
		"SELECT r.file, r.nth, r.id, 0, r.run, r.status, r.attempt, ifnull(r.crowded, 0), "
		"ifnull(r.partial, 0), r.wall, r.user + r.sys, ifnull(r.delay, -1), r.maxrss, "
		"ifnull(k.inputs, 0), n.started, n.name FROM (SELECT *, row_number() "
		"OVER (PARTITION BY file, run ORDER BY id) AS nth FROM result WHERE status <> 0) "
		"r JOIN run n ON n.id = r.run LEFT JOIN temp.kept k ON k.file = r.file "
		"AND k.run = r.run AND k.nth = r.nth AND k.status = r.status "
		"AND k.attempt = r.attempt) ORDER BY file, rank, name, seq, at";
	int code = query_do_all(s, kept, NULL);

	if (code == SQLITE_DONE)
		code = series_write_all(s, query(s, rows, NULL));
	return code == SQLITE_DONE ? query_do(s, "DROP TABLE temp.kept", NULL) : code;
}
