// SPDX-License-Identifier: MIT
// What is kept of coverage: how often each line ran of the sources that a result has run, and of
// the sources that a run told of how many lines it covered. Counts stay with the latest result of
// a file that has any, and with a pass that may be reused; those of others go when a run ends that
// has counted.
#ifndef STORE_COUNTED_H
#define STORE_COUNTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/strings.h"
#include "store/store.h"

struct coverage;
struct err;
struct hits;
struct hits_file;
struct result;
struct store;

// What is known of the coverage of a result.
struct counted {
	bool is_known; // nothing below holds where it is not
	bool calls;    // of functions, too
	bool is_wide;  // of sources outside of the project, too
	struct counted_source {
		char *path; // owned
		bool has_digest;
		struct digest digest; // of the text that ran
	} * sources;                  // owned
	size_t n, cap;
};

// Records what a result has counted. SQLITE_DONE, or an error's code.
int counted_put(struct store *s, const struct result *r, int64_t result);
// Fills c, which is empty. The caller releases it, on failure as well.
int counted_look(struct store *s, int64_t result, struct counted *c, struct err *err);
void counted_release(struct counted *c);
// *result is the latest result of the file at that path, if its coverage is known, else 0.
int counted_last(struct store *s, const char *path, int64_t *result, struct err *err);
// Adds what the result has counted to h; *found: something is known of it.
int counted_load(struct store *s, int64_t result, struct hits *h, bool *found, struct err *err);
// Calls each() with what every result of a run has counted, and adds the paths of those that
// nothing is known of to uncounted.
int counted_load_run(struct store *s, int64_t run,
		     void (*each)(const char *file, const struct hits *h, void *arg), void *arg,
		     struct strings *uncounted, struct err *err);
// Calls each() for every file whose latest result that was counted has run that source, with what
// it counted there, by the names of the files.
int counted_each_of(struct store *s, const char *source,
		    void (*each)(const char *path, const struct hits_file *f, void *arg), void *arg,
		    struct err *err);
// Calls each() for what every run has told of each of its sources: how many of its lines that count
// have run, and how many not.
int counted_each(struct store *s,
		 void (*each)(int64_t run, const char *path, int64_t hit, int64_t missed,
			      void *arg),
		 void *arg, struct err *err);
// Records what the run told of. As store_record.
enum store_status counted_record(struct store *s, int64_t run, const struct coverage *c,
				 struct err *err);

#endif
