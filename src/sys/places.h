// SPDX-License-Identifier: MIT
// Places under a name, which the processes of one machine share out among themselves: each is a
// lock of the kernel's in one file, in which nothing is written. It is free again when its holder
// gives it, or is gone, however that ended; and it tells the number of the holder's process.
#ifndef SYS_PLACES_H
#define SYS_PLACES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

// So many places are under each name.
#define PLACES_MOST 1024

struct places {
	int fd; // whoever has a copy of it holds what is held
};

// Where the places of a name are: never 0, which is for the caller's own use.
typedef uint32_t places_name;

// Makes the file, if it is not there yet. Fails as well where its file system has no locks.
int places_open(struct places *p, const char *path, struct err *err);
// Gives all that is held.
void places_close(struct places *p);
places_name places_of(const char *name);
// Takes a place, which several may hold who share it. False: others have it. One that we hold
// becomes shared, or ours alone. Where the system has no lock any more, nobody is kept out.
bool places_take(const struct places *p, places_name name, long place, bool shared);
void places_give(const struct places *p, places_name name, long place);
// The process of another one that holds one of the places from first on; 0: there is none.
pid_t places_holder(const struct places *p, places_name name, long first, long n);
// How many of those others hold.
long places_count(const struct places *p, places_name name, long first, long n);
// Has those hear of it who watch, as something may be free. Where a holder dies, they hear of it as
// well.
void places_tell(const struct places *p);
// A descriptor that becomes readable then, and just before what a dead process held is free; the
// caller closes it. -1: the system has none.
int places_watch(const struct places *p);

#endif
