// SPDX-License-Identifier: MIT
#include "coverage/hook/entries.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coverage/hook/chunk.h"

static char memory[64]; // its path
static struct memory_head *head;
static char *steps[MEMORY_TEXT / MEMORY_STEP]; // those that are mapped

// No descriptor stays open: a test may count its own.
static char *map(uint64_t at, uint64_t bytes)
{
	int fd = open(memory, O_RDWR | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED
			 : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);

	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

bool entries_open(const char *path)
{
	if (strlen(path) >= sizeof memory)
		return false;
	strcpy(memory, path);
	head = (void *)(steps[0] = map(0, MEMORY_STEP));
	return head && head->format == MEMORY_FORMAT;
}

struct memory_head *entries_head(void)
{
	return head;
}

// Where so many bytes are ours alone; 0: nowhere.
static uint64_t reserve(uint64_t bytes)
{
	uint64_t used = atomic_load(&head->used), at;

	do {
		at = used;
		if (at / MEMORY_STEP != (at + bytes - 1) / MEMORY_STEP)
			at = (at + MEMORY_STEP - 1) / MEMORY_STEP * MEMORY_STEP;
		if (bytes > MEMORY_TEXT - at)
			return 0;
	} while (!atomic_compare_exchange_weak(&head->used, &used, at + bytes));
	return at;
}

static char *reach(uint64_t at, uint64_t bytes)
{
	uint64_t step = at / MEMORY_STEP;

	if (bytes > MEMORY_STEP)
		return map(at, bytes);
	if (!steps[step])
		steps[step] = map(step * MEMORY_STEP, MEMORY_STEP);
	return steps[step] ? steps[step] + at % MEMORY_STEP : NULL;
}

// ---- a source ----

// What its chunk tells: first how much, then what.
struct source {
	struct memory_entry entry;
	char *at;       // NULL: how much
	uint64_t place; // of it in the memory
	struct memory_layout layout;
	uint32_t function;
};

static void take_line(void *owner, int line)
{
	struct source *s = owner;

	if (!s->at && (uint32_t)line > s->entry.lines)
		s->entry.lines = (uint32_t)line;
	if (s->at && (uint32_t)line <= s->entry.lines)
		s->at[s->layout.active + (unsigned)line / 8] |= (char)(1 << line % 8);
}

static void take_function(void *owner, int first, int last)
{
	struct source *s = owner;

	if (s->at && s->function < s->entry.functions)
		((struct memory_function *)(s->at + s->layout.functions))[s->function++] =
			(struct memory_function){(uint32_t)first, (uint32_t)last};
	else if (!s->at)
		s->entry.functions++;
	if (!s->at && last > 0 && (uint32_t)last > s->entry.lines)
		s->entry.lines = (uint32_t)last;
}

static bool place(struct source *s, const char *name)
{
	uint32_t number = atomic_load(&head->entries);

	s->layout = memory_layout_of(&s->entry);
	s->place = number < MEMORY_ENTRIES ? reserve(s->layout.bytes) : 0;
	s->at = s->place > 0 ? reach(s->place, s->layout.bytes) : NULL;
	if (!s->at)
		return false;
	memcpy(s->at, &s->entry, sizeof s->entry);
	memcpy(s->at + sizeof s->entry, name, s->entry.name_bytes);
	return true;
}

// Now it is whole.
static bool publish(const struct source *s)
{
	uint32_t number = atomic_fetch_add(&head->entries, 1);

	if (number >= MEMORY_ENTRIES)
		return false;
	atomic_store(&head->places[number], s->place);
	return true;
}

bool entries_add(const char *name, uint32_t lines, const void *chunk, size_t n, struct counters *c)
{
	struct source s = {.entry = {.lines = lines, .name_bytes = (uint32_t)strlen(name) + 1}};
	const struct chunk_reader reader = {take_line, take_function, &s};

	s.entry.is_known = chunk && chunk_read(chunk, n, &reader) == 0;
	if (!s.entry.is_known)
		s.entry.functions = 0;
	if (!place(&s, name)) {
		atomic_fetch_add(&head->lost, 1);
		return false;
	}
	if (s.entry.is_known)
		chunk_read(chunk, n, &reader);
	*c = (struct counters){(uint32_t *)(s.at + s.layout.counts),
			       (uint32_t *)(s.at + s.layout.calls), s.entry.lines};
	return publish(&s);
}
