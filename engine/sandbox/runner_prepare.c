#include "engine/sandbox/runner_prepare.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/message.h"
#include "engine/sandbox/policy.h"

static void keep_fd(struct prepared *prepared, int fd)
{
	if (fd >= 0)
		prepared->keep[prepared->n_keep++] = fd;
}

/* bwrap inherits fd as number. */
static void pass_fd(struct prepared *prepared, int fd, int number)
{
	size_t count = 0;

	while (prepared->plan.sandbox_fds[count][0] >= 0)
		count++;
	prepared->plan.sandbox_fds[count][0] = fd;
	prepared->plan.sandbox_fds[count][1] = number;
	prepared->plan.sandbox_fds[count + 1][0] = -1;
	keep_fd(prepared, fd);
}

/* bwrap inherits as number a memfd with these bytes, to be read from its beginning. */
static int pass_data(struct prepared *prepared, const void *bytes, size_t length, int number,
		     struct err *err)
{
	int fd = memfd_create("contractor", MFD_CLOEXEC);

	if (fd >= 0)
		prepared->data_fds[prepared->n_data++] = fd;
	if (fd < 0 || fd_write_all(fd, bytes, length) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot prepare the sandbox's data");
	pass_fd(prepared, fd, number);
	return 0;
}

static void prepare_plan(struct prepared *prepared, const struct run_options *options)
{
	struct init_plan *plan = &prepared->plan;

	*plan = (struct init_plan){
		.userns = options->userns,
		.draft = options->draft,
		.files = options->files,
		.n_files = options->n_files,
		.outputs = options->outputs,
		.tmp_of = options->tmp_of,
		.worker = options->worker,
		.worker_fd = options->worker_fd,
		.kind.processes = options->limits.processes,
		.limits = {options->limits.memory_bytes, options->limits.disk_bytes,
			   options->limits.file_bytes},
		.group_fds = {-1, -1},
		.stdio = {-1, -1, -1},
		.sandbox_fds = {{-1, -1}},
	};
	memcpy(plan->access, options->access, sizeof plan->access);
	memcpy(plan->chain, options->chain, sizeof plan->chain);
	keep_fd(prepared, userns_user_fd(options->userns));
	keep_fd(prepared, userns_mount_fd(options->userns));
	if (options->worker)
		keep_fd(prepared, options->worker_fd);
}

/* With a pty bwrap's standard error is ours to read: it says why bwrap failed. */
static int prepare_streams(struct prepared *prepared, const struct run_options *options,
			   struct err *err)
{
	if (!options->policy->terminal) {
		memcpy(prepared->plan.stdio, options->stdio, sizeof prepared->plan.stdio);
		for (int stream = 0; stream < 3; stream++)
			keep_fd(prepared, options->stdio[stream]);
		return 0;
	}
	if (pipe2(prepared->diagnostic, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	fcntl(prepared->diagnostic[0], F_SETFL, O_NONBLOCK);
	prepared->plan.stdio[STDERR_FILENO] = prepared->diagnostic[1];
	keep_fd(prepared, prepared->diagnostic[1]);
	return 0;
}

static int pass_files(struct prepared *prepared, const struct sandbox_policy *policy,
		      struct err *err)
{
	if (policy->n_files > PREPARED_DATA_MAX - 2)
		return err_set(err, ERR_FAULT, "too many files for a sandbox: %zu",
			       policy->n_files);
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct sandbox_file *file = &policy->files[i];

		if (pass_data(prepared, file->bytes, file->length, SANDBOX_FD_DATA + (int)i, err) <
		    0)
			return -1;
	}
	return 0;
}

static int pass_launch_plan(struct prepared *prepared, const struct sandbox_policy *policy,
			    struct err *err)
{
	AUTO_BUF struct buf plan = BUF_INIT;

	if (policy_launch_plan(policy, &plan, err) < 0 ||
	    pass_data(prepared, plan.data, plan.len, SANDBOX_FD_PLAN, err) < 0 ||
	    message_pair(prepared->control, err) < 0)
		return -1;
	fcntl(prepared->control[0], F_SETFL, O_NONBLOCK);
	pass_fd(prepared, prepared->control[1], SANDBOX_FD_CONTROL);
	return 0;
}

static int pass_arguments(struct prepared *prepared, const struct run_options *options,
			  struct err *err)
{
	AUTO_STRV struct strv argv = {0};
	AUTO_BUF struct buf hidden = BUF_INIT;

	policy_bwrap_argv(options->policy, options->existing_paths, &argv);
	policy_bwrap_hidden(&argv, &hidden, &prepared->argv);
	return pass_data(prepared, hidden.data, hidden.len, SANDBOX_FD_ARGS, err);
}

static int prepare_policy(struct prepared *prepared, const struct run_options *options,
			  struct err *err)
{
	const struct sandbox_policy *policy = options->policy;

	prepared->plan.bwrap_argv = &prepared->argv;
	prepared->plan.kind.inner_userns = policy->inner_userns;
	prepared->plan.kind.private_network = policy->unshare_network;
	if (!policy->unshare_network)
		prepared->plan.kind.stack = policy->stack;
	prepared->plan.keep_tmp = policy->tmp_from_fd;
	if (pass_arguments(prepared, options, err) < 0 ||
	    pass_launch_plan(prepared, policy, err) < 0 || pass_files(prepared, policy, err) < 0)
		return -1;
	return prepare_streams(prepared, options, err);
}

int prepared_init(struct prepared *prepared, const struct run_options *options, struct err *err)
{
	*prepared = (struct prepared){.control = {-1, -1}, .diagnostic = {-1, -1}};
	prepare_plan(prepared, options);
	return options->policy ? prepare_policy(prepared, options, err) : 0;
}

int prepared_init_join(struct prepared *prepared, const struct run_options *options,
		       struct err *err)
{
	*prepared = (struct prepared){
		.plan = {.group_fds = {-1, -1}, .stdio = {-1, -1, -1}, .sandbox_fds = {{-1, -1}}},
		.control = {-1, -1},
		.diagnostic = {-1, -1},
	};
	if (!options->policy->terminal)
		memcpy(prepared->plan.stdio, options->stdio, sizeof prepared->plan.stdio);
	return pass_launch_plan(prepared, options->policy, err);
}

void prepared_release(struct prepared *prepared)
{
	strv_release(&prepared->argv);
	for (int i = 0; i < 2; i++) {
		fd_close(&prepared->control[i]);
		fd_close(&prepared->diagnostic[i]);
	}
	for (size_t i = 0; i < prepared->n_data; i++)
		fd_close(&prepared->data_fds[i]);
}
