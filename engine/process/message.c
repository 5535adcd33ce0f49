#include "engine/process/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <stdint.h>

#include "engine/base/mem.h"

int message_pair(int ret_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_sys(err, "cannot make a socket pair");
	return 0;
}

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void attach_fd(struct msghdr *header, union control *control, int fd)
{
	struct cmsghdr *item;

	memset(control, 0, sizeof *control);
	header->msg_control = control->bytes;
	header->msg_controllen = sizeof control->bytes;
	item = CMSG_FIRSTHDR(header);
	item->cmsg_level = SOL_SOCKET;
	item->cmsg_type = SCM_RIGHTS;
	item->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(item), &fd, sizeof fd);
}

static int send_record(int fd, char type, const void *body, size_t length, int sent_fd)
{
	struct iovec parts[2] = {{&type, 1}, {(void *)(uintptr_t)body, length}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = length ? 2 : 1};
	union control control;
	ssize_t sent;

	if (sent_fd >= 0)
		attach_fd(&header, &control, sent_fd);
	do
		sent = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int message_send(int fd, char type, const void *body, size_t length)
{
	return send_record(fd, type, body,
			   length < MESSAGE_SIZE_MAX ? length : MESSAGE_SIZE_MAX - 1, -1);
}

int message_send_text(int fd, char type, const char *text)
{
	return message_send(fd, type, text, strlen(text));
}

int message_send_fd(int fd, char type, int sent_fd)
{
	return send_record(fd, type, NULL, 0, sent_fd);
}

int message_send_err(int fd, const struct err *err)
{
	return message_send(fd, 'E', err, sizeof *err);
}

/* The descriptor that came with a record, or -1. */
static int detach_fd(struct msghdr *header)
{
	struct cmsghdr *item = CMSG_FIRSTHDR(header);
	int fd = -1;

	if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
	    item->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(item), sizeof fd);
	return fd;
}

int message_receive(int fd, struct message *ret_message, int flags)
{
	union control control;
	char type = 0;
	struct iovec parts[2] = {{&type, 1}, {ret_message->body, MESSAGE_SIZE_MAX - 1}};
	struct msghdr header = {.msg_iov = parts,
				.msg_iovlen = 2,
				.msg_control = control.bytes,
				/* Not CMSG_SPACE: its padding has room for a second one. */
				.msg_controllen = CMSG_LEN(sizeof(int))};
	ssize_t got;

	/* ECONNRESET comes once, before all that was sent: whoever closed had not read everything. */
	do
		got = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got <= 0)
		return (int)got;
	ret_message->type = type;
	ret_message->length = (size_t)got - 1;
	ret_message->body[got - 1] = '\0';
	ret_message->fd = detach_fd(&header);
	return 1;
}

void message_get_err(const struct message *message, struct err *ret_err)
{
	if (message->length == sizeof *ret_err)
		memcpy(ret_err, message->body, sizeof *ret_err);
	else
		err_set(ret_err, ERR_FAULT, "%s", message->body);
	ret_err->text[sizeof ret_err->text - 1] = '\0';
}

int message_expect(int socket, const char *who, int *ret_fd, struct err *err)
{
	struct message message;
	int got = message_receive(socket, &message, 0);

	if (got == 1 && message.type == 'R') {
		*ret_fd = message.fd;
		return 0;
	}
	if (got == 1 && message.type == 'E')
		message_get_err(&message, err);
	else
		err_set(err, ERR_FAULT, "%s died", who);
	return -1;
}
