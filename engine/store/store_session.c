#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

char *store_get_session(struct store *store, const char *spec_path, const char *kind)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt =
		db_query(store->db, SQL_GET_SESSION, &ignored, "ss", spec_path, kind);

	return db_step(store->db, stmt, &ignored) > 0 ? mem_strdup(db_text(stmt, 0)) : NULL;
}

int store_set_session(struct store *store, const char *spec_path, const char *kind,
		      const char *value, struct err *err)
{
	struct db *db = store->db;

	if (!value)
		return db_run(db, db_query(db, SQL_DELETE_SESSION, err, "ss", spec_path, kind),
			      err);
	return db_run(db, db_query(db, SQL_SET_SESSION, err, "sss", spec_path, kind, value), err);
}
