/* Another text of a step, or another value of a parameter, for this session; and into the file. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"
#include "engine/spec/suggest.h"
#include "engine/spec/spec_edit.h"

enum { STOPPED = 1 << SESSION_STOPPED };

int session_check_edit(const struct session *session, size_t step, struct err *err)
{
	if (session_check_step(session, step, err) < 0)
		return -1;
	if (session->state == SESSION_STOPPED || step > session->position)
		return 0;
	return err_set(err, ERR_USAGE,
		       "step %zu cannot be edited while step %zu is running or paused, only those "
		       "behind that: wait, or `kill` it",
		       step, session->position);
}

/* What is known of step, and of all behind it, is of the former spec. */
static void forget_from(struct session *session, size_t step)
{
	session_drop_leftover(session);
	session_forget_after(session, step);
	for (size_t i = step; i <= session->n_steps; i++)
		session_place(session, i)->ran = false;
	session_place(session, step)->status.key[0] = '\0';
	if (session->position > step)
		session->position = step;
}

/* What runs was begun with the spec of then, and needs it to its end. Those that come later are of no use to it. */
static void drop_spec(struct session *session, struct spec *spec)
{
	if (session->run && !session->spec_of_run)
		session->spec_of_run = spec;
	else
		spec_free(spec);
}

/* The new spec takes the place of the old one, which stays if it is what is in the file. */
static void take_spec(struct session *session, struct spec *spec, size_t edited)
{
	if (edited && !session->original)
		session->original = session->spec;
	else
		drop_spec(session, session->spec);
	session->spec = spec;
	session->at_failure = false;
	breakpoints_resolve(&session->breakpoints, spec, edited);
}

int session_replace_step(struct session *session, size_t step, const char *text, size_t length,
			 struct diagnostics *ret_diagnostics, struct err *err)
{
	AUTO_BUF struct buf file = BUF_INIT;
	struct spec *spec = NULL;

	if (session_check_edit(session, step, err) < 0)
		return -1;
	if (spec_edit_replace(session->spec, session_spec_step(session, step), text, length, &file,
			      err) < 0)
		return -1;
	if (spec_parse(session->spec->path, file.data, file.len, &session->spec_options, &spec,
		       ret_diagnostics, err) < 0)
		return -1;
	if (ret_diagnostics->len || spec->n_steps != session->n_steps) {
		spec_free(spec);
		return err_set(err, ERR_USAGE, "the new text of step %zu is not valid", step);
	}
	take_spec(session, spec, step);
	forget_from(session, step);
	session_place(session, step)->status.flags |= STEP_EDITED;
	return 0;
}

const struct buf *session_file_text(const struct session *session)
{
	return session->original ? &session->original->text : &session->spec->text;
}

bool session_has_edits(const struct session *session)
{
	const struct spec *spec = session->spec, *original = session->original;

	return original && (spec->text.len != original->text.len ||
			    memcmp(spec->text.data, original->text.data, spec->text.len) != 0);
}

bool session_is_edited(const struct session *session, size_t step)
{
	AUTO_BUF struct buf now = BUF_INIT, file = BUF_INIT;

	if (!session->original)
		return false;
	spec_edit_text(session->spec, session_spec_step(session, step), &now);
	spec_edit_text(session->original, &session->original->steps[step - 1], &file);
	return strcmp(now.data, file.data) != 0;
}

int session_write_edits(struct session *session, struct err *err)
{
	if (session_require(session, STOPPED, err) < 0)
		return -1;
	if (!session_has_edits(session))
		return err_set(err, ERR_USAGE, "no step is edited: there is nothing to write");
	if (spec_edit_write(session->original, session->spec->text.data, session->spec->text.len,
			    err) < 0)
		return -1;
	spec_free(take_ptr(&session->original));
	for (size_t i = 1; i <= session->n_steps; i++)
		session_place(session, i)->status.flags &= (unsigned)~STEP_EDITED;
	return 0;
}

static void digest(const struct step *step, char ret_hex[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	step_hash(step, sha);
	sha256_finish(sha, ret_hex);
}

/* The first step that is another one in the other spec; 0: none. */
static size_t first_changed(const struct spec *before, const struct spec *after)
{
	for (size_t i = 0; i < before->n_steps; i++) {
		char old[SHA256_HEX_SIZE], new[SHA256_HEX_SIZE];

		digest(&before->steps[i], old);
		digest(&after->steps[i], new);
		if (strcmp(old, new) != 0)
			return i + 1;
	}
	return 0;
}

/* Reads the session's text with these parameters; it must be valid with them. */
static struct spec *parse_with(const struct session *session, const struct strv *parameters,
			       struct err *err)
{
	struct spec_options options = session->spec_options;
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;

	options.parameters = parameters;
	if (spec_parse(session->spec->path, session->spec->text.data, session->spec->text.len,
		       &options, &spec, &diagnostics, err) == 0 &&
	    (diagnostics.len || spec->n_steps != session->n_steps)) {
		err_set(err, ERR_USAGE, "%s",
			diagnostics.len ? diagnostics.items[0].text
					: "the build would have other steps");
		spec_free(take_ptr(&spec));
	}
	diagnostics_release(&diagnostics);
	return spec;
}

/* The spec with the new parameters takes the place of the old one. */
static void take_parameters(struct session *session, struct spec *spec, struct strv *parameters)
{
	size_t changed = first_changed(session->spec, spec);

	strv_release(&session->parameters);
	session->parameters = *parameters;
	*parameters = (struct strv){0};
	take_spec(session, spec, 0);
	if (!changed)
		return;
	forget_from(session, changed);
	if (session_step(session, changed)->result != STEP_PENDING)
		session_place(session, changed)->status.flags |= STEP_STALE;
}

/* Fails for a parameter that the specification does not declare. */
static int check_declared(const struct spec *spec, const char *name, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < spec->n_parameters; i++) {
		if (!strcmp(spec->parameters[i].name, name))
			return 0;
		strv_add(&known, spec->parameters[i].name);
	}
	suggestion = suggest_text(name, &known);
	return err_set(err, ERR_USAGE, "there is no parameter '%s'%s", short_text(name).text,
		       suggestion);
}

int session_set_parameter(struct session *session, const char *setting, struct err *err)
{
	const char *equals = strchr(setting, '=');
	AUTO_FREE char *name = NULL;
	AUTO_STRV struct strv parameters = {0};
	struct spec *spec;

	if (session_require(session, STOPPED, err) < 0)
		return -1;
	if (!equals || equals == setting)
		return err_set(err, ERR_USAGE, "usage: set NAME=VALUE");
	name = mem_strndup(setting, (size_t)(equals - setting));
	if (check_declared(session->spec, name, err) < 0)
		return -1;
	strv_extend(&parameters, &session->parameters);
	strv_setenv(&parameters, name, equals + 1);
	spec = parse_with(session, &parameters, err);
	if (!spec)
		return -1;
	take_parameters(session, spec, &parameters);
	return 0;
}
