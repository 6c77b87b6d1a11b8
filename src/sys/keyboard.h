// SPDX-License-Identifier: MIT
// Single keys from the terminal on standard input, as they are pressed and without an echo.
#ifndef SYS_KEYBOARD_H
#define SYS_KEYBOARD_H

#include <stdbool.h>
#include <termios.h>

#include "base/alloc.h"
#include "sys/loop.h"

// What pressed() gets where the terminal is gone.
#define KEYBOARD_GONE (-1)

struct keyboard {
	// A byte; those of arrows and other keys that send several are left out.
	void (*pressed)(void *owner, int key);
	void *owner;
	bool is_there;        // there is a terminal
	bool is_taken;        // and its modes are ours
	struct termios modes; // as they were
	struct loop_watch watch;
	struct loop *loop;
	struct will will;
};

// pressed and owner are set by the caller. Keys come from keyboard_take on.
void keyboard_open(struct keyboard *k, struct loop *loop);
// Takes the terminal, if it is there and ours: not in the background, where to ask for it would
// stop us.
void keyboard_take(struct keyboard *k);
// Gives it back as it was.
void keyboard_give(struct keyboard *k);
void keyboard_close(struct keyboard *k);

#endif
