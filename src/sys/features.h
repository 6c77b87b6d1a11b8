// SPDX-License-Identifier: MIT
// What this machine allows of what the program asks the system for and can do without.
#ifndef SYS_FEATURES_H
#define SYS_FEATURES_H

#include <stdbool.h>

struct feature {
	const char *name;
	bool (*is_there)(void); // asks the system at this moment, and changes nothing
	const char *without;    // what comes of it where it is missing
};

// Ended by one without a name.
extern const struct feature features[];

#endif
