#include "engine/sandbox/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/sandbox/runner_internal.h"
#include "engine/sandbox/runner_prepare.h"

enum { DIAGNOSTIC_MAX = 4096 }; /* what is kept of bwrap's own messages */

static void close_watched(struct loop_watch **watch, int *fd)
{
	loop_watch_remove(watch);
	fd_close(fd);
}

static void on_stopped(struct runner *runner, const struct message *message)
{
	(void)message;
	runner->run_ms = runner_time_ms(runner);
	runner->paused = true;
	runner->pausing = false;
	loop_timer_remove(&runner->time_limit);
	if (runner->callbacks.paused)
		runner->callbacks.paused(runner->callbacks.data, true);
}

static void on_going(struct runner *runner, const struct message *message)
{
	(void)message;
	if (!runner->paused)
		return;
	runner->paused = false;
	runner->resumed_ms = loop_now_ms();
	runner_arm_limit(runner);
	if (runner->callbacks.paused)
		runner->callbacks.paused(runner->callbacks.data, false);
}

/* No process of the step is left, whether init itself still ends or not. */
static void set_gone(struct runner *runner)
{
	runner->init_gone = true;
	if (runner->terminal)
		terminal_finish(runner->terminal);
	runner_end_if_over(runner);
}

static void init_ended(void *data, int status, const struct rusage *usage)
{
	struct runner *runner = data;

	(void)status;
	(void)usage;
	runner->init = NULL;
	set_gone(runner);
}

static void on_init_pid(struct runner *runner, const struct message *message)
{
	/* Only the spawner says it, and first; a worker has the same socket, and a hostile tree. */
	if (runner->init || runner->init_gone)
		return;
	runner->init = loop_child(runner->loop, (pid_t)atoi(message->body), init_ended, runner);
	if (!runner->init)
		runner->init_gone = true;
}

static void on_error(struct runner *runner, const struct message *message)
{
	if (!runner->result.err.code)
		message_get_err(message, &runner->result.err);
}

static void on_note(struct runner *runner, const struct message *message)
{
	if (runner->callbacks.note)
		runner->callbacks.note(runner->callbacks.data, message->body);
}

static void on_progress(struct runner *runner, const struct message *message)
{
	if (runner->callbacks.progress)
		runner->callbacks.progress(runner->callbacks.data,
					   strtoull(message->body, NULL, 10));
}

/* Whether the step passed, and nobody will mount what it wrote while it is still mounted here. */
static bool left_nothing(const struct init_result *result)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		if (result->changed[tree])
			return false;
	}
	return !result->status && !result->tmp_kept && result->over == INIT_WITHIN;
}

/* Init lives, and may take its time with a large tree. */
static void on_dead(struct runner *runner, const struct message *message)
{
	(void)message;
	runner->dead = true;
	if (runner->killed)
		loop_timer_remove(&runner->kill_timer);
}

static void on_result(struct runner *runner, const struct message *message)
{
	if (message->length != sizeof runner->init_result)
		return;
	memcpy(&runner->init_result, message->body, sizeof runner->init_result);
	runner->have_result = true;
	runner->hurries = runner->another && left_nothing(&runner->init_result);
}

static const struct {
	char type;
	void (*handle)(struct runner *runner, const struct message *message);
} handlers[] = {
	{'I', on_init_pid}, {'E', on_error},   {'N', on_note},	{'P', on_progress},
	{'D', on_result},   {'S', on_stopped}, {'G', on_going}, {'K', on_dead},
};

static void init_readable(void *data, unsigned events)
{
	struct runner *runner = data;
	struct message message;
	int got;

	(void)events;
	while ((got = message_receive(runner->init_socket, &message, 0)) == 1) {
		fd_close(&message.fd);
		for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
			if (handlers[i].type == message.type)
				handlers[i].handle(runner, &message);
		}
	}
	if (got < 0 && errno == EAGAIN && !runner->hurries)
		return;
	close_watched(&runner->init_watch, &runner->init_socket);
	if (runner->hurries || runner->joined)
		set_gone(runner);
	runner_end_if_over(runner);
}

/* The spawner has done its work when init runs; if it failed, there never is an init. */
static void spawner_ended(void *data, int status, const struct rusage *usage)
{
	struct runner *runner = data;

	(void)usage;
	runner->spawner = NULL;
	if (runner->init_socket >= 0)
		init_readable(runner, LOOP_READ);
	if (status != 0 && !runner->init)
		runner->init_gone = true;
	runner_end_if_over(runner);
}

static void terminal_output(void *data, const char *bytes, size_t length)
{
	struct runner *runner = data;

	runner->output_bytes += length;
	if (runner->callbacks.output)
		runner->callbacks.output(runner->callbacks.data, bytes, length);
	if (runner->limits.output_bytes && runner->output_bytes > runner->limits.output_bytes)
		runner_end_by(runner, RUN_OVER_OUTPUT, 0);
}

