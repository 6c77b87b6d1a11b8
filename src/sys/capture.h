// SPDX-License-Identifier: MIT
// What a process has written, in bounded memory: the beginning and the end are kept, the middle of
// a flood is counted and dropped.
#ifndef SYS_CAPTURE_H
#define SYS_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

struct capture {
	char *head, *tail;         // tail is a ring, in use once head is full
	size_t head_len, head_cap; // head_cap grows to head_max
	size_t tail_cap;           // grows to tail_max
	size_t head_max, tail_max;
	uint64_t tail_total; // bytes that ever went to the ring
};

// Keeps at most head_max bytes of the beginning and tail_max of the end.
void capture_init(struct capture *c, size_t head_max, size_t tail_max);
void capture_release(struct capture *c);
void capture_add(struct capture *c, const char *data, size_t n);
// How many bytes were written, and how many of them are lost.
uint64_t capture_total(const struct capture *c);
uint64_t capture_dropped(const struct capture *c);
// Appends what is kept; where bytes were dropped stands a line that says how many.
void capture_text(const struct capture *c, struct buf *out);

#endif
