// SPDX-License-Identifier: MIT
#include "trace/instructions.h"

#include <stdint.h>
#include <string.h>

#include "trace/preload/calls.h"

#ifdef __x86_64__

// Instructions are not marked: two bytes may be one of theirs, or lie in the middle of another.
// Read on from some places before them, and all readings soon agree where instructions begin.
#define BEFORE 96

// ---- how long an instruction is ----

enum {
	MODRM = 1 << 0,
	IMM8 = 1 << 1,
	IMM16 = 1 << 2,
	IMM32 = 1 << 3, // 16 bits with the prefix for those
	BAD = 1 << 4,
};

static unsigned usual_form(unsigned op)
{
	static const unsigned char low[] = {MODRM, MODRM, MODRM, MODRM, IMM8, IMM32, BAD, BAD};

	if (op < 0x40)
		return low[op & 7];
	if ((op >= 0x70 && op <= 0x7f) || (op >= 0xb0 && op <= 0xb7) || (op >= 0xe0 && op <= 0xe7))
		return IMM8;
	if (op >= 0xb8 && op <= 0xbf)
		return IMM32;
	if ((op >= 0x84 && op <= 0x8f) || (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf))
		return MODRM;
	switch (op) {
	case 0x60:
	case 0x61:
	case 0x82:
	case 0x9a:
	case 0xce:
	case 0xd4:
	case 0xd5:
	case 0xd6:
	case 0xea:
		return BAD;
	case 0x63:
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff:
		return MODRM;
	case 0x68:
	case 0xa9:
	case 0xe8:
	case 0xe9:
		return IMM32;
	case 0x69:
	case 0x81:
	case 0xc7:
		return MODRM | IMM32;
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xc0:
	case 0xc1:
	case 0xc6:
		return MODRM | IMM8;
	case 0x6a:
	case 0xa8:
	case 0xcd:
	case 0xeb:
		return IMM8;
	case 0xc2:
	case 0xca:
		return IMM16;
	case 0xc8:
		return IMM16 | IMM8;
	default:
		return 0;
	}
}