static void terminal_mode(void *data, bool onlcr)
{
	struct runner *runner = data;

	if (runner->callbacks.mode)
		runner->callbacks.mode(runner->callbacks.data, onlcr);
}

static void terminal_closed(void *data)
{
	runner_end_if_over(data);
}

/* What came while the terminal was still being made. */
static void catch_up(struct runner *runner)
{
	if (runner->columns)
		terminal_resize(runner->terminal, runner->columns, runner->rows);
	terminal_write(runner->terminal, runner->typed.data, runner->typed.len);
	buf_release(&runner->typed);
}

/* What it took to make the sandbox is none of the step's time: on a busy machine that may be longer than the limit. */
static void begin_time(struct runner *runner)
{
	runner->ready_ms = runner_time_ms(runner);
	runner_arm_limit(runner);
}

static void take_terminal(struct runner *runner, int fd)
{
	const struct terminal_callbacks callbacks = {terminal_output, terminal_mode,
						     terminal_closed, runner};

	if (fd >= 0 && !runner->terminal) {
		runner->terminal = terminal_new(runner->loop, fd, runner->end_of_file, &callbacks);
		catch_up(runner);
		begin_time(runner);
	} else {
		fd_close(&fd);
	}
	if (runner->terminal && runner->init_gone)
		terminal_finish(runner->terminal);
}

/* What a person does in the step from now on takes none of its time. */
static void on_held(struct runner *runner)
{
	runner->run_ms = runner_time_ms(runner);
	runner->held = true;
	loop_timer_remove(&runner->time_limit);
}

/* The launcher: the pty's master ('P'), why it could not start the command ('E'), that forks are
 * refused ('F'), or that only shells that joined are left ('H'). */
static void control_readable(void *data, unsigned events)
{
	struct runner *runner = data;
	struct message message;
	int got;

	(void)events;
	while ((got = message_receive(runner->control_fd, &message, 0)) == 1) {
		AUTO_FREE char *shown = buf_shown(message.body);

		if (message.type == 'E' && !runner->result.err.code)
			err_set(&runner->result.err, ERR_STEP, "%s", shown);
		runner->crowded |= message.type == 'F';
		if (message.type == 'H')
			on_held(runner);
		take_terminal(runner, message.fd);
	}
	if (got < 0 && errno == EAGAIN)
		return;
	close_watched(&runner->control_watch, &runner->control_fd);
	runner_end_if_over(runner);
}

static void diagnostic_readable(void *data, unsigned events)
{
	struct runner *runner = data;
	char bytes[1024];
	ssize_t got = read(runner->diagnostic_fd, bytes, sizeof bytes);

	(void)events;
	if (got > 0 && runner->diagnostic.len < DIAGNOSTIC_MAX)
		buf_add(&runner->diagnostic, bytes, (size_t)got);
	if (got > 0 || (got < 0 && errno == EAGAIN))
		return;
	close_watched(&runner->diagnostic_watch, &runner->diagnostic_fd);
	runner_end_if_over(runner);
}

/* The child that becomes the spawner of an init whose whole plan is known. */
static int spawn(void *data, int socket, struct err *err)
{
	return init_spawn(data, socket, err);
}

/* A worker's plan has pointers to functions and data, which only a fork can take along. */
static int start_worker(struct runner *runner, struct prepared *prepared, pid_t *ret_spawner,
			struct err *err)
{
	const struct child_job job = {spawn, &prepared->plan, prepared->keep, prepared->n_keep};

	return child_fork(&job, ret_spawner, &runner->init_socket, err);
}

/* The host's spare init if it is of the right kind, else a new one, is sent the plan. */
static int start_sandbox(struct runner *runner, const struct run_options *options,
			 struct prepared *prepared, pid_t *ret_spawner, struct err *err)
{
	const struct init_kind *kind = &prepared->plan.kind;
	struct spare *spare = options->spare ? take_ptr(options->spare) : NULL;

	if (!spare_fits(spare, kind)) {
		spare_free(take_ptr(&spare), options->loop);
		if (spare_start(options->userns, kind, &spare, err) < 0)
			return -1;
	}
	spare_take(spare, ret_spawner, &runner->init_socket);
	return 0;
}

static int start_init(struct runner *runner, const struct run_options *options,
		      struct prepared *prepared, struct err *err)
{
	bool is_worker = prepared->plan.worker;
	pid_t spawner;

	if ((is_worker ? start_worker(runner, prepared, &spawner, err)
		       : start_sandbox(runner, options, prepared, &spawner, err)) < 0)
		return -1;
	runner->spawner = loop_child(runner->loop, spawner, spawner_ended, runner);
	if (!runner->spawner)
		return err_sys(err, "cannot watch a process");
	return is_worker ? 0 : init_plan_send(&prepared->plan, runner->init_socket, err);
}

/* Whatever follows will most likely be of the same kind. Without a spare it only starts later. */
static void start_spare(const struct run_options *options, const struct prepared *prepared)
{
	struct err ignored;

	if (options->spare && options->another && !*options->spare && options->policy)
		spare_start(options->userns, &prepared->plan.kind, options->spare, &ignored);
}

