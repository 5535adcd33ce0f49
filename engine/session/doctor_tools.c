/* doctor_tools.c: checks of the programs that contractor executes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/sandbox/stack.h"
#include "engine/session/doctor_internal.h"
#include "engine/session/shell.h"

enum { OUTPUT_MAX = 65536 };

char *doctor_find_program(const struct doctor_host *host, const char *name)
{
	static const char *const dirs[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin",
					   "/usr/local/bin"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		AUTO_FREE char *path = mem_printf("%s%s/%s", host->root, dirs[i], name);

		if (!access(path, X_OK))
			return take_ptr(&path);
	}
	return NULL;
}

static _Noreturn void run(const char *path, const char *option, int output)
{
	char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)option, NULL};

	child_reset(&output, 1);
	dup2(output, STDOUT_FILENO);
	execv(path, argv);
	_exit(127);
}

/* What the program prints when it is started with this option; "" when it cannot be. */
static void read_output(const char *path, const char *option, struct buf *out)
{
	struct err err;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		run(path, option, ends[1]);
	close(ends[1]);
	if (pid > 0 && buf_read_fd(out, ends[0], OUTPUT_MAX, path, &err) < 0)
		buf_clear(out);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* An option that our arguments have and this bwrap does not know, or NULL. */
static const char *unknown_option(const char *help)
{
	static const char *const options[] = {"--userns2", "--clearenv",     "--perms",
					      "--size",	   "--ro-bind-data", "--bind-fd"};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!strstr(help, options[i]))
			return options[i];
	}
	return NULL;
}

/* A set-user-id bwrap is as good: where we start it the kernel ignores the bit, since its owner has
 * no id in our namespaces. */
static void describe_bwrap(const char *path, struct doctor_finding *finding)
{
	AUTO_BUF struct buf version = BUF_INIT, help = BUF_INIT;
	const char *unknown;
	struct stat status;
	bool set_uid;

	read_output(path, "--version", &version);
	read_output(path, "--help", &help);
	version.data[strcspn(version.data, "\n")] = '\0';
	unknown = unknown_option(help.data);
	set_uid = stat(path, &status) == 0 && (status.st_mode & S_ISUID);
	if (!version.data[0])
		doctor_lacks(finding, DOCTOR_MISSING, "sudo apt install --reinstall bubblewrap",
			     "%s does not run", path);
	else if (unknown)
		doctor_lacks(finding, DOCTOR_MISSING, "sudo apt install --only-upgrade bubblewrap",
			     "%s does not know %s", version.data, unknown);
	else
		doctor_fine(finding, "%s%s", version.data,
			    set_uid ? ", set-user-id (which contractor does not use)" : "");
}

void doctor_check_bwrap(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *path = doctor_find_program(host, "bwrap");

	if (path)
		describe_bwrap(path, finding);
	else
		doctor_lacks(finding, DOCTOR_MISSING, "sudo apt install bubblewrap",
			     "bwrap is not installed");
}

/* Whether the program may map ids for others: by its set-user-id bit, or by a capability. */
static bool may_map(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 &&
	       ((status.st_mode & S_ISUID) || getxattr(path, "security.capability", NULL, 0) > 0);
}

void doctor_check_uidmap(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *uid = doctor_find_program(host, "newuidmap");
	AUTO_FREE char *gid = doctor_find_program(host, "newgidmap");

	if (geteuid() == 0)
		doctor_fine(finding, "not needed by root");
	else if (!uid || !gid)
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo apt install uidmap",
			     "newuidmap and newgidmap are not installed");
	else if (!may_map(uid) || !may_map(gid))
		doctor_lacks(finding, DOCTOR_MISSING, "sudo apt install --reinstall uidmap",
			     "%s and %s lack their set-user-id bit", uid, gid);
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) > 0)
		doctor_lacks(finding, DOCTOR_MISSING,
			     "start contractor outside of what sets it (systemd: "
			     "NoNewPrivileges=no)",
			     "no_new_privs is set: newuidmap and newgidmap have no effect");
	else
		doctor_fine(finding, "%s and %s", uid, gid);
}

/* Looks for a program, which is also the name of its package. */
static void check_tool(const struct doctor_host *host, const char *program, const char *lost,
		       struct doctor_finding *finding)
{
	AUTO_FREE char *path = doctor_find_program(host, program);
	AUTO_FREE char *remedy = mem_printf("sudo apt install %s", program);

	if (path)
		doctor_fine(finding, "%s", path);
	else
		doctor_lacks(finding, DOCTOR_DEGRADED, remedy, "%s is not installed; %s", program,
			     lost);
}

void doctor_check_debootstrap(const struct doctor_host *host, struct doctor_finding *finding)
{
	check_tool(host, "debootstrap", "debootstrap steps cannot run", finding);
}

void doctor_check_git(const struct doctor_host *host, struct doctor_finding *finding)
{
	check_tool(host, "git", "git steps cannot run", finding);
}

void doctor_check_gpgv(const struct doctor_host *host, struct doctor_finding *finding)
{
	check_tool(host, "gpgv", "debootstrap steps, which check signatures, cannot run", finding);
}

void doctor_check_busybox(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *path = shell_find_busybox(host->root);

	if (path)
		doctor_fine(finding, "%s", path);
	else
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo apt install busybox-static",
			     "there is no static busybox; shells cannot enter a tree that has none "
			     "of its own");
}

/* What is lost without a network stack of a step's own. */
#define LOST "; steps with network use the host's, its loopback included"

void doctor_check_network(const struct doctor_host *host, struct doctor_finding *finding)
{
	struct stack_host look;
	enum stack stack;

	stack_look(host->root, &look);
	stack = stack_choose(STACK_AUTO, &look);
	if (stack_is_private(stack))
		doctor_fine(finding, "%s: steps with network have a stack of their own",
			    stack_name(stack));
	else if (!look.has[STACK_PASTA] && !look.has[STACK_SLIRP4NETNS])
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo apt install passt",
			     "neither pasta nor slirp4netns is installed" LOST);
	else if (!look.has_device)
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo modprobe tun",
			     "there is no " STACK_DEVICE LOST);
	else
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo chmod 0666 " STACK_DEVICE,
			     STACK_DEVICE " is not for everybody to open" LOST);
}