// Behind 0f, or in the first map of VEX.
static unsigned second_form(unsigned op)
{
	if ((op >= 0x05 && op <= 0x0b) || (op >= 0x30 && op <= 0x37) || op == 0x77 ||
	    (op >= 0xa0 && op <= 0xa2) || (op >= 0xa8 && op <= 0xaa) || op >= 0xc8 + 0u)
		return op > 0xcf ? MODRM : op == 0x0a ? BAD : 0;
	if (op >= 0x80 && op <= 0x8f)
		return IMM32;
	if ((op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
	    (op >= 0xc4 && op <= 0xc6))
		return MODRM | IMM8;
	return op == 0x04 ? BAD : MODRM;
}

static size_t operand_bytes(const unsigned char *p)
{
	unsigned mod = p[0] >> 6, rm = p[0] & 7, base = rm == 4 ? p[1] & 7u : rm;
	size_t n = 1 + (mod != 3 && rm == 4);

	if (mod == 1)
		return n + 1;
	return n + (mod == 2 || (mod == 0 && base == 5) ? 4 : 0);
}

static bool is_prefix(unsigned c)
{
	return c == 0x66 || c == 0x67 || c == 0xf0 || c == 0xf2 || c == 0xf3 || c == 0x2e ||
	       c == 0x36 || c == 0x3e || c == 0x26 || c == 0x64 || c == 0x65;
}

// Behind p of VEX (c5, c4) or EVEX (62): how many bytes come before the opcode, and its map.
static size_t vector_bytes(const unsigned char *p, unsigned *map)
{
	*map = *p == 0xc5 ? 1 : *p == 0xc4 ? p[1] & 0x1fu : p[1] & 7u;
	return *p == 0xc5 ? 2 : *p == 0xc4 ? 3 : 4;
}

static unsigned form_in_map(unsigned map, unsigned op)
{
	return map == 1 ? second_form(op) : map == 2 ? MODRM : map == 3 ? MODRM | IMM8 : BAD;
}

// Of the instruction at p, behind which there are at least 15 more bytes; 0: none begins so.
static size_t length(const unsigned char *p)
{
	const unsigned char *start = p;
	bool small = false, wide = false;
	unsigned form, map = 0;

	for (int i = 0; is_prefix(*p) && i < 4; i++)
		small |= *p++ == 0x66;
	if ((*p & 0xf0) == 0x40)
		wide = *p++ & 8;
	unsigned op = *p++;
	if (op == 0xc4 || op == 0xc5 || op == 0x62) {
		p += vector_bytes(p - 1, &map) - 1;
		form = form_in_map(map, *p++);
	} else if (op == 0x0f && (*p == 0x38 || *p == 0x3a)) {
		form = form_in_map(*p == 0x38 ? 2 : 3, p[1]);
		p += 2;
	} else if (op == 0x0f) {
		form = second_form(*p++);
	} else if (op >= 0xa0 && op <= 0xa3) {
		return (size_t)(p - start) + 8;
	} else {
		form = usual_form(op);
		if ((op == 0xf6 || op == 0xf7) && !(*p & 0x30))
			form |= op == 0xf6 ? IMM8 : IMM32;
		if (wide && op >= 0xb8 && op <= 0xbf)
			return (size_t)(p - start) + 8;
	}
	if (form & BAD)
		return 0;
	p += form & MODRM ? operand_bytes(p) : 0;
	p += (form & IMM8 ? 1 : 0) + (form & IMM16 ? 2 : 0) + (form & IMM32 ? (small ? 2 : 4) : 0);
	return (size_t)(p - start);
}

// ---- calls ----

#define UNKNOWN   (-1)
#define REGISTERS 16

// What is known of the registers at some place of the code; the first takes the number of a call.
struct registers {
	long values[REGISTERS];
	bool first_is_set; // by a move
};

static void set_register(struct registers *r, unsigned which, long value)
{
	r->values[which] = value;
	r->first_is_set |= which == 0;
}

// A move between registers, from memory, or of a register to itself by xor: what p has behind its
// prefix tells.
static void move(struct registers *r, const unsigned char *p, unsigned rex)
{
	unsigned reg = (p[1] >> 3 & 7) | (rex & 4 ? 8 : 0), rm = (p[1] & 7) | (rex & 1 ? 8 : 0);
	bool between = p[1] >> 6 == 3;

	if ((*p == 0x31 || *p == 0x33) && between && reg == rm)
		set_register(r, rm, 0);
	else if (*p == 0x89 && between)
		set_register(r, rm, r->values[reg]);
	else if (*p == 0x8b)
		set_register(r, reg, between ? r->values[rm] : UNKNOWN);
}

static void follow(struct registers *r, const unsigned char *p)
{
	unsigned rex = (*p & 0xf0) == 0x40 ? *p++ : 0;
	int32_t value;

	if ((*p & 0xf8) == 0xb8 && !(rex & 8)) {
		memcpy(&value, p + 1, sizeof value);
		set_register(r, (*p & 7) | (rex & 1 ? 8 : 0), value);
	} else if (*p == 0xc7 && (p[1] & 0xf8) == 0xc0) {
		memcpy(&value, p + 2, sizeof value);
		set_register(r, (p[1] & 7) | (rex & 1 ? 8 : 0), value);
	} else {
		move(r, p, rex);
	}
}

// Reads on from p to the call at end: whether it comes out there, and what is known then.
static bool comes_to(const unsigned char *p, const unsigned char *end, struct registers *r)
{
	*r = (struct registers){0};
	for (int i = 0; i < REGISTERS; i++)
		r->values[i] = UNKNOWN;
	while (p < end) {
		size_t n = length(p);
		if (n > 0)
			follow(r, p);
		p += n > 0 ? n : 1;
	}
	return p == end;
}

// Tables may lie among code, and look like it: nothing puts a number into its register there.
static bool is_call_that_looks(const unsigned char *code, size_t at)
{
	size_t most = at < BEFORE ? at : BEFORE, least = most < 24 ? most : 24;
	size_t harmful = 0;

	for (size_t back = least; back <= most; back++) {
		struct registers r;
		bool reads = comes_to(code + at - back, code + at, &r) && r.first_is_set;
		harmful += reads && (r.values[0] == UNKNOWN || call_looks(r.values[0]));
	}
	return 2 * harmful > most - least + 1;
}

bool instructions_have_calls(const unsigned char *code, size_t n)
{
	static const unsigned char call[] = {0x0f, 0x05};
	const unsigned char *end = code + n, *p = code;

	while (p < end && (p = memmem(p, (size_t)(end - p), call, sizeof call)) != NULL) {
		if (is_call_that_looks(code, (size_t)(p - code)))
			return true;
		p++;
	}
	return false;
}

#elif defined __aarch64__

bool instructions_have_calls(const unsigned char *code, size_t n)
{
	static const unsigned char call[] = {0x01, 0x00, 0x00, 0xd4};

	for (size_t i = 0; i + sizeof call <= n; i += sizeof call)
		if (memcmp(code + i, call, sizeof call) == 0)
			return true;
	return false;
}

#else

bool instructions_have_calls(const unsigned char *code, size_t n)
{
	(void)code;
	(void)n;
	return false;
}

#endif
