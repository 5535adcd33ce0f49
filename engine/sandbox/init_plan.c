/* init_plan.c: a plan as bytes and descriptors, for an init that was forked before it was known. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"

enum { PLAN_SIZE_MAX = 64 << 20 };

/* Carries the fields of a plan into bytes or out of them: one function says for both what follows what.
 * What does not fit is zero, and damaged. */
struct carrier {
	bool reads, damaged;
	struct buf bytes;
	size_t done; /* of the bytes, when reading */
};

static void carry_bytes(struct carrier *carrier, void *field, size_t size)
{
	if (!carrier->reads) {
		buf_add(&carrier->bytes, field, size);
		return;
	}
	memset(field, 0, size);
	carrier->damaged |= size > carrier->bytes.len - carrier->done;
	if (carrier->damaged)
		return;
	memcpy(field, carrier->bytes.data + carrier->done, size);
	carrier->done += size;
}

/* Whether a pointer is NULL or not; the latter is true when there is something to follow. */
static bool carry_presence(struct carrier *carrier, const void *pointer)
{
	bool is_there = pointer;

	carry_bytes(carrier, &is_there, sizeof is_there);
	return is_there;
}

static void carry_text(struct carrier *carrier, const char **text)
{
	size_t length;
	char *copy;

	if (!carry_presence(carrier, *text)) {
		*text = NULL;
		return;
	}
	length = carrier->reads ? 0 : strlen(*text);
	carry_bytes(carrier, &length, sizeof length);
	if (!carrier->reads) {
		buf_add(&carrier->bytes, *text, length);
		return;
	}
	carrier->damaged |= length > carrier->bytes.len - carrier->done;
	copy = mem_new(carrier->damaged ? 1 : length + 1);
	carry_bytes(carrier, copy, carrier->damaged ? 0 : length);
	*text = copy;
}

static void carry_list(struct carrier *carrier, const struct strv **list)
{
	struct strv *read = NULL;
	size_t count;

	if (!carry_presence(carrier, *list)) {
		*list = NULL;
		return;
	}
	count = carrier->reads ? 0 : (*list)->len;
	carry_bytes(carrier, &count, sizeof count);
	if (carrier->reads)
		*list = read = mem_new(sizeof *read);
	for (size_t i = 0; i < count && !carrier->damaged; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was said to be there */
		const char *item = read ? NULL : (*list)->items[i];

		carry_text(carrier, &item);
		if (read)
			strv_take(read, item ? (char *)(uintptr_t)item : mem_strdup(""));
	}
}

static void carry_files(struct carrier *carrier, struct init_plan *plan)
{
	struct init_file *read = NULL;
	size_t count = plan->n_files, capacity = 0;

	carry_bytes(carrier, &count, sizeof count);
	for (size_t i = 0; i < count && !carrier->damaged; i++) {
		struct init_file file = carrier->reads ? (struct init_file){0} : plan->files[i];

		carry_text(carrier, &file.name);
		carry_text(carrier, &file.text);
		carry_bytes(carrier, &file.executable, sizeof file.executable);
		if (!carrier->reads)
			continue;
		read = mem_grow(read, i, &capacity, sizeof *read);
		read[i] = file;
		plan->files = read;
		plan->n_files = i + 1;
	}
}

/* All but userns, kind and worker; of the descriptors the numbers only. */
static void carry_plan(struct carrier *carrier, struct init_plan *plan)
{
	carry_text(carrier, &plan->draft);
	carry_bytes(carrier, plan->access, sizeof plan->access);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		carry_list(carrier, &plan->chain[tree]);
	carry_files(carrier, plan);
	carry_list(carrier, &plan->outputs);
	carry_bytes(carrier, &plan->keep_tmp, sizeof plan->keep_tmp);
	carry_text(carrier, &plan->tmp_of);
	carry_list(carrier, &plan->bwrap_argv);
	carry_bytes(carrier, plan->sandbox_fds, sizeof plan->sandbox_fds);
	carry_bytes(carrier, plan->stdio, sizeof plan->stdio);
	carry_bytes(carrier, &plan->limits, sizeof plan->limits);
	carry_bytes(carrier, plan->group_fds, sizeof plan->group_fds);
}

