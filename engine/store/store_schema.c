#include "engine/store/store_schema.h"

/* The columns of attempts are in the order of store_row.c.
 * durable: 0 not yet, 1 on the disk, -1 never: writing it to the disk failed.
 * squashes: layers made of others (squash.h); `number` has layers/ID if `made`, else it was found not to be
 * worth it; `ids` are the layers it stands for, `last` the topmost of them.
 * bytes, logs_sum, layer_sum: sums.h; NULL until they are known.
 * doomed: attempts whose rows are gone and whose files still have to go. */
static const char *const upgrades[STORE_FORMAT + 1] = {
	[2] = "BEGIN IMMEDIATE;"
	      "CREATE TABLE squashes (number INTEGER PRIMARY KEY, tree INTEGER, level INTEGER,"
	      " last TEXT, ids TEXT, made INTEGER, UNIQUE (tree, last, level));"
	      "PRAGMA user_version = 2;"
	      "COMMIT;",
	[3] = "BEGIN IMMEDIATE;"
	      "ALTER TABLE attempts ADD COLUMN bytes INTEGER;"
	      "ALTER TABLE attempts ADD COLUMN logs_sum TEXT;"
	      "ALTER TABLE attempts ADD COLUMN layer_sum TEXT;"
	      "ALTER TABLE squashes ADD COLUMN bytes INTEGER;"
	      "ALTER TABLE squashes ADD COLUMN layer_sum TEXT;"
	      "CREATE INDEX attempts_bytes ON attempts (bytes);"
	      "PRAGMA user_version = 3;"
	      "COMMIT;",
};
static const char tables[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('number', 0);"
	"CREATE TABLE attempts (number INTEGER PRIMARY KEY, key TEXT, spec_path TEXT,"
	" step INTEGER, name TEXT, action TEXT, result INTEGER, exit_status INTEGER,"
	" message TEXT, adopted INTEGER, started_ms INTEGER, duration_ms INTEGER,"
	" has_systree INTEGER, has_workspace INTEGER, has_tmp INTEGER,"
	" before_systree_key TEXT, before_workspace_key TEXT, before_systree TEXT,"
	" before_workspace TEXT, before_artifacts BLOB,"
	" after_systree_key TEXT, after_workspace_key TEXT, after_systree TEXT,"
	" after_workspace TEXT, after_artifacts BLOB,"
	" ingredients TEXT, durable INTEGER, boot TEXT,"
	" bytes INTEGER, logs_sum TEXT, layer_sum TEXT);"
	"CREATE INDEX attempts_key ON attempts (key, number);"
	"CREATE INDEX attempts_step ON attempts (spec_path, step, number);"
	"CREATE INDEX attempts_volatile ON attempts (number) WHERE durable <= 0;"
	"CREATE INDEX attempts_bytes ON attempts (bytes);"
	"CREATE TABLE squashes (number INTEGER PRIMARY KEY, tree INTEGER, level INTEGER,"
	" last TEXT, ids TEXT, made INTEGER, bytes INTEGER, layer_sum TEXT,"
	" UNIQUE (tree, last, level));"
	"CREATE TABLE doomed (number INTEGER PRIMARY KEY);"
	"CREATE TABLE files (dev INTEGER, ino INTEGER, size INTEGER, mtime_ns INTEGER,"
	" ctime_ns INTEGER, digest TEXT, UNIQUE (dev, ino));"
	"CREATE TABLE sessions (spec_path TEXT, kind TEXT, value TEXT,"
	" PRIMARY KEY (spec_path, kind)) WITHOUT ROWID;"
	"PRAGMA user_version = 3;"
	"COMMIT;";

/* "durable <= 0" is repeated where the partial index is meant. */
static const char *const statements[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	/* Another one whenever another connection has changed the index (sqlite.org/pragma.html). */
	[SQL_DATA_VERSION] = "PRAGMA data_version",
	[SQL_NEXT_NUMBER] =
		"UPDATE meta SET value = value + 1 WHERE name = 'number' RETURNING value",
	[SQL_GET_META] = "SELECT value FROM meta WHERE name = ?1",
	[SQL_SET_META] = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
	[SQL_DELETE_META] = "DELETE FROM meta WHERE name = ?1",
	[SQL_INSERT_ATTEMPT] =
		"INSERT INTO attempts VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
		"?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,NULL,NULL,NULL)",
	[SQL_GET_ATTEMPT] = "SELECT * FROM attempts WHERE number = ?1",
	[SQL_NEXT_ATTEMPT] = "SELECT * FROM attempts WHERE number > ?1 ORDER BY number LIMIT 1",
	[SQL_FIND_PASSED] = "SELECT * FROM attempts WHERE key = ?1 AND number < ?2 AND result = 0"
			    " AND durable >= 0 ORDER BY number DESC LIMIT 1",
	[SQL_FIND_LATEST] = "SELECT * FROM attempts WHERE key = ?1 ORDER BY number DESC LIMIT 1",
	[SQL_FIND_LATEST_OF_STEP] = "SELECT * FROM attempts WHERE spec_path = ?1 AND step = ?2"
				    " ORDER BY number DESC LIMIT 1",
	[SQL_FIND_PASSED_OF_STEP] = "SELECT * FROM attempts WHERE spec_path = ?1 AND step = ?2"
				    " AND result = 0 ORDER BY number DESC LIMIT 1",
	[SQL_LIST_NUMBERS] = "SELECT number FROM attempts ORDER BY number",
	[SQL_LIST_CHAINS] = "SELECT number, before_systree, before_workspace, after_systree,"
			    " after_workspace FROM attempts UNION ALL"
			    " SELECT number, ids, '', '', '' FROM squashes ORDER BY 1",
	[SQL_RAISE_NUMBER] = "INSERT OR REPLACE INTO meta SELECT 'number', max(?1,"
			     " coalesce((SELECT value FROM meta WHERE name = 'number'), 0),"
			     " coalesce((SELECT max(number) FROM attempts), 0))",
	[SQL_DOOM] = "INSERT OR IGNORE INTO doomed VALUES (?1)",
	[SQL_IS_DOOMED] = "SELECT 1 FROM doomed WHERE number = ?1",
	[SQL_DELETE_DOOMED] = "DELETE FROM attempts WHERE number IN (SELECT number FROM doomed)",
	[SQL_UNDOOM] = "DELETE FROM doomed WHERE number = ?1",
	[SQL_LIST_DOOMED] = "SELECT number FROM doomed",
	[SQL_LIST_OTHER_BOOT] = "SELECT number FROM attempts WHERE durable <= 0 AND boot != ?1"
				" ORDER BY number",
	[SQL_LIST_VOLATILE] = "SELECT number FROM attempts WHERE durable <= 0 AND durable = 0"
			      " AND boot = ?1",
	[SQL_HAS_VOLATILE] = "SELECT 1 FROM attempts WHERE durable <= 0 AND durable = 0 LIMIT 1",
	[SQL_HAS_LOST] = "SELECT 1 FROM attempts WHERE durable <= 0 AND durable < 0 LIMIT 1",
	[SQL_IS_LOST] = "SELECT 1 FROM attempts WHERE number = ?1 AND durable < 0",
	[SQL_SET_DURABLE] = "UPDATE attempts SET durable = ?2 WHERE number = ?1",
	[SQL_FIND_SQUASH] =
		"SELECT number, ids FROM squashes WHERE tree = ?1 AND last = ?2 AND made"
		" ORDER BY level DESC",
	[SQL_HAS_SQUASH] = "SELECT 1 FROM squashes WHERE tree = ?1 AND last = ?2 AND level = ?3",
	[SQL_INSERT_SQUASH] = "INSERT OR IGNORE INTO squashes VALUES"
			      " (?1,?2,?3,?4,?5,?6,NULL,NULL)",
	[SQL_LIST_SQUASHES] =
		"SELECT number, tree, ids, bytes FROM squashes WHERE made ORDER BY number",
	[SQL_DELETE_DOOMED_SQUASHES] =
		"DELETE FROM squashes WHERE number IN (SELECT number FROM doomed)",
	[SQL_HAS_NUMBER] = "SELECT 1 FROM attempts WHERE number = ?1 UNION ALL"
			   " SELECT 1 FROM squashes WHERE number = ?1",
	[SQL_LIST_UNSUMMED] = "SELECT number FROM attempts WHERE bytes IS NULL UNION ALL"
			      " SELECT number FROM squashes WHERE made AND bytes IS NULL LIMIT 256",
	[SQL_COUNT_UNSUMMED] =
		"SELECT (SELECT count(*) FROM attempts WHERE bytes IS NULL OR logs_sum = ''"
		" OR (layer_sum = '' AND (has_systree OR has_workspace OR has_tmp)))"
		" + (SELECT count(*) FROM squashes WHERE made AND coalesce(layer_sum, '') = '')",
	[SQL_LIST_SUMMED] = "SELECT number FROM attempts WHERE bytes IS NOT NULL UNION ALL"
			    " SELECT number FROM squashes WHERE bytes IS NOT NULL",
	[SQL_SET_SUMS] = "UPDATE attempts SET bytes = ?2, logs_sum = ?3, layer_sum = ?4"
			 " WHERE number = ?1",
	[SQL_SET_SQUASH_SUMS] = "UPDATE squashes SET bytes = ?2, layer_sum = ?4 WHERE number = ?1"
				" AND ?3 = ''",
	[SQL_GET_SUMS] =
		"SELECT bytes, logs_sum, layer_sum FROM attempts WHERE number = ?1"
		" AND bytes IS NOT NULL UNION ALL SELECT bytes, '', layer_sum FROM squashes"
		" WHERE number = ?1 AND bytes IS NOT NULL",
	[SQL_KNOWN_BYTES] = "SELECT coalesce((SELECT sum(bytes) FROM attempts), 0)"
			    " + coalesce((SELECT sum(bytes) FROM squashes), 0)",
	[SQL_FIND_BLOB] = "SELECT 1 FROM attempts WHERE"
			  " instr(after_artifacts, CAST(?1 AS BLOB)) > 0"
			  " OR instr(before_artifacts, CAST(?1 AS BLOB)) > 0 LIMIT 1",
	[SQL_GET_FILE] = "SELECT digest FROM files WHERE dev = ?1 AND ino = ?2 AND size = ?3"
			 " AND mtime_ns = ?4 AND ctime_ns = ?5",
	[SQL_SET_FILE] = "INSERT OR REPLACE INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	/* A replaced row gets a new rowid, so the least ones were not looked at for longest. */
	[SQL_TRIM_FILES] = "DELETE FROM files WHERE rowid <="
			   " (SELECT max(rowid) FROM files) - 200000",
	[SQL_GET_SESSION] = "SELECT value FROM sessions WHERE spec_path = ?1 AND kind = ?2",
	[SQL_SET_SESSION] = "INSERT OR REPLACE INTO sessions VALUES (?1, ?2, ?3)",
	[SQL_DELETE_SESSION] = "DELETE FROM sessions WHERE spec_path = ?1 AND kind = ?2",
	[SQL_COUNT_ATTEMPTS] = "SELECT count(*),"
			       " count(*) FILTER (WHERE has_systree OR has_workspace OR has_tmp),"
			       " count(*) FILTER (WHERE result != 0),"
			       " (SELECT count(*) FROM squashes WHERE made) FROM attempts",
};

const char *schema_text(void)
{
	return tables;
}

const char *schema_upgrade(int format)
{
	return upgrades[format + 1];
}

const char *schema_statement(enum sql sql)
{
	return statements[sql];
}
