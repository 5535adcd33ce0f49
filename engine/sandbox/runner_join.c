/* runner_join.c: a policy that is run in the sandbox of a step that runs already. */
#include <fcntl.h>

#include "engine/base/mem.h"
#include "engine/process/message.h"
#include "engine/sandbox/runner_internal.h"
#include "engine/sandbox/runner_prepare.h"

static int check_step(const struct runner *step, struct err *err)
{
	if (!step->is_sandbox)
		return err_set(err, ERR_STEP,
			       "the step has no sandbox that a shell could join: contractor does "
			       "its work itself");
	if (step->init_socket < 0 || step->ended)
		return err_set(err, ERR_STEP, "the step has just ended");
	return 0;
}

/* Init is given a socket on which all that it needs to know has been sent before. */
static int hand_over(struct runner *step, struct runner *runner, const struct prepared *prepared,
		     struct err *err)
{
	AUTO_CLOSE int theirs = -1;
	int pair[2];

	if (message_pair(pair, err) < 0)
		return -1;
	runner->init_socket = pair[0];
	theirs = pair[1];
	if (init_plan_send(&prepared->plan, runner->init_socket, err) < 0)
		return -1;
	fcntl(runner->init_socket, F_SETFL, O_NONBLOCK);
	if (message_send_fd(step->init_socket, 'j', theirs) < 0)
		return err_sys(err, "cannot talk to the step's init");
	return 0;
}

int runner_join(struct runner *step, const struct run_options *options, struct runner **ret_runner,
		struct err *err)
{
	struct runner *runner = runner_new(options);
	struct prepared prepared;
	int result = prepared_init_join(&prepared, options, err);

	runner->joined = true;
	if (!result)
		result = check_step(step, err);
	if (!result)
		result = hand_over(step, runner, &prepared, err);
	if (!result)
		runner_watch(runner, &prepared);
	prepared_release(&prepared);
	if (result < 0) {
		runner_free(runner);
		return -1;
	}
	*ret_runner = runner;
	return 0;
}
