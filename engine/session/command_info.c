/* `info` and `env`: facts, as lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/actions/network.h"
#include "engine/base/mem.h"
#include "engine/session/command_internal.h"
#include "engine/session/session_internal.h"
#include "engine/spec/spec_edit.h"

static void add_shown(struct buf *out, const char *text)
{
	buf_add_shown(out, text, strlen(text));
}

/* "577 bytes", "1.5 MiB" */
static void add_size(struct buf *out, uint64_t bytes)
{
	AUTO_FREE char *text = session_size_text(bytes);

	buf_add_str(out, text);
}

/* Adds each line of text, indented. */
static void add_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		buf_add_str(out, "    ");
		buf_add_shown(out, text, length);
		buf_add_char(out, '\n');
		text += length + (text[length] == '\n');
	}
}

/* --- step */

/* "failed, edited, attempt 7, exit status 1, 3.2 s" */
static void add_status(const struct step_status *status, struct buf *out)
{
	static const struct {
		enum step_flags flag;
		const char *word;
	} flags[] = {{STEP_EDITED, "edited"}, {STEP_ADOPTED, "adopted"}, {STEP_STALE, "stale"}};

	buf_add_str(out, step_result_name(status->result));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (status->flags & flags[i].flag)
			buf_add_fmt(out, ", %s", flags[i].word);
	}
	if (!status->attempt)
		return;
	buf_add_fmt(out, ", attempt %" PRId64, status->attempt);
	if (status->exit_status >= 0)
		buf_add_fmt(out, ", exit status %d", status->exit_status);
	buf_add_fmt(out, ", %.1f s", (double)status->duration_ms / 1000);
}

static int info_step(struct session *session, size_t number, struct buf *out, struct err *err)
{
	const struct step *step = session_spec_step(session, number);
	const struct step_status *status = session_step(session, number);
	AUTO_BUF struct buf text = BUF_INIT;

	(void)err;
	buf_add_fmt(out, "step %zu: ", number);
	add_shown(out, step->name);
	buf_add_fmt(out, "\n  action: %s\n  state: ", step->schema->name);
	add_status(status, out);
	buf_add_str(out, "\n  place: ");
	add_shown(out, session->spec->path);
	buf_add_fmt(out, ":%zu\n  key: %s\n", step->position.line,
		    status->key[0] ? status->key : "not known yet");
	buf_add_str(out, "  text:\n");
	spec_edit_text(session->spec, step, &text);
	add_lines(out, text.data);
	return 0;
}

/* --- sandbox */

static int no_sandbox(size_t number, struct err *err)
{
	return err_set(err, ERR_USAGE, "step %zu runs no program: it has no sandbox", number);
}

/* Who sees to the limit of memory, if there is one. */
static void add_memory_keeper(const struct step *step, struct buf *out)
{
	const char *why = NULL;
	AUTO_FREE char *dir = cgroups_find("", &why);

	if (!step->limits.memory_bytes)
		return;
	if (dir && step->limits.memory_bytes >= cgroup_memory_least)
		buf_add_fmt(out, "\nlimit of memory: kept by the kernel, in a group below %s\n",
			    dir);
	else
		buf_add_fmt(out, "\nlimit of memory: measured%s%s\n", dir ? "" : "; ",
			    dir ? "" : why);
}

static int info_sandbox(struct session *session, size_t number, struct buf *out, struct err *err)
{
	const struct action_input input = session_input(session, number);
	struct network network = {0};
	struct sandbox_policy policy;

	if (action_type_of(input.step)->place == ACTION_IN_CONTRACTOR)
		return no_sandbox(number, err);
	action_policy(&input, &policy);
	if (!policy.unshare_network)
		network_init(&network, "/", environ, &policy);
	policy_describe(&policy, host_existing_paths(session->host), out);
	add_memory_keeper(input.step, out);
	network_release(&network);
	sandbox_policy_release(&policy);
	return 0;
}

/* --- artifacts */

/* "name  1.2 MiB  DIGEST" */
static void add_artifact(const struct session *session, const char *entry, struct buf *out)
{
	const char *digest = strchr(entry, '=') + 1;
	struct err ignored;
	AUTO_CLOSE int fd = blob_open(host_store(session->host), digest, &ignored);
	struct stat status;

	buf_add_shown(out, entry, (size_t)(digest - 1 - entry));
	buf_add_str(out, "  ");
	if (fd >= 0 && fstat(fd, &status) == 0)
		add_size(out, (uint64_t)status.st_size);
	else
		buf_add_str(out, "missing");
	buf_add_fmt(out, "  %s\n", digest);
}

/* Those of the build before the present step. */
static int info_artifacts(struct session *session, size_t number, struct buf *out, struct err *err)
{
	const struct state *state = session_state_before(session, session->position);

	(void)number;
	(void)err;
	for (size_t i = 0; state && i < state->artifacts.len; i++)
		add_artifact(session, state->artifacts.items[i], out);
	if (!out->len)
		buf_add_str(out, "no artifacts have been made yet\n");
	return 0;
}

/* --- attempts */

struct attempts {
	const char *spec_path;
	int64_t step;
	struct buf *out;
};

