// SPDX-License-Identifier: MIT
// The shape of the database, and the way from every older shape to it.
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

struct err;
struct store;

// Makes a database one of ours: PRAGMA application_id, "Fjob".
#define SCHEMA_MARK 0x466a6f62

// The version this program writes: PRAGMA user_version of its databases.
int schema_version(void);
// Brings the database from its version to `version` in one transaction. SQLITE_OK, or sqlite's code
// and err; it is unchanged then.
int schema_migrate(struct store *s, int version, struct err *err);

#endif
