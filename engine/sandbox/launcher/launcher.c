/* launcher.c: the first program in a sandbox; see plan.h. */
#include "engine/sandbox/launcher/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLAN_SIZE_MAX = 16 << 20, PASSWD_SIZE_MAX = 1 << 20 };

void launch_fail(int status, ...)
{
	char text[2048] = "E";
	size_t length = 1;
	const char *part;
	va_list parts;

	va_start(parts, status);
	while ((part = va_arg(parts, const char *))) {
		size_t size = strnlen(part, sizeof text - length);

		memcpy(text + length, part, size);
		length += size;
	}
	va_end(parts);
	send(LAUNCH_FD_CONTROL, text, length, MSG_NOSIGNAL);
	_exit(status);
}

const char *launch_why(void)
{
	const char *text = strerrordesc_np(errno);

	return text ? text : "unknown error";
}

char *launch_read(int fd, size_t limit, size_t *ret_length)
{
	size_t length = 0, capacity = 0;
	ssize_t got = 1;
	char *text = NULL;

	for (; got != 0; length += got > 0 ? (size_t)got : 0) {
		if (length + 1 >= capacity) {
			capacity = capacity ? capacity * 2 : 16384;
			text = realloc(text, capacity);
		}
		if (!text || length > limit) {
			errno = text ? EFBIG : ENOMEM;
			break;
		}
		got = read(fd, text + length, capacity - length - 1);
		if (got < 0 && errno != EINTR)
			break;
	}
	if (got) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*ret_length = length;
	return text;
}

int launch_open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void read_plan(struct launch_plan *ret_plan)
{
	const char *reason;
	size_t length = 0;
	char *text = launch_read(LAUNCH_FD_PLAN, PLAN_SIZE_MAX, &length);

	if (!text)
		launch_fail(LAUNCH_EXIT_SETUP, "cannot read the launch plan: ", launch_why(), NULL);
	if (launch_plan_parse(ret_plan, text, length, &reason) < 0)
		launch_fail(LAUNCH_EXIT_SETUP, "the launch plan is not valid: ", reason, NULL);
}

static void find_user(const struct launch_plan *plan, struct launch_user *ret_user)
{
	int fd = launch_open_regular("/etc/passwd");
	size_t length;
	char *passwd = fd >= 0 ? launch_read(fd, PASSWD_SIZE_MAX, &length) : NULL;
	const char *reason = launch_find_user(plan, passwd, ret_user);

	if (fd >= 0)
		close(fd);
	if (reason)
		launch_fail(LAUNCH_EXIT_SETUP, "user \"", plan->user, "\": ", reason, NULL);
}

/* A session of its own; a helper that joins a running step may have made it already. */
static void begin_session(void)
{
	if (setsid() < 0 && getsid(0) != getpid())
		launch_fail(LAUNCH_EXIT_SETUP, "cannot begin a session: ", launch_why(), NULL);
}

/* Goes to the step's directory, and makes sure that it is one below the root. */
static void enter_workdir(const char *workdir)
{
	char path[4096];

	if (chdir(workdir) < 0)
		launch_fail(LAUNCH_EXIT_SETUP, "cannot enter workdir ", workdir, ": ", launch_why(),
			    NULL);
	if (!getcwd(path, sizeof path) || *path != '/')
		launch_fail(LAUNCH_EXIT_SETUP, "workdir ", workdir,
			    " leads out of the sandbox: it must be a directory of the systree or "
			    "of a workspace",
			    NULL);
}

/* What exec does not reset: an empty mask, default dispositions (SIGPIPE too), the usual umask. */
static void reset_process(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	umask(022);
}

/* The environment of the program: the plan's, HOME, and what was inherited if that may pass. */
static char **make_environment(const struct launch_plan *plan, const char *home, char **inherited)
{
	size_t count = plan->environment.len, len = 0;
	bool has_home = false;
	char **all;

	for (char **entry = inherited; !plan->clear_environment && *entry; entry++)
		count++;
	all = calloc(count + 2, sizeof *all);
	if (!all)
		launch_fail(LAUNCH_EXIT_SETUP, "out of memory", NULL);
	for (size_t i = 0; i < plan->environment.len; i++) {
		all[len] = strdup(plan->environment.items[i]);
		has_home |= all[len] && !strncmp(all[len], "HOME=", 5);
		len += all[len] != NULL;
	}
	if (!has_home && (all[len] = malloc(strlen(home) + sizeof "HOME=")))
		strcpy(stpcpy(all[len++], "HOME="), home);
	for (char **entry = inherited; !plan->clear_environment && *entry; entry++)
		all[len++] = *entry;
	return all;
}

int main(int argc, char **argv, char **inherited)
{
	struct launch_plan plan;
	struct launch_user user;
	char **environment;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	fcntl(LAUNCH_FD_CONTROL, F_SETFD, FD_CLOEXEC);
	if (argc > 1)
		launch_join(argv + 1);
	else
		launch_leave_first_process();
	read_plan(&plan);
	if (plan.close_descriptors)
		launch_close_descriptors();
	launch_join_keyring();
	if (plan.no_new_privileges)
		launch_check_no_new_privileges();
	find_user(&plan, &user);
	environment = make_environment(&plan, user.home ? user.home : "/", inherited);
	if (plan.session)
		begin_session();
	if (plan.terminal)
		launch_open_terminal(&plan, &user);
	launch_give_files(&plan.own, &user);
	launch_set_limits(&plan);
	launch_become(&plan, &user);
	enter_workdir(plan.workdir);
	reset_process();
	launch_load_filters(&plan);
	launch_execute(&plan, environment);
}
