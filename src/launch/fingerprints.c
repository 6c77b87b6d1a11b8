// SPDX-License-Identifier: MIT
#include "launch/fingerprints.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attributes.h"
#include "base/clock.h"
#include "model/inputs.h"
#include "model/result.h"

struct inspection {
	struct fingerprint is;      // without a stamp while the input is young
	struct stamp stamp;         // its own
	long round;                 // of the result for which it was looked at
	struct folder_stamp folder; // where is_entry: that of its name, shortly before
	bool is_entry;              // all that it is stands in the folder of its name
};

static struct inspection *look_of(struct fingerprints *f, const struct input *in)
{
	void **place = map_at(&f->looks, input_key(&f->key, in->kind, in->name));
	struct inspection *l = *place;

	if (!l) {
		*place = l = xcalloc(1, sizeof *l);
		l->is = in->is;
	}
	return l;
}

// What only this process could change, and does not: one look is enough for a run.
static bool is_fixed(const struct input *in)
{
	return in->kind == INPUT_VARIABLE || in->kind == INPUT_ENVIRONMENT ||
	       (in->kind == INPUT_ATTRIBUTE && attribute_is_own(in->name));
}

// Whether the input is a name alone: a link, whose target never changes, or one that nothing has.
static bool is_entry(const struct input *in, const struct fingerprint *is)
{
	switch (in->kind) {
	case INPUT_LINK:
		return true;
	case INPUT_PATH:
	case INPUT_LISTING:
	case INPUT_TYPE:
	case INPUT_STATUS:
	case INPUT_ACCESS:
		// A link that leads nowhere is a name.
		return !is->present && !input_fingerprint(INPUT_LINK, in->name, NULL).present;
	default:
		return false;
	}
}

static void look_at(struct fingerprints *f, struct inspection *l, const struct input *in)
{
	const struct fingerprint before = l->is;

	l->is = input_fingerprint(in->kind, in->name, &before);
	l->is_entry = is_entry(in, &l->is);
	l->stamp = l->is.stamp;
	if (stamp_is_young(&l->is.stamp, clock_real_ns()))
		l->is.stamp = (struct stamp){0};
}

// Looks at the input, once for all that a result is to be told.
static const struct inspection *take(struct fingerprints *f, struct input *in)
{
	struct inspection *l = look_of(f, in);

	if (l->round != f->round && !(l->round > 0 && is_fixed(in))) {
		// First the folder: what comes between the two looks is seen by the next one.
		struct folder_stamp folder = {0};
		if (input_is_path(in->kind))
			folder = folders_of(&f->folders, in->name);
		if (!l->is_entry || !folder_stands(&l->folder, &folder)) {
			look_at(f, l, in);
			l->folder = folder;
		}
		l->round = f->round;
	}
	in->is = l->is;
	return l;
}

// Whether what it is now may differ from what the worker saw: it is another file, or it was changed
// after the look by others than the worker, or so shortly before that it may have been once more.
static bool is_young(const struct input *in, const struct inspection *l, int64_t started_ns)
{
	const struct sight *seen = &in->seen;
	struct stamp was = l->stamp;

	if (in->found != l->is.present)
		return true;
	if (seen->has_digest)
		return !digest_equal(&seen->digest, &l->is.digest);
	if (seen->has_stamp) {
		if (seen->inode != l->stamp.inode || seen->last_ctime_ns != l->stamp.ctime_ns)
			return true;
		was.ctime_ns = seen->first_ctime_ns;
	}
	return stamp_is_young(&was, started_ns);
}

static void take_own(struct fingerprints *f, struct inputs *in, int64_t started_ns)
{
	size_t n = in->list.n;

	// Doubts are added behind the inputs that they are about.
	for (size_t i = 0; i < in->list.n; i++) {
		struct input *one = &in->list.items[i];
		if (input_is_settled(one)) {
			one->is = input_settled(one);
			continue;
		}
		const struct inspection *l = take(f, one);
		int64_t since_ns = one->seen.since_ns ? one->seen.since_ns : started_ns;
		if (!input_is_remark(one->kind) && is_young(one, l, since_ns))
			inputs_doubt(in, DOUBT_YOUNG, one->name);
	}
	if (in->list.n > n)
		inputs_sort(in);
}

void fingerprints_take(struct fingerprints *f, struct result *r)
{
	f->round++;
	folders_begin(&f->folders);
	if (r->inputs && r->status == FILE_PASSED)
		take_own(f, r->inputs, r->inputs->since_ns ? r->inputs->since_ns : r->started_ns);
	for (size_t i = 0; r->last_inputs && i < r->last_inputs->list.n; i++)
		take(f, &r->last_inputs->list.items[i]);
}

void fingerprints_release(struct fingerprints *f)
{
	for (size_t i = 0; i < f->looks.cap; i++)
		free(f->looks.slots[i].value);
	map_release(&f->looks);
	folders_release(&f->folders);
	buf_release(&f->key);
}
