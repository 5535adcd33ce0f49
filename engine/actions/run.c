#include "engine/actions/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/masking.h"
#include "engine/actions/secrets.h"
#include "engine/base/mem.h"

enum { PIPE_SIZE = 1 << 20 };

static struct mask_texts *texts_of(const struct action_run *run)
{
	return secrets_texts(host_settings(run->input.host)->secrets);
}

static void mask_in_place(struct action_run *run, char *text, size_t size)
{
	AUTO_FREE char *masked = mask_text(texts_of(run), text);

	snprintf(text, size, "%s", masked);
}

/* Why it failed may name what the step has named. */
static void mask_reasons(struct action_run *run)
{
	struct run_result *result = &run->result.run;

	if (!texts_of(run))
		return;
	if (result->err.code)
		mask_in_place(run, result->err.text, sizeof result->err.text);
	mask_in_place(run, result->lost_network, sizeof result->lost_network);
}

static void tell_end(void *data)
{
	struct action_run *run = data;

	if (run->masking)
		masking_end(run->masking);
	if (run->finish)
		run->finish(run);
	mask_reasons(run);
	run->callbacks.ended(run->callbacks.data, &run->result);
}

static void end_if_over(struct action_run *run)
{
	if (run->runner_done && run->outside_done)
		loop_defer(host_loop(run->input.host), tell_end, run);
}

void action_run_done(struct action_run *run)
{
	run->runner_done = run->outside_done = true;
	end_if_over(run);
}

static void on_output(void *data, const char *bytes, size_t length)
{
	struct action_run *run = data;

	if (run->watch_output)
		run->watch_output(run, bytes, length);
	if (run->masking)
		masking_write(run->masking, bytes, length);
	else
		run->callbacks.output(run->callbacks.data, bytes, length);
}

static void on_mode(void *data, bool onlcr)
{
	struct action_run *run = data;

	run->callbacks.mode(run->callbacks.data, onlcr);
}

static void on_note(void *data, const char *text)
{
	struct action_run *run = data;
	AUTO_FREE char *masked = texts_of(run) ? mask_text(texts_of(run), text) : NULL;

	run->callbacks.note(run->callbacks.data, masked ? masked : text);
}

static void on_progress(void *data, uint64_t bytes)
{
	struct action_run *run = data;

	run->callbacks.progress(run->callbacks.data, bytes);
}

static void on_paused(void *data, bool paused)
{
	struct action_run *run = data;

	run->callbacks.paused(run->callbacks.data, paused);
}

/* When one side dies, the other only sees the pipe break or end: what the outside worker says
 * counts, unless it is that. */
static void take_outside_error(struct action_run *run, const struct err *err)
{
	struct run_result *result = &run->result.run;

	if (result->err.code && err->sys_errno == EPIPE)
		return;
	result->err = *err;
	if (result->end == RUN_EXITED)
		result->end = RUN_FAILED;
}

static void on_runner_ended(void *data, const struct run_result *result)
{
	struct action_run *run = data;
	struct err outside = run->result.run.err;

	run->result.run = *result;
	if (outside.code)
		take_outside_error(run, &outside);
	run->runner_done = true;
	end_if_over(run);
}

static void on_outside_message(void *data, const struct message *message)
{
	struct action_run *run = data;

	if (message->type == 'N')
		on_note(run, message->body);
	else if (message->type == 'P')
		on_progress(run, strtoull(message->body, NULL, 10));
	else if (message->type == 'R')
		snprintf(run->result.artifact, sizeof run->result.artifact, "%.*s",
			 SHA256_HEX_SIZE - 1, message->body);
}

static void on_outside_ended(void *data, const struct err *err)
{
	struct action_run *run = data;

	if (err)
		take_outside_error(run, err);
	run->outside_done = true;
	end_if_over(run);
}

static enum tree_access access_of(enum action_effect effect)
{
	static const enum tree_access accesses[] = {
		[EFFECT_NONE] = TREE_ABSENT,
		[EFFECT_READS] = TREE_READ,
		[EFFECT_CHANGES] = TREE_WRITE,
		[EFFECT_STARTS] = TREE_WRITE,
	};

	return accesses[effect];
}

