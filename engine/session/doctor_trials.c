/* doctor_trials.c: checks that try out what a build does: namespaces and an overlay. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/process/id_map.h"
#include "engine/process/message.h"
#include "engine/process/userns.h"
#include "engine/session/doctor_internal.h"
#include "engine/store/overlay.h"

/* Settings that keep people from making user namespaces. */
static const struct {
	const char *name, *path, *refusing;
	bool root_too;	    /* it holds for root as well */
	const char *remedy; /* NULL: doctor_apparmor_remedy() */
} settings[] = {
	{"user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", "0", true,
	 "sudo sysctl -w user.max_user_namespaces=15000"},
	{"kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone", "0",
	 false, "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
	{DOCTOR_APPARMOR_SETTING, DOCTOR_APPARMOR_PATH, "1", false, NULL},
};

/* What helps where none of these is to blame. */
static const struct {
	int number; /* errno of what failed; 0: newuidmap or newgidmap did */
	const char *remedy;
} refusals[] = {
	{0, "see uidmap"},
	{EPERM,
	 "allow unshare(2) and mount(2): a container needs --security-opt seccomp=unconfined "
	 "--security-opt apparmor=unconfined"},
	{EACCES, "allow mount(2): a container needs --security-opt apparmor=unconfined"},
	{ENOSPC, "sudo sysctl -w user.max_user_namespaces=15000; or nest fewer containers"},
};

static const char *refusal_remedy(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].number == number)
			return refusals[i].remedy;
	}
	return "a kernel with CONFIG_USER_NS";
}

/* The child: a user namespace, its map, and a first thing that only its root may do. */
static int try_userns(void *data, int socket, struct err *err)
{
	struct message message;

	(void)data;
	if (unshare(CLONE_NEWUSER) < 0)
		return err_sys(err, "cannot make a user namespace");
	prctl(PR_SET_DUMPABLE, 1);
	if (message_send_text(socket, 'R', "") < 0 || message_receive(socket, &message, 0) != 1)
		return err_set(err, ERR_FAULT, "the ids were not mapped");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "cannot become root of a user namespace");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "cannot mount anything in a user namespace");
	/* As each step gets one. */
	if (unshare(CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		return err_sys(err, "cannot make a user namespace in a user namespace");
	message_send_text(socket, 'R', "");
	return 0;
}

/* Waits for the child's 'R', or takes over its error. */
static int expect(int socket, struct err *err)
{
	struct message message;

	if (message_receive(socket, &message, 0) != 1)
		return err_set(err, ERR_FAULT, "the child ended without a word");
	if (message.type == 'R')
		return 0;
	message_get_err(&message, err);
	return -1;
}

/* Contractor's side of try_userns(). */
static int follow_userns(const struct id_map *map, pid_t pid, int socket, struct err *err)
{
	AUTO_CLOSE int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return err_sys(err, "cannot open /proc");
	if (expect(socket, err) < 0 || id_map_write(map, proc_fd, pid, err) < 0)
		return -1;
	message_send_text(socket, 'R', "");
	return expect(socket, err);
}

static int make_userns(const struct id_map *map, struct err *err)
{
	const struct child_job job = {.run = try_userns};
	int socket, result;
	pid_t pid;

	if (child_fork(&job, &pid, &socket, err) < 0)
		return -1;
	fcntl(socket, F_SETFL, 0);
	result = follow_userns(map, pid, socket, err);
	close(socket);
	waitpid(pid, NULL, 0);
	return result;
}

/* Says why it was refused: by a setting of the host if one is known to do so. */
static void explain_refusal(const struct doctor_host *host, const struct err *err,
			    struct doctor_finding *finding)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		AUTO_FREE char *value = doctor_read(host, settings[i].path), *remedy = NULL;

		if (!value || strcmp(value, settings[i].refusing) ||
		    (geteuid() == 0 && !settings[i].root_too))
			continue;
		remedy = settings[i].remedy ? mem_strdup(settings[i].remedy)
					    : doctor_apparmor_remedy(host);
		doctor_lacks(finding, DOCTOR_MISSING, remedy, "%s (%s is %s)", err->text,
			     settings[i].name, value);
		return;
	}
	doctor_lacks(finding, DOCTOR_MISSING, refusal_remedy(err->sys_errno), "%s", err->text);
}

void doctor_check_userns(const struct doctor_host *host, struct doctor_finding *finding)
{
	struct err err = {0};
	struct id_map map;

	if (id_map_find(&map, &err) < 0) {
		doctor_lacks(finding, DOCTOR_MISSING, "see ids", "%s", err.text);
		return;
	}
	if (make_userns(&map, &err) < 0) {
		explain_refusal(host, &err, finding);
		return;
	}
	doctor_fine(finding, "a user namespace was made and %s mapped",
		    map.single ? "one id was" : "65536 ids were");
}

/* What the trial of an overlay works with. */
struct overlay_trial {
	char *dir; /* the throwaway directory; NULL: not made */
	struct id_map map;
	struct userns *userns;
	bool entered; /* all but the mount itself has worked */
};