static int add_attempt(void *data, const struct attempt *attempt)
{
	const struct attempts *attempts = data;
	time_t seconds = (time_t)(attempt->started_ms / 1000);
	struct tm parts;
	char started[32] = "-";

	if (attempt->step != attempts->step || strcmp(attempt->spec_path, attempts->spec_path) != 0)
		return 0;
	if (localtime_r(&seconds, &parts))
		strftime(started, sizeof started, "%F %T", &parts);
	buf_add_fmt(attempts->out, "%6" PRId64 "  %s  %-10s  %7.1f s  ", attempt->number, started,
		    attempt_result_name(attempt->result), (double)attempt->duration_ms / 1000);
	add_shown(attempts->out, attempt->message ? attempt->message : "");
	buf_add_char(attempts->out, '\n');
	return 0;
}

static int info_attempts(struct session *session, size_t number, struct buf *out, struct err *err)
{
	struct attempts attempts = {session->spec->real_path, (int64_t)number, out};

	if (store_each_attempt(host_store(session->host), add_attempt, &attempts, err) < 0)
		return -1;
	if (!out->len)
		buf_add_fmt(out, "step %zu has not run\n", number);
	return 0;
}

/* --- store, breakpoints */

static int info_store(struct session *session, size_t number, struct buf *out, struct err *err)
{
	struct store *store = host_store(session->host);
	struct store_usage usage;

	(void)number;
	if (store_usage(store, &usage, err) < 0)
		return -1;
	add_shown(out, store_path(store));
	buf_add_str(out, ": ");
	buf_add_count(out, (uint64_t)usage.attempts, "attempt");
	buf_add_fmt(out, ", %" PRId64 " of them failed\n  snapshots: ", usage.failed);
	add_size(out, usage.layers_bytes);
	buf_add_str(out, "\n  logs: ");
	add_size(out, usage.logs_bytes);
	buf_add_str(out, "\n  artifacts: ");
	add_size(out, usage.blobs_bytes);
	buf_add_char(out, '\n');
	if (session->options.store_size) {
		buf_add_str(out, "  at most (store-size): ");
		add_size(out, session->options.store_size);
		buf_add_char(out, '\n');
	}
	if (session->pruned)
		buf_add_fmt(out, "  last pruned: %s\n", session->pruned);
	return 0;
}

static int info_breakpoints(struct session *session, size_t number, struct buf *out,
			    struct err *err)
{
	(void)number;
	(void)err;
	breakpoints_describe(&session->breakpoints, session->spec, out);
	if (!out->len)
		buf_add_str(out, "there are no breakpoints\n");
	return 0;
}

static const struct topic {
	const char *name;
	int (*add)(struct session *session, size_t step, struct buf *out, struct err *err);
} topics[] = {
	{"step", info_step},	     {"sandbox", info_sandbox}, {"artifacts", info_artifacts},
	{"attempts", info_attempts}, {"store", info_store},	{"breakpoints", info_breakpoints},
};

const char *command_topic(size_t index)
{
	return index < ARRAY_SIZE(topics) ? topics[index].name : NULL;
}

/* The topic of this name or unique beginning of it. */
static const struct topic *find_topic(const char *word, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(short_text(word).text);
	const struct topic *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (!strcmp(topics[i].name, word))
			return &topics[i];
		if (strncmp(topics[i].name, word, strlen(word)) == 0) {
			found = &topics[i];
			count++;
		}
	}
	if (count == 1)
		return found;
	err_set(err, ERR_USAGE,
		"info: '%s' is %s: step, sandbox, artifacts, attempts, store, breakpoints", shown,
		count ? "ambiguous" : "none of these");
	return NULL;
}

int command_info(struct session *session, const struct strv *arguments, struct err *err)
{
	const struct topic *topic = find_topic(arguments->items[0], err);
	AUTO_BUF struct buf text = BUF_INIT;
	size_t step;

	if (!topic || command_step_here(session, arguments, 1, &step, err) < 0 ||
	    topic->add(session, step, &text, err) < 0)
		return -1;
	command_print(session, &text);
	return 0;
}

/* --- env */

static void add_parameters(const struct spec *spec, struct buf *out)
{
	if (spec->n_parameters)
		buf_add_str(out, "parameters:\n");
	for (size_t i = 0; i < spec->n_parameters; i++) {
		const struct parameter *one = &spec->parameters[i];

		buf_add_fmt(out, "  %s=", one->name);
		add_shown(out, one->value ? one->value : "");
		buf_add_char(out, '\n');
	}
}

static void add_environment(const struct session *session, size_t number, struct buf *out)
{
	const struct action_input input = session_input(session, number);
	struct sandbox_policy policy;

	action_policy(&input, &policy);
	buf_add_fmt(out, "environment of step %zu:\n", number);
	for (size_t i = 0; i < policy.environment.len; i++) {
		buf_add_str(out, "  ");
		add_shown(out, policy.environment.items[i]);
		buf_add_char(out, '\n');
	}
	sandbox_policy_release(&policy);
}

int command_env(struct session *session, const struct strv *arguments, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	size_t step;

	if (command_step_here(session, arguments, 0, &step, err) < 0)
		return -1;
	add_parameters(session->spec, &text);
	if (action_type_of(session_spec_step(session, step))->place != ACTION_IN_CONTRACTOR)
		add_environment(session, step, &text);
	else
		buf_add_fmt(&text, "step %zu runs no program: it has no environment\n", step);
	command_print(session, &text);
	return 0;
}
