/* What the store has done inside the namespaces: removing and reading what any id of them owns. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/actions/host.h"
#include "engine/actions/host_internal.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/process/message.h"

/* A removal in the namespaces: their root may remove what any id of the range owns. */
struct removal {
	const struct userns *userns;
	const char *path;
};

static int remove_inside(void *data, int socket, struct err *err)
{
	const struct removal *removal = data;

	(void)socket;
	if (userns_enter(removal->userns, err) < 0)
		return -1;
	return path_remove_tree(AT_FDCWD, removal->path, err);
}

/* The path that the store's directory dir_fd has in the outer namespaces, or NULL. */
static const char *inside_dir(const struct store *store, int dir_fd)
{
	if (dir_fd == store_layers_fd(store))
		return USERNS_DIR "/layers";
	return dir_fd == store_tmp_fd(store) ? USERNS_DIR "/tmp" : NULL;
}

/* Hands over what a child has sent. */
static void take_sums(const struct message *message,
		      void (*take)(void *take_data, const struct sums *sums), void *take_data)
{
	struct sums sums;

	if (take && message->type == 'R' && sums_parse(message->body, &sums))
		take(take_data, &sums);
}

/* Waits for a child that is known to end by itself, and takes its error, and its sums for who wants
 * them. */
static int finish_child(pid_t pid, int socket,
			void (*take)(void *take_data, const struct sums *sums), void *take_data,
			struct err *err)
{
	struct message message;
	int status, result = 0;

	fcntl(socket, F_SETFL, 0);
	while (message_receive(socket, &message, 0) == 1) {
		take_sums(&message, take, take_data);
		if (message.type != 'E')
			continue;
		message_get_err(&message, err);
		result = -1;
	}
	fd_close(&socket);
	if (waitpid(pid, &status, 0) == pid && status && !result)
		return err_set(err, ERR_FAULT, "a child that looks after the store died");
	return result;
}

int host_remove_tree(void *data, int dir_fd, const char *name, struct err *err)
{
	struct host *host = data;
	const char *dir = host_store(host) ? inside_dir(host_store(host), dir_fd) : NULL;
	AUTO_FREE char *path = NULL;
	struct removal removal = {0};
	int keep[2], socket;
	pid_t pid;

	if (!dir)
		return err_set(err, ERR_HOST, "cannot remove %s from outside the namespaces", name);
	if (host_userns(host, &removal.userns, err) < 0)
		return -1;
	path = path_join(dir, name);
	removal.path = path;
	keep[0] = userns_user_fd(removal.userns);
	keep[1] = userns_mount_fd(removal.userns);
	if (child_fork(&(struct child_job){remove_inside, &removal, keep, 2}, &pid, &socket, err) <
	    0)
		return -1;
	return finish_child(pid, socket, NULL, NULL, err);
}

/* Digests to be made. */
struct summing {
	const struct userns *userns;
	const int64_t *numbers;
	size_t count;
	int logs_fd;
};

static int sum_inside(void *data, int socket, struct err *err)
{
	const struct summing *summing = data;
	AUTO_FREE struct sums *sums =
		sums_of_logs(summing->numbers, summing->count, summing->logs_fd);

	if (userns_enter(summing->userns, err) < 0)
		return -1;
	return sums_send(sums, summing->count, USERNS_DIR "/layers", socket, err);
}

int host_sum(void *data, const int64_t *numbers, size_t count,
	     void (*take)(void *take_data, const struct sums *sums), void *take_data,
	     struct err *err)
{
	struct host *host = data;
	struct summing summing = {
		.numbers = numbers, .count = count, .logs_fd = store_logs_fd(host_store(host))};
	int keep[3], socket;
	pid_t pid;

	if (host_userns(host, &summing.userns, err) < 0)
		return -1;
	keep[0] = userns_user_fd(summing.userns);
	keep[1] = userns_mount_fd(summing.userns);
	keep[2] = summing.logs_fd;
	if (child_fork(&(struct child_job){sum_inside, &summing, keep, 3}, &pid, &socket, err) < 0)
		return -1;
	return finish_child(pid, socket, take, take_data, err);
}
