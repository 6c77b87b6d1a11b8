// SPDX-License-Identifier: MIT
#include "plan/mentions.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/job.h"

#define WORD_MAX 128

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

// The word by which the file would be named: "test_env" of spec/util/test_env.lua. 0: none.
static size_t word_of(const char *path, const char **word)
{
	const char *base = path_base(path), *dot = strrchr(base, '.');
	const char *end = dot ? dot : base + strlen(base);

	*word = end;
	while (*word > base && in_word((*word)[-1]))
		--*word;
	return (size_t)(end - *word);
}

void mentions_begin(struct mentions *m, struct jobs *jobs)
{
	*m = (struct mentions){.jobs = jobs, .next = xcalloc(jobs->n + 1, sizeof *m->next)};
	for (size_t i = 0; i < jobs->n; i++) {
		char word[WORD_MAX];
		const char *start;
		size_t n = word_of(jobs->items[i].path, &start);
		if (jobs->items[i].found != FOUND_BY_NAME || n == 0 || n >= sizeof word)
			continue;
		memcpy(word, start, n);
		word[n] = '\0';
		m->next[i] =
			(size_t)(uintptr_t)map_put(&m->words, word, (void *)(uintptr_t)(i + 1));
	}
}

void mentions_release(struct mentions *m)
{
	map_release(&m->words);
	free(m->next);
}

// All usual names have one of these, so that few words need to be looked up.
static bool says_test(const char *word, size_t n)
{
	return n >= 4 && (memcmp(word, "test", 4) == 0 || memcmp(word, "spec", 4) == 0 ||
			  memcmp(word + n - 4, "test", 4) == 0 ||
			  memcmp(word + n - 4, "spec", 4) == 0 || memmem(word, n, "_spec", 5));
}

static void mark(struct mentions *m, const struct job *by, const char *start, size_t n)
{
	char word[WORD_MAX];

	memcpy(word, start, n);
	word[n] = '\0';
	size_t i = (size_t)(uintptr_t)map_get(&m->words, word);
	for (; i > 0; i = m->next[i - 1])
		if (&m->jobs->items[i - 1] != by)
			m->jobs->items[i - 1].mentioned = true;
}

void mentions_look(struct mentions *m, const struct job *by, const char *text, size_t n)
{
	for (const char *p = text, *end = text + n; p < end;) {
		const char *start = p;
		while (p < end && in_word(*p))
			p++;
		size_t length = (size_t)(p - start);
		if (length < WORD_MAX && says_test(start, length))
			mark(m, by, start, length);
		p += p < end && p == start;
	}
}
