// SPDX-License-Identifier: MIT
// What is kept of fixtures (model/fixture.h) from run to run: the variables that each setup has
// given last. As long as no setup has run, the passes of its files are judged by these.
#ifndef CLI_FIXTURES_H
#define CLI_FIXTURES_H

#include "base/digest.h"
#include "model/fixture.h"

struct settings;

// Fills all, in place of what was there, with the fixtures of the settings, whose texts they share.
void fixtures_load(struct fixtures *all, const struct settings *settings);
// Keeps the variables of one of them, if the settings have a history.
void fixtures_keep(const struct fixture *f, const struct settings *settings);
// Takes the variables that were kept last.
void fixtures_read(struct fixture *f, const struct settings *settings);
// What it is called by: another command is another fixture.
void fixtures_identify(const struct fixture *f, char digits[2 * DIGEST_SIZE + 1]);
// The one that is called so, or NULL.
struct fixture *fixtures_find(struct fixtures *all, const char *digits);
void fixtures_release(struct fixtures *all);

#endif
