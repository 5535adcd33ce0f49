/* Files of the host that take long to be read are read in a child, before anything is known of the step that takes
 * them. */
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/process/worker.h"
#include "engine/session/session_internal.h"
#include "engine/store/unread.h"

/* Of one step: nobody notices that they are read. */
enum { QUICK_BYTES = 64 << 20 };

/* Of one step, before its files count as being written by somebody. */
enum { READS_MAX = 3 };

/* What to do about it, for who does not run the step. */
static int say_unread(const struct session *session, size_t step, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT;

	step_add_title(session_spec_step(session, step), &title);
	return err_set(err, ERR_UNREAD,
		       "the files of %s have not been read yet: it is not known whether it has "
		       "passed (`continue` or `until` reads them)",
		       title.data);
}

int session_key(struct session *session, size_t step, char ret_key[SHA256_HEX_SIZE],
		char **ret_ingredients, struct err *err)
{
	const struct action_input input = session_input(session, step);
	struct store *store = host_store(session->host);
	int result;

	store_limit_digests(store, session->looks_briefly ? QUICK_BYTES : UINT64_MAX);
	result = action_key(&input, ret_key, ret_ingredients, err);
	store_limit_digests(store, UINT64_MAX);
	return result < 0 && err->code == ERR_UNREAD ? say_unread(session, step, err) : result;
}

/* The child. The key itself is made by the parent, who knows the other files. */
static int work(void *data, int socket, struct err *err)
{
	const struct session *session = data;
	const struct action_input input = session_input(session, session->position);
	char ignored[SHA256_HEX_SIZE];

	unread_work(host_store(session->host), socket);
	return action_key(&input, ignored, NULL, err);
}

static void on_message(void *data, const struct message *message)
{
	struct session *session = data;

	if (message->type == 'R')
		unread_take(host_store(session->host), message->body);
	if (message->type != 'P')
		return;
	session->read_bytes = strtoull(message->body, NULL, 10);
	session_emit(session, (struct event){.type = EVENT_STEP_PROGRESS,
					     .step = session->position,
					     .amount = session->read_bytes});
}

/* What was read is known now. */
static void on_ended(void *data, const struct err *failure)
{
	struct session *session = data;
	const struct err err = failure ? *failure : (struct err){0};

	worker_free(take_ptr(&session->reading));
	if (failure) {
		session_stop(session, STOP_ERROR, NULL, &err);
		return;
	}
	session_restore_adopted(session);
	session_pin_cached(session);
	session_advance(session);
}

/* Lists the files of the present step that are to be read. */
static int list_files(struct session *session, struct err *err)
{
	const struct action_input input = session_input(session, session->position);
	struct store *store = host_store(session->host);
	char ignored[SHA256_HEX_SIZE];
	int result;

	unread_begin(store);
	result = action_key(&input, ignored, NULL, err);
	session->unread_bytes = unread_end(store);
	session->read_bytes = 0;
	return result;
}

static void tell(struct session *session)
{
	AUTO_FREE char *size = session_size_text(session->unread_bytes);
	AUTO_BUF struct buf text = BUF_INIT;

	buf_add_str(&text, "reading the files of ");
	step_add_title(session_spec_step(session, session->position), &text);
	buf_add_fmt(&text, ": %s", size);
	session_emit(session, (struct event){.type = EVENT_STEP_READING,
					     .step = session->position,
					     .text = text.data,
					     .amount = session->unread_bytes});
}

/* Files that were changed while they were read are read again, but not for ever. */
static int check_reads(struct session *session, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT;

	if (session->reads++ < READS_MAX)
		return 0;
	step_add_title(session_spec_step(session, session->position), &title);
	return err_set(err, ERR_STEP,
		       "the files of %s change again and again while they are read; try again when "
		       "nobody writes them",
		       title.data);
}

int session_read(struct session *session, struct err *err)
{
	const struct worker_callbacks callbacks = {on_message, on_ended, session};
	const struct child_job job = {work, session, NULL, 0};

	if (check_reads(session, err) < 0 || list_files(session, err) < 0 ||
	    worker_start(host_loop(session->host), &job, &callbacks, &session->reading, err) < 0)
		return -1;
	tell(session);
	return 1;
}

void session_read_end(struct session *session)
{
	worker_free(take_ptr(&session->reading));
	session->reads = 0;
	unread_forget(host_store(session->host));
}

bool session_is_reading(const struct session *session, uint64_t *ret_read, uint64_t *ret_all)
{
	*ret_read = session->read_bytes;
	*ret_all = session->unread_bytes;
	return session->reading != NULL;
}
