// SPDX-License-Identifier: MIT
#include "coverage/hook/chunk.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MOST 200 // functions in functions, as the compilers have it

enum version { LUA_51 = 0x51, LUA_52, LUA_53, LUA_54 };

// Where it is read, and how wide numbers are, as the chunk's head says.
struct cursor {
	const unsigned char *at, *end;
	const struct chunk_reader *reader;
	unsigned version;
	size_t int_bytes, size_bytes, code_bytes, integer_bytes, number_bytes;
	bool bad;
};

// ---- bytes and numbers ----

static const unsigned char *take(struct cursor *p, uint64_t n)
{
	static const unsigned char nothing[16];

	if (p->bad || n > (uint64_t)(p->end - p->at)) {
		p->bad = true;
		p->at = p->end;
		return nothing;
	}
	p->at += n;
	return p->at - n;
}

static unsigned take_byte(struct cursor *p)
{
	return *take(p, 1);
}

// As this machine writes it, whose own the chunk is.
static uint64_t take_fixed(struct cursor *p, size_t bytes)
{
	uint64_t n = 0;

	if (bytes > sizeof n)
		p->bad = true;
	else
		memcpy(&n, take(p, bytes), bytes);
	return n;
}

// Seven bits a byte, the first ones first in 5.4, whose last byte has the eighth.
static uint64_t take_varint(struct cursor *p)
{
	uint64_t n = 0;
	unsigned byte;

	do {
		byte = take_byte(p);
		n = n << 7 | (byte & 0x7f);
	} while (!(byte & 0x80) && !p->bad);
	return n;
}

// The last ones first in LuaJIT, where all bytes but the last have the eighth.
static uint64_t take_uleb(struct cursor *p)
{
	uint64_t n = 0;
	unsigned byte, shift = 0;

	do {
		byte = take_byte(p);
		n |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 35 && !p->bad);
	return n;
}

static uint64_t take_int(struct cursor *p)
{
	return p->version == LUA_54 ? take_varint(p) : take_fixed(p, p->int_bytes);
}

// How many follow, each of so many bytes at least.
static uint64_t take_count(struct cursor *p, size_t bytes)
{
	uint64_t n = take_int(p);

	if (n > (uint64_t)(p->end - p->at) / (bytes ? bytes : 1))
		p->bad = true;
	return p->bad ? 0 : n;
}

static void skip_string(struct cursor *p)
{
	uint64_t n;

	if (p->version == LUA_54) {
		n = take_varint(p);
	} else if (p->version == LUA_53) {
		n = take_byte(p);
		if (n == 0xff)
			n = take_fixed(p, p->size_bytes);
	} else {
		take(p, take_fixed(p, p->size_bytes));
		return;
	}
	if (n > 0)
		take(p, n - 1);
}

// ---- a function ----

enum constant { NOTHING, A_BYTE, AN_INTEGER, A_NUMBER, A_STRING };

static enum constant constant_of(unsigned version, unsigned type)
{
	bool is_54 = version == LUA_54;

	switch (type) {
	case 0x01:
		return is_54 ? NOTHING : A_BYTE;
	case 0x03:
		return is_54 ? AN_INTEGER : A_NUMBER;
	case 0x13:
		return is_54 ? A_NUMBER : AN_INTEGER;
	case 0x04:
	case 0x14:
		return A_STRING;
	default:
		return NOTHING;
	}
}

static void skip_constants(struct cursor *p)
{
	for (uint64_t n = take_count(p, 1); n > 0 && !p->bad; n--)
		switch (constant_of(p->version, take_byte(p))) {
		case A_BYTE:
			take_byte(p);
			break;
		case AN_INTEGER:
			take(p, p->integer_bytes);
			break;
		case A_NUMBER:
			take(p, p->number_bytes);
			break;
		case A_STRING:
			skip_string(p);
			break;
		case NOTHING:
			break;
		}
}

static void skip_upvalues(struct cursor *p)
{
	size_t bytes = p->version == LUA_54 ? 3 : 2;

	take(p, take_count(p, bytes) * bytes);
}

static void skip_names(struct cursor *p)
{
	for (uint64_t n = take_count(p, 1); n > 0 && !p->bad; n--) {
		skip_string(p);
		take_int(p);
		take_int(p);
	}
	for (uint64_t n = take_count(p, 1); n > 0 && !p->bad; n--)
		skip_string(p);
}

static void tell(const struct cursor *p, int line)
{
	if (line > 0)
		p->reader->line(p->reader->owner, line);
}

// The lines of n instructions. The last one returns from where the function ends.
static void read_lines(struct cursor *p, bool prepares)
{
	uint64_t n = take_count(p, p->int_bytes), first = prepares ? 1 : 0;

	for (uint64_t i = 0; i < n; i++) {
		int line = (int)take_fixed(p, p->int_bytes);
		if (i >= first && (i + 1 < n || n == first + 1) && !p->bad)
			tell(p, line);
	}
}

