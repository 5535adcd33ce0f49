/* Messages between processes, and forked children (engine/process/message.h, child.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"

/* Messages. */

static int set_up(void **state)
{
	int *ends = mem_new(2 * sizeof *ends);
	struct err err;

	*state = ends;
	return message_pair(ends, &err);
}

static int tear_down(void **state)
{
	int *ends = *state;

	fd_close(&ends[0]);
	fd_close(&ends[1]);
	free(ends);
	return 0;
}

/* The number of open descriptors, to see that none is left behind. */
static int count_fds(void)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	return count;
}

static void test_message_texts(void **state)
{
	const int *ends = *state;
	struct message message;

	assert_int_equal(message_send_text(ends[0], 'N', "a note"), 0);
	assert_int_equal(message_send_text(ends[0], 'P', ""), 0);
	assert_int_equal(message_send(ends[0], 'R', "a\0b", 3), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.type, 'N');
	assert_int_equal(message.length, 6);
	assert_string_equal(message.body, "a note");
	assert_int_equal(message.fd, -1);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.type, 'P');
	assert_string_equal(message.body, "");
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.length, 3);
	assert_memory_equal(message.body, "a\0b", 4);
}

/* A body that is too long is cut, not refused, and stays a string. */
static void test_message_too_long(void **state)
{
	const int *ends = *state;
	char body[MESSAGE_SIZE_MAX + 10];
	struct message message;

	memset(body, 'x', sizeof body);
	assert_int_equal(message_send(ends[0], 'R', body, sizeof body), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.length, MESSAGE_SIZE_MAX - 1);
	assert_int_equal(strlen(message.body), MESSAGE_SIZE_MAX - 1);
}