/* Makes name in the throwaway directory, for the root of the namespaces. */
static int make_dir(const struct overlay_trial *trial, const char *name, struct err *err)
{
	AUTO_FREE char *path = path_join(trial->dir, name);

	if (mkdir(path, 0755) < 0 || (geteuid() == 0 && chown(path, id_map_root_uid(&trial->map),
							      id_map_root_gid(&trial->map)) < 0))
		return err_sys(err, "cannot make %s", path);
	return 0;
}

static int make_dirs(struct overlay_trial *trial, const char *near, struct err *err)
{
	static const char *const names[] = {"top", "top/under", "top/under/d", "top/upper",
					    "top/work"};
	char *dir = path_join(near, ".contractor-doctor.XXXXXX");

	if (!mkdtemp(dir)) {
		err_sys(err, "cannot make a directory in %s", near);
		free(dir);
		return -1;
	}
	trial->dir = dir;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (make_dir(trial, names[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The same namespaces as for a build, with the throwaway directory for the store's. */
static int enter_store(struct overlay_trial *trial, struct err *err)
{
	AUTO_FREE char *path = path_join(trial->dir, "top");
	AUTO_CLOSE int top_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct userns_options options = {top_fd, top_fd, "", 0};

	if (top_fd < 0)
		return err_sys(err, "cannot open %s", path);
	return userns_new(&trial->map, &options, &trial->userns, err);
}

/* The child: mounts, and replaces a directory, for which attributes are needed. */
static int try_overlay(void *data, int socket, struct err *err)
{
	const struct overlay_trial *trial = data;
	const struct strv none = {0};
	const struct overlay overlay = {
		.layers_dir = USERNS_DIR "/layers",
		.name = "trial",
		.chain = &none,
		.under = USERNS_DIR "/layers/under",
		.upper = USERNS_DIR "/layers/upper",
		.work = USERNS_DIR "/layers/work",
	};

	if (userns_enter(trial->userns, err) < 0 ||
	    overlay_mount(&overlay, USERNS_DIR "/step", err) < 0)
		return -1;
	if (rmdir(USERNS_DIR "/step/d") < 0 || mkdir(USERNS_DIR "/step/d", 0755) < 0)
		return err_sys(err, "cannot replace a directory in an overlay");
	message_send_text(socket, 'R', "");
	return 0;
}

static int mount_overlay(struct overlay_trial *trial, struct err *err)
{
	const int keep[] = {userns_user_fd(trial->userns), userns_mount_fd(trial->userns)};
	const struct child_job job = {try_overlay, trial, keep, ARRAY_SIZE(keep)};
	int socket, result;
	pid_t pid;

	if (child_fork(&job, &pid, &socket, err) < 0)
		return -1;
	fcntl(socket, F_SETFL, 0);
	result = expect(socket, err);
	close(socket);
	waitpid(pid, NULL, 0);
	return result;
}

static const char *overlay_remedy(const struct doctor_host *host, const struct err *err)
{
	if (getenv("CONTRACTOR_BACKEND"))
		return "unset CONTRACTOR_BACKEND";
	if (!doctor_kernel_is(host, 5, 11))
		return "a kernel from Linux 5.11 on";
	if (err->sys_errno == ENODEV)
		return "sudo modprobe overlay";
	return "keep the store on ext4, xfs or btrfs: --store DIR, or CONTRACTOR_STORE=DIR";
}

/* The steps of the trial; *ret_remedy is what helps where the failing one is mended. */
static int run_overlay_trial(const struct doctor_host *host, struct overlay_trial *trial,
			     const char **ret_remedy, struct err *err)
{
	*ret_remedy = "see ids";
	if (id_map_find(&trial->map, err) < 0)
		return -1;
	*ret_remedy = "keep the store where you may write: --store DIR, or CONTRACTOR_STORE=DIR";
	if (doctor_try_place(host->store_path, host->store_near, err) < 0 ||
	    make_dirs(trial, host->store_near, err) < 0)
		return -1;
	*ret_remedy = "see namespaces";
	if (enter_store(trial, err) < 0)
		return -1;
	trial->entered = true;
	if (mount_overlay(trial, err) == 0)
		return 0;
	*ret_remedy = overlay_remedy(host, err);
	return -1;
}

void doctor_check_overlay(const struct doctor_host *host, struct doctor_finding *finding)
{
	struct overlay_trial trial = {0};
	struct err err = {0}, ignored;
	const char *remedy;

	if (run_overlay_trial(host, &trial, &remedy, &err) == 0)
		doctor_fine(finding, "an overlay was mounted in %s", host->store_near);
	else if (trial.entered && overlay_is_refused(&err))
		doctor_lacks(finding, DOCTOR_DEGRADED, remedy,
			     "trees are copied for each step, which is slower: %s", err.text);
	else
		doctor_lacks(finding, DOCTOR_MISSING, remedy, "%s", err.text);
	userns_free(trial.userns);
	if (trial.dir)
		path_remove_tree(AT_FDCWD, trial.dir, &ignored);
	free(trial.dir);
}