/* What is the same for a sandbox and a worker. */
static int prepare(struct action_run *run, struct run_options *options, struct err *err)
{
	static const struct strv no_chain = {0};
	const struct step *step = run->input.step;

	*options = (struct run_options){
		.loop = host_loop(run->input.host),
		.draft = run->draft->dir,
		.worker_fd = -1,
		.stdio = {-1, -1, -1},
		.end_of_file = !run->interactive,
		.callbacks = {on_output, on_mode, on_note, on_progress, on_paused, on_runner_ended,
			      run},
		.limits = {.time_ms = (int64_t)step->limits.time_ms,
			   .output_bytes = step->limits.output_bytes,
			   .memory_bytes = step->limits.memory_bytes,
			   .processes = step->limits.processes,
			   .disk_bytes = step->limits.disk_bytes,
			   .file_bytes = step->limits.file_bytes},
	};
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		enum action_effect effect = action_effect_on(step, tree);

		options->access[tree] = access_of(effect);
		options->chain[tree] = effect == EFFECT_STARTS ? &no_chain : &run->chains[tree];
	}
	return host_userns(run->input.host, &options->userns, err);
}

int action_run_sandbox(struct action_run *run, const struct sandbox_policy *policy,
		       const struct init_file *files, size_t n_files, struct err *err)
{
	struct run_options options;

	if (prepare(run, &options, err) < 0)
		return -1;
	options.policy = policy;
	options.existing_paths = host_existing_paths(run->input.host);
	options.files = files;
	options.n_files = n_files;
	options.outputs = run->outputs;
	options.spare = host_spare(run->input.host);
	if (options.limits.memory_bytes)
		options.cgroups = host_cgroups(run->input.host);
	options.another = run->input.another;
	run->outside_done = true;
	return runner_start(&options, &run->runner, err);
}

static int start_inside(struct action_run *run, const struct action_pair *pair, struct err *err)
{
	struct run_options options;

	if (prepare(run, &options, err) < 0)
		return -1;
	options.worker = pair->inside;
	options.worker_fd = pair->inside_fd;
	return runner_start(&options, &run->runner, err);
}

int action_run_pair(struct action_run *run, const struct action_pair *pair, struct err *err)
{
	const struct worker_callbacks callbacks = {on_outside_message, on_outside_ended, run};
	int inside_fd = pair->inside_fd, result = 0;

	run->is_pair = true;
	run->outside_done = !pair->outside;
	if (pair->outside)
		result = worker_start(host_loop(run->input.host), pair->outside, &callbacks,
				      &run->outside, err);
	if (!result)
		result = start_inside(run, pair, err);
	fd_close(&inside_fd);
	return result;
}

int action_pipe(int ret_fds[2], struct err *err)
{
	if (pipe2(ret_fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	fcntl(ret_fds[0], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

void action_report_progress(void *data, uint64_t bytes)
{
	const int *socket = data;
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
	message_send_text(*socket, 'P', text);
}

void action_report_notes(int socket, const struct strv *notes)
{
	for (size_t i = 0; i < notes->len; i++)
		message_send_text(socket, 'N', notes->items[i]);
}

int action_check_network(const struct action_run *run, struct err *err)
{
	if (!host_settings(run->input.host)->offline)
		return 0;
	return err_set(err, ERR_STEP,
		       "step %zu needs the network and is not in the cache; run it "
		       "without --offline",
		       run->input.step->number);
}

int action_start(const struct action_input *input, const struct attempt_draft *draft,
		 bool interactive, const struct action_callbacks *callbacks,
		 struct action_run **ret_run, struct err *err)
{
	struct action_run *run = mem_new(sizeof *run);

	*run = (struct action_run){.input = *input,
				   .draft = draft,
				   .interactive = interactive,
				   .callbacks = *callbacks};
	if (texts_of(run))
		run->masking = masking_new(texts_of(run), host_loop(input->host), callbacks->output,
					   callbacks->data);
	host_shorten(input->host, input->before, run->chains);
	if (action_type_of(input->step)->start(run, err) < 0) {
		action_run_free(run);
		return -1;
	}
	*ret_run = run;
	return 0;
}

void action_run_free(struct action_run *run)
{
	if (!run)
		return;
	runner_free(run->runner);
	worker_free(run->outside);
	loop_defer_cancel(host_loop(run->input.host), run);
	masking_free(run->masking);
	if (run->free_own)
		run->free_own(run->own);
	free(run->own);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		strv_release(&run->chains[tree]);
	free(run);
}

struct runner *action_runner(struct action_run *run)
{
	return run->runner;
}

void action_kill(struct action_run *run, int64_t grace_ms)
{
	if (run->runner)
		runner_kill(run->runner, run->is_pair ? 0 : grace_ms);
}
