// SPDX-License-Identifier: MIT
// Firmo's own settings, of which the section `parallel` is about what this program does.
#ifndef FRAMEWORK_FIRMO_H
#define FRAMEWORK_FIRMO_H

#include "base/embed.h"

#define FIRMO_FILE    ".firmo-config.lua"
#define FIRMO_SECTION "parallel"

// The program that evaluates the file; see its own head for how it is run and what it answers.
const struct embedded *firmo_evaluator(void);

#endif
