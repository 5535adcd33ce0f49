/* doctor_internal.h: what the checks of doctor.h share. */
#ifndef ENGINE_SESSION_DOCTOR_INTERNAL_H
#define ENGINE_SESSION_DOCTOR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/session/doctor.h"

struct doctor_host {
	const char *root;	/* never NULL */
	const char *store_path; /* never NULL */
	const char *store_near; /* the store, or the nearest directory above it that exists */
	const char *artifacts_path, *artifacts_near; /* the same of the artifact directory */
	const char *program;			     /* the path of contractor; "": not known */
	uint64_t store_size;			     /* that the store may have, or 0 */
	const struct doctor_terminal *terminal;	     /* or NULL: not looked at */
};

/* One check: fills in all but the name, by one of the two functions below. */
typedef void doctor_check_function(const struct doctor_host *host, struct doctor_finding *finding);

doctor_check_function doctor_check_kernel, doctor_check_userns, doctor_check_ids,
	doctor_check_uidmap, doctor_check_apparmor, doctor_check_bwrap, doctor_check_overlay,
	doctor_check_seccomp, doctor_check_cgroup, doctor_check_core, doctor_check_secrets,
	doctor_check_debootstrap, doctor_check_gpgv, doctor_check_git, doctor_check_busybox,
	doctor_check_network, doctor_check_store, doctor_check_artifacts, doctor_check_terminal,
	doctor_check_locale, doctor_check_editor;

/* What was found, and all is fine. */
void doctor_fine(struct doctor_finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What was found, and how it is mended: a command, with "sudo" where root must give it; for root that
 * word is left out. */
void doctor_lacks(struct doctor_finding *finding, enum doctor_status status, const char *remedy,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The content of a small file of the host without the line end, or NULL. Free with free(). */
char *doctor_read(const struct doctor_host *host, const char *path);

/* Whether the kernel is at least this one; true when that cannot be told. */
bool doctor_kernel_is(const struct doctor_host *host, unsigned major, unsigned minor);

/* Whether files can be kept in a place whose nearest directory that exists is near: fails with
 * ERR_HOST, and why. */
int doctor_try_place(const char *path, const char *near, struct err *err);

/* The path of a program in the directories where the sandbox looks for it, or NULL. */
char *doctor_find_program(const struct doctor_host *host, const char *name);

/* The setting with which AppArmor refuses namespaces to programs without a profile, and its file. */
#define DOCTOR_APPARMOR_SETTING "kernel.apparmor_restrict_unprivileged_userns"
#define DOCTOR_APPARMOR_PATH "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

/* The commands that give contractor its profile. Free with free(). */
char *doctor_apparmor_remedy(const struct doctor_host *host);

#endif