static void test_message_end_of_file(void **state)
{
	int *ends = *state;
	struct message message;

	assert_int_equal(message_receive(ends[1], &message, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	message_send_text(ends[0], 'N', "last");
	fd_close(&ends[0]);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_string_equal(message.body, "last");
	assert_int_equal(message_receive(ends[1], &message, 0), 0);
	assert_int_equal(message_send_text(ends[1], 'N', "x"), -1);
	assert_int_equal(errno, EPIPE);
}

/* Who ends with a command unread has said before what is to be known of its end. */
static void test_message_before_end(void **state)
{
	int *ends = *state;
	struct message message;

	message_send_text(ends[1], 's', "");
	message_send_text(ends[0], 'D', "result");
	fd_close(&ends[0]);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_string_equal(message.body, "result");
	assert_int_equal(message_receive(ends[1], &message, 0), 0);
}

static void test_message_with_descriptor(void **state)
{
	const int *ends = *state;
	struct stat sent, received;
	struct message message;
	int file[2];

	assert_int_equal(pipe(file), 0);
	assert_int_equal(message_send_fd(ends[0], 'P', file[0]), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.type, 'P');
	assert_true(message.fd >= 0 && message.fd != file[0]);
	assert_true(fcntl(message.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(file[0], &sent), 0);
	assert_int_equal(fstat(message.fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	close(message.fd);
	close(file[0]);
	close(file[1]);
}

/* Whoever sends more descriptors than one must not fill our table with them. */
static void test_message_with_many_descriptors(void **state)
{
	const int *ends = *state;
	int fds[4] = {ends[0], ends[0], ends[0], ends[0]}, before = count_fds();
	union {
		char bytes[CMSG_SPACE(sizeof fds)];
		struct cmsghdr item;
	} control = {.item = {.cmsg_len = CMSG_LEN(sizeof fds),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {(char[]){"R"}, 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof control};
	struct message message;

	memcpy(CMSG_DATA(&control.item), fds, sizeof fds);
	assert_int_equal(sendmsg(ends[0], &header, 0), 1);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	fd_close(&message.fd);
	assert_int_equal(count_fds(), before);
}

static void test_message_error(void **state)
{
	const int *ends = *state;
	struct err sent = {0}, received = {0};
	struct message message;

	errno = ENOSPC;
	err_sys(&sent, "cannot write x");
	assert_int_equal(message_send_err(ends[0], &sent), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.type, 'E');
	message_get_err(&message, &received);
	assert_int_equal(received.code, ERR_HOST);
	assert_int_equal(received.sys_errno, ENOSPC);
	assert_string_equal(received.text, sent.text);
}

/* An error may come from a process that was taken over: its text has an end in any case. */
static void test_message_error_is_ended(void **state)
{
	struct message message = {.type = 'E', .length = sizeof(struct err)};
	struct err err;

	(void)state;
	memset(message.body, 'x', sizeof err);
	message_get_err(&message, &err);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	message.length = 5;
	message.body[5] = '\0';
	message_get_err(&message, &err);
	assert_int_equal(err.code, ERR_FAULT);
	assert_string_equal(err.text, "xxxxx");
}

/* Children. */

/* Reads the one message that a child sends, and how the child ends. */
static void follow(const struct child_job *job, struct message *ret_message, int *ret_status)
{
	struct err err = {0};
	int socket;
	pid_t pid;

	assert_int_equal(child_fork(job, &pid, &socket, &err), 0);
	assert_true(fcntl(socket, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(socket, F_GETFD) & FD_CLOEXEC);
	fcntl(socket, F_SETFL, 0);
	assert_int_equal(message_receive(socket, ret_message, 0), 1);
	close(socket);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
}

static int fail_job(void *data, int socket, struct err *err)
{
	(void)socket;
	return err_set(err, ERR_USAGE, "no %s", (const char *)data);
}

static void test_child_error(void **state)
{
	const struct child_job job = {fail_job, "such thing", NULL, 0};
	struct message message;
	struct err err;
	int status;

	(void)state;
	follow(&job, &message, &status);
	assert_int_equal(message.type, 'E');
	message_get_err(&message, &err);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "no such thing");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* Adds the numbers of the open descriptors, from 3 on. */
static void list_fds(struct buf *out)
{
	for (int fd = 3; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			buf_add_fmt(out, " %d", fd);
	}
}

static int list_fds_job(void *data, int socket, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)data;
	(void)err;
	buf_add_fmt(&out, "%d:", socket);
	list_fds(&out);
	return message_send_text(socket, 'R', out.data);
}

/* Of those that are open here the child has only what it was given, and its socket. Also with
 * numbers that are out of order, named twice, or standard ones. */
static void test_child_descriptors(void **state)
{
	int low = open("/dev/null", O_RDONLY), other = open("/dev/null", O_RDONLY);
	int high = fcntl(other, F_DUPFD, 900), stray = fcntl(other, F_DUPFD, 901);
	const int keep[] = {high, low, high, 0, -1};
	const struct child_job job = {list_fds_job, NULL, keep, ARRAY_SIZE(keep)};
	AUTO_FREE char *expected = NULL;
	struct message message;
	int status, socket;

	(void)state;
	follow(&job, &message, &status);
	socket = atoi(message.body);
	assert_true(socket > other);
	expected = mem_printf("%d: %d %d %d", socket, low, socket, high);
	assert_string_equal(message.body, expected);
	assert_int_equal(status, 0);
	close(low);
	close(other);
	close(high);
	close(stray);
}

static int describe_job(void *data, int socket, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct stat null, stream;

	(void)data;
	(void)err;
	buf_add_fmt(&out, "session %d", getsid(0) == getpid());
	stat("/dev/null", &null);
	for (int fd = 0; fd < 3; fd++)
		buf_add_fmt(&out, " null %d",
			    fstat(fd, &stream) == 0 && stream.st_rdev == null.st_rdev);
	buf_add_fmt(&out, " umask %03o", umask(0));
	return message_send_text(socket, 'R', out.data);
}

static void test_child_surroundings(void **state)
{
	const struct child_job job = {describe_job, NULL, NULL, 0};
	mode_t mask = umask(0077);
	struct message message;
	int status;

	(void)state;
	follow(&job, &message, &status);
	umask(mask);
	assert_string_equal(message.body, "session 1 null 1 null 1 null 1 umask 022");
}

/* Adds what is blocked, and what has another disposition than the default. */
static void list_signals(struct buf *out)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < SIGRTMIN; number++) {
		struct sigaction action;

		if (sigismember(&mask, number))
			buf_add_fmt(out, "%s blocked, ", strsignal(number));
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			buf_add_fmt(out, "%s, ", strsignal(number));
	}
}

static int signals_job(void *data, int socket, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	(void)data;
	(void)err;
	list_signals(&out);
	buf_add_str(&out, "then ");
	child_reset_signals();
	list_signals(&out);
	return message_send_text(socket, 'R', out.data);
}

static void handle(int number)
{
	(void)number;
}

/* Whatever we ignore, handle or block: the job has nothing of it but broken pipes and files beyond
 * their limit, which its writes report; and a program that it executes after child_reset_signals() not even that. */
static void test_child_signals(void **state)
{
	const struct child_job job = {signals_job, NULL, NULL, 0};
	struct message message;
	sigset_t blocked, before;
	int status;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, handle);
	follow(&job, &message, &status);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_string_equal(message.body, "Broken pipe, File size limit exceeded, then ");
	assert_int_equal(status, 0);
}

static int wait_for_end_job(void *data, int socket, struct err *err)
{
	struct message message;

	(void)data;
	(void)err;
	message_send_text(socket, 'R', "");
	return message_receive(socket, &message, 0);
}

/* follow() closes its end and waits: the child must see end-of-file, so it must not have
 * our end itself. */
static void test_child_lifeline(void **state)
{
	const struct child_job job = {wait_for_end_job, NULL, NULL, 0};
	struct message message;
	int status;

	(void)state;
	follow(&job, &message, &status);
	assert_int_equal(status, 0);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAIR(test_message_texts),
		WITH_PAIR(test_message_too_long),
		WITH_PAIR(test_message_end_of_file),
		WITH_PAIR(test_message_before_end),
		WITH_PAIR(test_message_with_descriptor),
		WITH_PAIR(test_message_with_many_descriptors),
		WITH_PAIR(test_message_error),
		cmocka_unit_test(test_message_error_is_ended),
		cmocka_unit_test(test_child_error),
		cmocka_unit_test(test_child_descriptors),
		cmocka_unit_test(test_child_surroundings),
		cmocka_unit_test(test_child_signals),
		cmocka_unit_test(test_child_lifeline),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
