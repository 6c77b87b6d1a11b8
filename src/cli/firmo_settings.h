// SPDX-License-Identifier: MIT
// .firmo-config.lua, Firmo's own settings: its section `parallel` holds here as well.
#ifndef CLI_FIRMO_SETTINGS_H
#define CLI_FIRMO_SETTINGS_H

struct statements;

// Appends what the file in the current folder says, evaluated by the interpreter that later
// statements ask for. What is wrong with it is warned of and left out: Firmo would go on, too.
void firmo_settings_read(struct statements *said, const struct statements *later);
// Has every firmo-jobs below us, as make starts them, go by the same, without reading it again.
void firmo_settings_hand_down(const struct statements *said);

#endif
