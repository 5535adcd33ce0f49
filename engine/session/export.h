/* export.h: copying a build's workspace out into a directory of the person's.
 *
 * A worker inside the namespaces packs the workspace, a worker outside unpacks it with the
 * person's own rights: the files belong to the person, without set-id bits.
 */
#ifndef ENGINE_SESSION_EXPORT_H
#define ENGINE_SESSION_EXPORT_H

#include "engine/base/err.h"
#include "engine/session/session.h"

struct export;

/* Copies the workspace of the session's present state to dir, which must not exist or be empty.
 * ended() is called once, from the loop; err is NULL when all is copied. Free with export_free(),
 * which also ends it. */
int export_start(struct session *session, const char *dir,
		 void (*ended)(void *data, const struct err *err), void *data,
		 struct export **ret_export, struct err *err);
void export_free(struct export *export);

#endif
