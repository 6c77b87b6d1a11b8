// SPDX-License-Identifier: MIT
// What options take whose value is more than one number or word, as struct option_row has it
// (read).
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

struct err;
struct settings;

// How often at most anything is counted or done.
#define VALUES_COUNT_MAX 1000000000L

// Ended by NULL.
extern const char *const values_trusts[];
extern const char *const values_orders[];

int values_timeout(struct settings *o, const char *value, struct err *err);
int values_limit(struct settings *o, const char *value, struct err *err);
int values_max_load(struct settings *o, const char *value, struct err *err);
int values_fail_fast(struct settings *o, const char *value, struct err *err);
int values_max_failures(struct settings *o, const char *value, struct err *err);
int values_filter(struct settings *o, const char *value, struct err *err);
int values_tag(struct settings *o, const char *value, struct err *err);
int values_exclude_tag(struct settings *o, const char *value, struct err *err);
int values_trust(struct settings *o, const char *value, struct err *err);
int values_order(struct settings *o, const char *value, struct err *err);
int values_framework(struct settings *o, const char *value, struct err *err);
int values_report(struct settings *o, const char *value, struct err *err);
int values_coverage_min(struct settings *o, const char *value, struct err *err);
int values_coverage_diff(struct settings *o, const char *value, struct err *err);
int values_related_git(struct settings *o, const char *value, struct err *err);
int values_env(struct settings *o, const char *value, struct err *err);
int values_lock(struct settings *o, const char *value, struct err *err);
int values_locks(struct settings *o, const char *value, struct err *err);
int values_quarantine(struct settings *o, const char *value, struct err *err);
int values_verbose(struct settings *o, const char *value, struct err *err);
int values_quiet(struct settings *o, const char *value, struct err *err);

#endif
