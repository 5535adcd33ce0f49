/* The artifacts of a build that has come to its end, as files. */
#include <stdlib.h>
#include <string.h>

#include "engine/actions/artifact.h"
#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

static int export_artifact(struct session *session, const char *entry, struct err *err)
{
	struct store *store = host_store(session->host);
	AUTO_FREE char *name = mem_strndup(entry, strcspn(entry, "="));
	AUTO_FREE char *file_name = NULL;
	const char *dir = host_artifact_dir(session->host), *suffix;
	const char *digest = strchr(entry, '=') + 1;
	AUTO_CLOSE int fd = blob_open(store, digest, err);

	if (fd < 0)
		return err_in(err, "cannot write the artifact '%s'", name);
	suffix = artifact_suffix_of(fd);
	if (!suffix)
		return err_set(err, ERR_FAULT, "the artifact '%s' is damaged in the store", name);
	file_name = mem_printf("%s.%s", name, suffix);
	if (store_export_artifact(store, digest, dir, file_name, err) < 0)
		return -1;
	artifact_remove_others(dir, name, suffix);
	return 0;
}

int session_export_artifacts(struct session *session, struct err *err)
{
	const struct place *place = session_place(session, session->position);

	for (size_t i = 0; i < place->before.artifacts.len; i++) {
		if (export_artifact(session, place->before.artifacts.items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* What is a person's own in the build, and not the specification's; or NULL. */
static const char *made_by_hand(const struct session *session)
{
	if (session_has_edits(session))
		return "edits are not in the file (`write`)";
	for (size_t step = 1; step <= session->n_steps; step++) {
		if (session_step(session, step)->flags & STEP_ADOPTED)
			return "a step's result is adopted";
	}
	return NULL;
}

void session_add_artifacts(const struct session *session, struct buf *out)
{
	const struct strv *artifacts = &session_place(session, session->position)->before.artifacts;

	if (artifacts->len)
		buf_add_fmt(out, "artifact%s ", artifacts->len > 1 ? "s" : "");
	for (size_t i = 0; i < artifacts->len; i++) {
		const char *entry = artifacts->items[i];

		buf_add_str(out, i ? ", " : "");
		buf_add_shown(out, entry, strcspn(entry, "="));
	}
}

int session_deliver_artifacts(struct session *session, struct buf *ret_text, struct err *err)
{
	const struct strv *artifacts = &session_place(session, session->position)->before.artifacts;
	const char *dir = host_artifact_dir(session->host), *why = made_by_hand(session);

	if (!artifacts->len)
		return 0;
	if (!why && session_export_artifacts(session, err) < 0)
		return -1;
	session_add_artifacts(session, ret_text);
	buf_add_str(ret_text, why ? " not written to " : " written to ");
	buf_add_shown(ret_text, dir, strlen(dir));
	if (why)
		buf_add_fmt(ret_text, ": %s", why);
	return 0;
}