/* What is done with the descriptors of a plan, one after the other. */
struct passing {
	int socket;
	bool failed; /* with one of them, so that all behind it are left out */
};

/* Calls each for every descriptor of the plan, in one order. */
static void each_fd(struct init_plan *plan, void (*each)(int *fd, struct passing *passing),
		    struct passing *passing)
{
	for (size_t i = 0; i < INIT_FDS_MAX && plan->sandbox_fds[i][0] >= 0; i++)
		each(&plan->sandbox_fds[i][0], passing);
	for (int stream = 0; stream < 3; stream++) {
		if (plan->stdio[stream] >= 0)
			each(&plan->stdio[stream], passing);
	}
	for (int i = 0; i < 2; i++) {
		if (plan->group_fds[i] >= 0)
			each(&plan->group_fds[i], passing);
	}
}

static void send_fd(int *fd, struct passing *passing)
{
	if (!passing->failed && message_send_fd(passing->socket, 'f', *fd) < 0)
		passing->failed = true;
}

/* The number becomes that of the descriptor that comes for it, or none: it was contractor's, and may be
 * that of another file here. */
static void receive_fd(int *fd, struct passing *passing)
{
	struct message message;

	*fd = -1;
	if (!passing->failed && message_receive(passing->socket, &message, 0) == 1)
		*fd = message.fd;
	passing->failed = *fd < 0;
}

static void close_fd(int *fd, struct passing *passing)
{
	(void)passing;
	fd_close(fd);
}

void init_plan_close(struct init_plan *plan)
{
	each_fd(plan, close_fd, NULL);
}

static int receive_fds(struct init_plan *plan, int socket, struct err *err)
{
	struct passing passing = {.socket = socket};

	each_fd(plan, receive_fd, &passing);
	if (passing.failed)
		return err_set(err, ERR_HOST,
			       "a descriptor of the step's plan did not arrive: more open files "
			       "must be allowed (`ulimit -n`)");
	return 0;
}

/* So that none is taken for one of ours. */
static void forget_fds(struct init_plan *plan)
{
	plan->sandbox_fds[0][0] = -1;
	for (int stream = 0; stream < 3; stream++)
		plan->stdio[stream] = -1;
	plan->group_fds[0] = plan->group_fds[1] = -1;
}

int init_plan_send(const struct init_plan *plan, int socket, struct err *err)
{
	AUTO_CLOSE int fd = memfd_create("contractor-plan", MFD_CLOEXEC);
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct carrier carrier = {.bytes = BUF_INIT};
	struct init_plan copy = *plan;
	struct passing passing = {.socket = socket};

	carry_plan(&carrier, &copy);
	bytes = carrier.bytes;
	if (fd < 0 || fd_write_all(fd, bytes.data, bytes.len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot prepare the step's plan");
	passing.failed = message_send_fd(socket, 'p', fd) < 0;
	each_fd(&copy, send_fd, &passing);
	return passing.failed ? err_sys(err, "cannot send the step's plan") : 0;
}

int init_plan_receive(int socket, struct init_plan *plan, struct err *err)
{
	struct carrier carrier = {.reads = true, .bytes = BUF_INIT};
	AUTO_BUF struct buf bytes = BUF_INIT;
	AUTO_CLOSE int fd = -1;
	struct message message;

	if (message_receive(socket, &message, 0) != 1)
		return 0;
	fd = message.fd;
	if (message.type != 'p' || fd < 0)
		return err_set(err, ERR_FAULT, "init was sent something that is no plan");
	if (buf_read_fd(&bytes, fd, PLAN_SIZE_MAX, "the step's plan", err) < 0)
		return -1;
	carrier.bytes = bytes;
	carry_plan(&carrier, plan);
	if (carrier.damaged || carrier.done != bytes.len) {
		forget_fds(plan);
		return err_set(err, ERR_FAULT, "the step's plan is damaged");
	}
	return receive_fds(plan, socket, err) < 0 ? -1 : 1;
}
