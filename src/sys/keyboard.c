// SPDX-License-Identifier: MIT
#include "sys/keyboard.h"

#include <errno.h>
#include <unistd.h>

#define ESCAPE '\033'

static bool is_ours(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void give_back(void *owner)
{
	const struct keyboard *k = owner;

	if (k->is_taken && is_ours())
		tcsetattr(STDIN_FILENO, TCSANOW, &k->modes);
}

static void on_ready(struct loop_watch *w, short revents)
{
	struct keyboard *k = w->owner;
	char keys[256];

	// Somebody else has it by now: to read would stop us.
	if (!is_ours()) {
		k->watch.events = 0;
		k->is_taken = false;
		return;
	}
	ssize_t n = read(STDIN_FILENO, keys, sizeof keys);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		k->watch.events = 0;
		k->pressed(k->owner, KEYBOARD_GONE);
		return;
	}
	if (keys[0] == ESCAPE && n > 1)
		return;
	for (ssize_t i = 0; i < n; i++)
		k->pressed(k->owner, (unsigned char)keys[i]);
}

void keyboard_open(struct keyboard *k, struct loop *loop)
{
	k->is_there = tcgetattr(STDIN_FILENO, &k->modes) == 0;
	k->is_taken = false;
	k->loop = loop;
	k->watch =
		(struct loop_watch){.fd = STDIN_FILENO, .events = 0, .ready = on_ready, .owner = k};
	k->will = (struct will){.act = give_back, .arg = k};
	will_make(&k->will);
	loop_add_watch(loop, &k->watch);
}

void keyboard_take(struct keyboard *k)
{
	struct termios modes = k->modes;

	if (k->is_taken || !k->is_there || !is_ours())
		return;
	// Ctrl-C, Ctrl-Z and Ctrl-S stay what they are.
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	k->is_taken = tcsetattr(STDIN_FILENO, TCSANOW, &modes) == 0;
	k->watch.events = k->is_taken ? POLLIN : 0;
}

void keyboard_give(struct keyboard *k)
{
	give_back(k);
	k->is_taken = false;
	k->watch.events = 0;
}

void keyboard_close(struct keyboard *k)
{
	keyboard_give(k);
	will_drop(&k->will);
	loop_remove_watch(k->loop, &k->watch);
}
