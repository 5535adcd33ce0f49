/* store_schema.h: the tables of the index and all that is ever asked of them. */
#ifndef ENGINE_STORE_STORE_SCHEMA_H
#define ENGINE_STORE_STORE_SCHEMA_H

#include "engine/store/store_db.h"

/* Makes all tables of an empty database, in one transaction. */
const char *schema_text(void);
/* Adds what a database of this format lacks to be of the next, in one transaction. */
const char *schema_upgrade(int format);
const char *schema_statement(enum sql sql);

#endif
