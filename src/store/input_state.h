// SPDX-License-Identifier: MIT
// An input state is what an input was when it was seen.
#ifndef STORE_INPUT_STATE_H
#define STORE_INPUT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/fingerprint.h"
#include "model/inputs.h"
#include "store/store.h"

struct err;
struct store;

struct input_state {
	int64_t id;
	enum input_kind kind;
	char *name;
	struct fingerprint was;
};

struct input_states {
	struct input_state *items; // by id
	size_t n, cap;
};

// Fills states, which is empty. The caller releases it on failure as well.
int input_states_load(struct store *s, struct input_states *input_states, struct err *err);
// The same with n of them alone, in the order of their ids.
int input_states_load_of(struct store *s, const int64_t *ids, size_t n,
			 struct input_states *input_states, struct err *err);
// Records the stamps of states whose contents are still the same. Like store_record.
enum store_status input_states_renew(struct store *s, const struct input_states *input_states,
				     struct err *err);
void input_states_release(struct input_states *v);
// NULL if there is none of that id.
const struct input_state *input_states_find(const struct input_states *v, int64_t id);

// ---- for this layer ----

// The latest state of an input, as far as it was asked for in this process.
struct input_latest {
	int64_t id; // 0: not stored yet
	struct fingerprint is;
};

// The functions below return SQLITE_DONE, or an error's code, or tell it in *code.

struct input_latest *input_latest_of(struct store *s, const struct input *in, int *code);
// The state that the result's input is of, which is stored if it is new: its id.
int64_t input_state_put(struct store *s, const struct input *in, int *code);
// The state of that id, or NULL.
const struct input_state *input_state_of(struct store *s, int64_t id, int *code);
// What is known of inputs may not be stored after all.
void input_states_forget(struct store *s);
// The same if another process has written since. To be called at the beginning of a transaction.
int input_states_refresh(struct store *s);

#endif