// In 5.4 each is told by what it adds to the one before; where that is too much, by itself, in a
// list that follows.
static void read_deltas(struct cursor *p, int line, bool prepares)
{
	uint64_t n = take_count(p, 1), first = prepares ? 1 : 0;
	const signed char *deltas = (const signed char *)take(p, n);
	uint64_t absolute = take_count(p, 2);

	for (uint64_t i = 0; i < n && !p->bad; i++) {
		if (deltas[i] == -128 && absolute > 0) {
			take_varint(p);
			line = (int)take_varint(p);
			absolute--;
		} else {
			line += deltas[i];
		}
		if (i >= first && (i + 1 < n || n == first + 1) && !p->bad)
			tell(p, line);
	}
	for (; absolute > 0 && !p->bad; absolute--) {
		take_varint(p);
		take_varint(p);
	}
}

static void read_function(struct cursor *p, int depth);

static void read_inner(struct cursor *p, int depth)
{
	for (uint64_t n = take_count(p, 1); n > 0 && !p->bad; n--)
		read_function(p, depth + 1);
}

static void read_function(struct cursor *p, int depth)
{
	if (depth > DEPTH_MOST)
		p->bad = true;
	if (p->version != LUA_52)
		skip_string(p);
	int first = (int)take_int(p), last = (int)take_int(p);
	if (p->version == LUA_51)
		take_byte(p);
	take_byte(p);
	// Such a function of 5.4 begins with an instruction that belongs to none of its lines.
	bool prepares = take_byte(p) != 0 && p->version == LUA_54;
	take_byte(p);
	take(p, take_count(p, p->code_bytes) * p->code_bytes);
	skip_constants(p);
	if (p->version >= LUA_53)
		skip_upvalues(p);
	if (!p->bad)
		p->reader->function(p->reader->owner, first, last);
	read_inner(p, depth);
	if (p->version == LUA_52) {
		skip_upvalues(p);
		skip_string(p);
	}
	if (p->version == LUA_54)
		read_deltas(p, first, prepares);
	else
		read_lines(p, false);
	skip_names(p);
}

// ---- LuaJIT ----

#define JIT_STRIPPED 2

// LuaJIT adds a return at the end only where there is none.
static void read_jit_lines(struct cursor *p, uint64_t n, uint64_t first, uint64_t count)
{
	size_t bytes = count < 256 ? 1 : count < 65536 ? 2 : 4;

	for (uint64_t i = 0; i < n && !p->bad; i++) {
		uint64_t line = first + take_fixed(p, bytes);
		if (i + 1 < n || n == 1 || first == 0 || line != first + count)
			tell(p, (int)line);
	}
}

static void read_jit_function(struct cursor *p, bool is_stripped)
{
	take(p, 4);
	take_uleb(p);
	take_uleb(p);
	uint64_t code = take_uleb(p), debug = is_stripped ? 0 : take_uleb(p);
	if (debug == 0)
		return;
	uint64_t first = take_uleb(p), count = take_uleb(p);
	// What it has to tell of lines is the last of its parts.
	if (debug > (uint64_t)(p->end - p->at)) {
		p->bad = true;
		return;
	}
	p->at = p->end - debug;
	p->reader->function(p->reader->owner, (int)first, (int)(first + count));
	read_jit_lines(p, code, first, count);
}

static int read_jit(struct cursor *p)
{
	unsigned format = take_byte(p);
	bool is_stripped = take_uleb(p) & JIT_STRIPPED;

	if (format != 1 && format != 2)
		return -1;
	if (!is_stripped)
		take(p, take_uleb(p));
	for (uint64_t n; !p->bad && (n = take_uleb(p)) > 0;) {
		struct cursor inner = *p;
		inner.at = take(p, n);
		inner.end = p->at;
		if (!p->bad)
			read_jit_function(&inner, is_stripped);
		p->bad |= inner.bad;
	}
	return p->bad ? -1 : 0;
}

// ---- the head ----

static void read_sizes(struct cursor *p)
{
	if (p->version >= LUA_53)
		take(p, 6); // bytes that a transfer as text would change
	if (p->version <= LUA_53) {
		p->int_bytes = take_byte(p);
		p->size_bytes = take_byte(p);
	}
	p->code_bytes = take_byte(p);
	if (p->version >= LUA_53)
		p->integer_bytes = take_byte(p);
	p->number_bytes = take_byte(p);
	if (p->version >= LUA_53)
		take(p, p->integer_bytes + p->number_bytes + 1);
	else
		take(p, p->version == LUA_52 ? 7 : 1);
}

int chunk_read(const void *data, size_t n, const struct chunk_reader *reader)
{
	struct cursor p = {.at = data, .end = (const unsigned char *)data + n, .reader = reader};

	if (n < 12 || memcmp(data, "\033L", 2) != 0)
		return -1;
	take(&p, 2);
	if (take_byte(&p) == 'J')
		return read_jit(&p);
	take_byte(&p);
	p.version = take_byte(&p);
	unsigned format = take_byte(&p);
	if (p.version < LUA_51 || p.version > LUA_54 || format > 0)
		return -1;
	if (p.version <= LUA_52)
		take_byte(&p); // the order of bytes, which is ours
	read_sizes(&p);
	read_function(&p, 0);
	return p.bad || p.at != p.end ? -1 : 0;
}
