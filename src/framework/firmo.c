// SPDX-License-Identifier: MIT
#include "framework/firmo.h"

EMBED(evaluator, "src/framework/lua/firmo_settings.lua");

const struct embedded *firmo_evaluator(void)
{
	return &evaluator;
}
