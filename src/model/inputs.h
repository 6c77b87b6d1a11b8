// SPDX-License-Identifier: MIT
// What the outcome of a test file depends on, as far as it was watched.
#ifndef MODEL_INPUTS_H
#define MODEL_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fingerprint.h"
#include "base/strings.h"

// The numbers stand in the store: they are never changed or reused.
enum input_kind {
	INPUT_PATH = 1,        // what a path is: a file by its content, or that there is nothing
	INPUT_LISTING = 2,     // which entries a folder has
	INPUT_VARIABLE = 3,    // the value of an environment variable, or that it is not set
	INPUT_ENVIRONMENT = 4, // which variables there are; its name is a program that reads all
	INPUT_TYPE = 5,        // whether there is something behind a path, and of what type
	INPUT_STATUS = 6,      // the same, permissions, owner; of a file its size, time, links
	INPUT_ACCESS = 7,      // the same but for size and time
	INPUT_ATTRIBUTE = 8,   // what a process has from its parent, see base/attributes.h
	INPUT_LIBRARY = 9,     // where the loader's cache says that a library of that name is
	INPUT_DOUBT = 10,      // no input: why the others may not be all; its name: inputs_doubt
	INPUT_LINK = 11,       // a name: where it leads if it is a link, else its type
	INPUT_REAL = 12,       // the real name of a path
	INPUT_FREE = 13,       // that nothing is there, and something can be made there
	INPUT_ROOM = 14,       // that a file is there or can be made there, to be written to
	INPUT_CHUNK = 15,      // no input: a file that was loaded as Lua, and not only read
	INPUT_WAY = 16,        // no input: how the file was run, see model/way.h
	INPUT_XATTRS = 17,     // the extended attributes of what is behind a path
	INPUT_WHOLE = 18,      // no input: a chunk that has come to its end without an error
	INPUT_KINDS            // one more than the last
};

// What the worker saw, to be held against what is there now.
struct sight {
	bool has_digest; // digest is that of the fingerprint
	bool has_stamp;  // it was the file with this inode; when it was last changed, before and
			 // after what the worker itself has done to it
	struct digest digest;
	int64_t inode, first_ctime_ns, last_ctime_ns;
	bool was_free;      // of INPUT_ROOM: nothing was there
	const void *object; // to whom makes it; NULL later
	int64_t since_ns;   // a setup of the file's, begun then, has seen it; 0: the worker
};

// Why a pass is not trusted to come again. The numbers stand in the store.
enum doubt {
	DOUBT_NETWORK = 1,
	DOUBT_CLOCK = 2,
	DOUBT_BLIND = 4,
	DOUBT_OVERFLOW = 8,
	DOUBT_YOUNG = 16, // an input was changed while it ran, or shortly before: base/file_clock.h
	DOUBT_RETRY = 32, // it failed at first, and passed when it was tried again
};

struct buf;

struct input {
	enum input_kind kind;
	bool found;        // it was there when it was last asked for
	char *name;        // any bytes but NUL; a path below the working folder is relative to it
	struct sight seen; // when it was first looked at
	struct fingerprint is; // when nothing of the worker ran any more; before: at an earlier
			       // time, as far as that is known
};

struct inputs {
	struct {
		struct input *items; // each once, sorted by kind and name; owned
		size_t n, cap;
	} list;
	struct {
		char **items; // paths that it made, changed or removed: each once, sorted; owned
		size_t n, cap;
	} written;
	struct strings claims; // those of written that another file's writing would spoil: not
			       // what it only appends to; sorted; owned
	struct {
		struct input_program {
			char *path;
			bool told; // all variables that it has used are in the list
		} * items; // programs and shared objects that ran, some several times; owned
		size_t n, cap;
	} programs; // for launch/dependence.h
	// Why all this may not tell the whole:
	bool network;  // it talked to other machines
	bool clock;    // it read a device that never says the same twice
	bool blind;    // a process of its could not be watched
	bool overflow; // there was more than could be noted
	bool young;    // something was not the same when it was looked at once more
	int64_t cut;   // the exit status that it asked for, and that the system has cut to 0; or 0
	int64_t since_ns; // when the first of them may have been looked at, of the real clock; 0:
			  // when the worker was started
	bool unread;      // not even the test file was seen to be read
};

// Whether inputs of the kind only tell of others: nothing is looked at again for them.
bool input_is_remark(enum input_kind kind);
// Whether their names are paths.
bool input_is_path(enum input_kind kind);
// The kind and the name as one text, in room: valid until the next one is made there.
const char *input_key(struct buf *room, enum input_kind kind, const char *name);
void inputs_release(struct inputs *in);
// Adds the doubt, and its cause to the list: a path, a function, a variable; "": unknown.
void inputs_doubt(struct inputs *in, enum doubt doubt, const char *cause);
// Sorts the list and the written paths, and leaves each once.
void inputs_sort(struct inputs *in);
// The input of that kind and name in a list that is sorted, or NULL.
const struct input *inputs_find(const struct inputs *in, enum input_kind kind, const char *name);
// The name that such a cause has as an INPUT_DOUBT; the caller frees it.
char *doubt_input_name(enum doubt doubt, const char *cause);
// The cause in the name of an INPUT_DOUBT; NULL: it is one of another doubt.
const char *doubt_cause(enum doubt doubt, const char *name);
// Adds an input that was found to a sorted list, in its place, where it is not in there.
void inputs_insert(struct inputs *in, enum input_kind kind, const char *name);
// Takes over from another run of the file which chunks have come to their ends. The lists are
// sorted.
void inputs_take_whole(struct inputs *in, const struct inputs *other);
// Adds what a setup of the file depended on, but for what the file has looked at itself. Both are
// sorted; setup is released.
void inputs_add_setup(struct inputs *in, struct inputs *setup);
// Whether a setup saw what the input was: what it has made of it since does not count.
bool input_is_settled(const struct input *in);
// What such a one was then.
struct fingerprint input_settled(const struct input *in);
// Releases what it depended on, and keeps what it wrote: reports need no more.
void inputs_forget(struct inputs *in);
// What an input is at present; known as in base/fingerprint.h.
struct fingerprint input_fingerprint(enum input_kind kind, const char *name,
				     const struct fingerprint *known);

#endif