void runner_watch(struct runner *runner, struct prepared *prepared)
{
	runner->control_fd = take_fd(&prepared->control[0]);
	runner->diagnostic_fd = take_fd(&prepared->diagnostic[0]);
	runner->init_watch =
		loop_watch(runner->loop, runner->init_socket, LOOP_READ, init_readable, runner);
	if (runner->control_fd >= 0)
		runner->control_watch = loop_watch(runner->loop, runner->control_fd, LOOP_READ,
						   control_readable, runner);
	if (runner->diagnostic_fd >= 0)
		runner->diagnostic_watch = loop_watch(runner->loop, runner->diagnostic_fd,
						      LOOP_READ, diagnostic_readable, runner);
}

struct runner *runner_new(const struct run_options *options)
{
	struct runner *runner = mem_new(sizeof *runner);

	*runner = (struct runner){
		.loop = options->loop,
		.callbacks = options->callbacks,
		.limits = options->limits,
		.expects_terminal = options->policy && options->policy->terminal,
		.end_of_file = options->end_of_file,
		.is_sandbox = options->policy,
		.another = options->another,
		.cgroups = options->cgroups,
		.group = {.join_fd = -1, .events_fd = -1},
		.init_socket = -1,
		.control_fd = -1,
		.diagnostic_fd = -1,
		.started_ms = loop_now_ms(),
		.resumed_ms = loop_now_ms(),
		.result.exit_status = -1,
	};
	buf_init(&runner->diagnostic);
	buf_init(&runner->typed);
	return runner;
}

/* The kernel keeps the limit of memory, where it can. */
static void make_group(struct runner *runner, const struct run_options *options,
		       struct init_plan *plan)
{
	if (!options->policy || !options->limits.memory_bytes ||
	    !cgroup_make(options->cgroups, options->limits.memory_bytes, &runner->group))
		return;
	plan->group_fds[0] = runner->group.join_fd;
	plan->group_fds[1] = runner->group.events_fd;
}

int runner_start(const struct run_options *options, struct runner **ret_runner, struct err *err)
{
	struct runner *runner = runner_new(options);
	struct prepared prepared;
	int result = prepared_init(&prepared, options, err);

	make_group(runner, options, &prepared.plan);
	if (!result)
		result = start_init(runner, options, &prepared, err);
	if (!result)
		runner_watch(runner, &prepared);
	if (!result)
		start_spare(options, &prepared);
	prepared_release(&prepared);
	if (result < 0) {
		runner_free(runner);
		return -1;
	}
	runner_arm_limit(runner);
	*ret_runner = runner;
	return 0;
}

/* Waits until the spawner has said who init is: nobody else could reap it. That takes it a
 * millisecond, and it waits for nothing itself. */
static void await_init(struct runner *runner)
{
	struct message message;

	fcntl(runner->init_socket, F_SETFL, 0);
	while (!runner->init && message_receive(runner->init_socket, &message, 0) == 1) {
		fd_close(&message.fd);
		if (message.type == 'I')
			on_init_pid(runner, &message);
	}
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	if (runner->spawner && !runner->init && runner->init_socket >= 0)
		await_init(runner);
	/* Closing the socket is the end of init and of all below it. */
	if (runner->init)
		loop_child_kill(runner->init, SIGKILL);
	loop_child_forget(&runner->init);
	loop_child_forget(&runner->spawner);
	close_watched(&runner->init_watch, &runner->init_socket);
	close_watched(&runner->control_watch, &runner->control_fd);
	close_watched(&runner->diagnostic_watch, &runner->diagnostic_fd);
	loop_timer_remove(&runner->time_limit);
	loop_timer_remove(&runner->kill_timer);
	loop_defer_cancel(runner->loop, runner);
	terminal_free(runner->terminal);
	cgroup_remove(runner->cgroups, &runner->group);
	buf_release(&runner->diagnostic);
	buf_release(&runner->typed);
	free(runner);
}

void runner_pause(struct runner *runner)
{
	if (runner->paused || runner->pausing)
		return;
	runner->pausing = true;
	runner_command(runner, 's');
}

void runner_resume(struct runner *runner)
{
	if (!runner->paused && !runner->pausing)
		return;
	runner->pausing = false;
	runner_command(runner, 'g');
}

void runner_interact(struct runner *runner)
{
	runner->end_of_file = false;
	if (runner->terminal)
		terminal_interact(runner->terminal);
}

bool runner_write(struct runner *runner, const void *bytes, size_t length)
{
	if (runner->terminal)
		return terminal_write(runner->terminal, bytes, length);
	if (!runner->expects_terminal || runner->typed.len + length > TERMINAL_QUEUE_MAX)
		return false;
	buf_add(&runner->typed, bytes, length);
	return true;
}

void runner_resize(struct runner *runner, int columns, int rows)
{
	runner->columns = columns;
	runner->rows = rows;
	if (runner->terminal)
		terminal_resize(runner->terminal, columns, rows);
}
