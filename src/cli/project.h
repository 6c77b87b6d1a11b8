// SPDX-License-Identifier: MIT
// firmo-jobs.json, the settings of a project. Its keys are the names of options.
#ifndef CLI_PROJECT_H
#define CLI_PROJECT_H

struct err;
struct settings;

#define PROJECT_FILE "firmo-jobs.json"

// Adds what the file in the current folder says, and that profile of it (or NULL), to what has been
// said in o. Without a file nothing is said. The message of an error names the line of what is no
// JSON, and the key of what is wrong.
int project_read(struct settings *o, const char *profile, struct err *err);
// The person's own file, be it there or not; the caller frees it. NULL: there can be none.
char *project_user_path(void);
// The same of the person's own file, $XDG_CONFIG_HOME/firmo-jobs.json: what a terminal is to show.
int project_read_user(struct settings *o, struct err *err);

#endif
