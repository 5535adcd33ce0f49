/* doctor_fixture.h: a host made of files for the checks of the doctor, and children whose
 * surroundings are spoiled before a check. */
#ifndef TESTS_UNIT_DOCTOR_FIXTURE_H
#define TESTS_UNIT_DOCTOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/session/doctor_internal.h"

/* A host of files, and the finding of the last check. */
struct fixture {
	char root[64];
	struct doctor_host host;
	struct doctor_finding finding;
};

static int set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	strcpy(fixture->root, "/tmp/contractor-doctor.XXXXXX");
	*state = fixture;
	if (!mkdtemp(fixture->root))
		return -1;
	fixture->host = (struct doctor_host){
		.root = fixture->root,
		.store_path = fixture->root,
		.store_near = fixture->root,
		.artifacts_path = fixture->root,
		.artifacts_near = fixture->root,
		.program = "/opt/it/contractor",
	};
	return 0;
}

static void forget(struct fixture *fixture)
{
	free(fixture->finding.text);
	free(fixture->finding.remedy);
	fixture->finding = (struct doctor_finding){0};
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int result = path_remove_tree(AT_FDCWD, fixture->root, &err);

	forget(fixture);
	free(fixture);
	return result;
}

/* Writes a file of the host, with the directories above it. */
static void put(const struct fixture *fixture, const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = mem_printf("%s%s", fixture->root, name);
	AUTO_FREE char *dir = path_dirname(path);
	struct err err = {0};

	if (path_make_dirs(dir, 0755, &err) < 0)
		fail_msg("%s", err.text);
	{
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
		assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
		assert_int_equal(fchmod(fd, mode), 0);
	}
}

static void examine(struct fixture *fixture, doctor_check_function *check)
{
	forget(fixture);
	check(&fixture->host, &fixture->finding);
}

/* The check finds this status, with these words in the text and in the remedy (NULL: none). */
static void check_finds(struct fixture *fixture, doctor_check_function *check,
			enum doctor_status status, const char *text, const char *remedy)
{
	const struct doctor_finding *found = &fixture->finding;

	examine(fixture, check);
	if (found->status != status || !strstr(found->text, text) || !found->remedy != !remedy ||
	    (remedy && !strstr(found->remedy, remedy)))
		fail_msg("%s: %s: %s", doctor_status_name(found->status), found->text,
			 found->remedy ? found->remedy : "");
}

/* Runs a function of a test in a child, where it may spoil the surroundings; its finding is
 * taken over. */
struct spoiled {
	struct fixture *fixture;
	doctor_check_function *check;
	int (*spoil)(const void *data);
	const void *data;
};

static int examine_spoiled(void *data, int socket, struct err *err)
{
	struct spoiled *spoiled = data;
	struct doctor_finding *finding = &spoiled->fixture->finding;
	AUTO_BUF struct buf body = BUF_INIT;

	if (spoiled->spoil(spoiled->data) < 0)
		return err_sys(err, "cannot prepare the test");
	examine(spoiled->fixture, spoiled->check);
	buf_add_fmt(&body, "%d%s", (int)finding->status, finding->text);
	buf_add_char(&body, '\0');
	buf_add_str(&body, finding->remedy ? finding->remedy : "");
	return message_send(socket, 'R', body.data, body.len);
}

/* As check_finds(), after spoil(data) in a child. remedy "" means none. */
static void check_finds_after(struct spoiled spoiled, enum doctor_status status, const char *text,
			      const char *remedy)
{
	const struct child_job job = {.run = examine_spoiled, .data = &spoiled};
	struct message message;
	struct err err = {0};
	const char *found;
	int socket, got;
	pid_t pid;

	assert_int_equal(child_fork(&job, &pid, &socket, &err), 0);
	fcntl(socket, F_SETFL, 0);
	got = message_receive(socket, &message, 0);
	close(socket);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(got, 1);
	if (message.type == 'E') {
		message_get_err(&message, &err);
		fail_msg("%s", err.text);
	}
	found = message.body + strlen(message.body) + 1;
	if (message.body[0] != '0' + (int)status || !strstr(message.body, text) ||
	    !strstr(found, remedy) || !*found != !*remedy)
		fail_msg("%s: %s", message.body, found);
}

#endif
