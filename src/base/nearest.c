// SPDX-License-Identifier: MIT
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LETTERS_PER_ERROR 3
#define LENGTH_MAX        64 // nothing longer is a name of ours

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

// The distance of optimal string alignment: Levenshtein's table, a row for each letter of the word,
// where the swap of two neighbours is one error.
size_t nearest_distance(const char *word, size_t n, const char *name)
{
	size_t columns = strlen(name) + 1;
	size_t *rows[3];

	for (size_t i = 0; i < 3; i++)
		rows[i] = xcalloc(columns, sizeof **rows);
	for (size_t j = 0; j < columns; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j < columns; j++) {
			row[j] = above[j - 1] + (word[i - 1] != name[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && word[i - 1] == name[j - 2] &&
			    word[i - 2] == name[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	size_t distance = rows[n % 3][columns - 1];
	for (size_t i = 0; i < 3; i++)
		free(rows[i]);
	return distance;
}

void nearest_offer(struct nearest *s, const char *name)
{
	if (s->n > LENGTH_MAX)
		return;
	size_t distance = nearest_distance(s->word, s->n, name);
	size_t letters = s->n > strlen(name) ? s->n : strlen(name);

	if (distance * LETTERS_PER_ERROR > letters || (s->best && distance >= s->distance))
		return;
	s->best = name;
	s->distance = distance;
}
