/* doctor_apparmor.c: what AppArmor takes from contractor, and the profile that gives it back. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/session/doctor_internal.h"

#define PROFILES "/etc/apparmor.d/"
#define OURS PROFILES "contractor"
#define BWRAPS "bwrap-userns-restrict"
#define LOAD " && sudo apparmor_parser -r " OURS

static bool exists(const struct doctor_host *host, const char *path)
{
	AUTO_FREE char *full = mem_printf("%s%s", host->root, path);

	return access(full, F_OK) == 0;
}

/* Whether a small file of the host says just this. */
static bool says(const struct doctor_host *host, const char *path, const char *text)
{
	AUTO_FREE char *found = doctor_read(host, path);

	return found && !strcmp(found, text);
}

/* The profile that was installed with the program; NULL when there is none, or the program is where that
 * profile does not look for it. */
static char *installed_profile(const struct doctor_host *host)
{
	static const char *const programs[] = {"/usr/bin/contractor", "/usr/local/bin/contractor"};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		AUTO_FREE char *bin = path_dirname(programs[i]);
		AUTO_FREE char *prefix = path_dirname(bin);
		AUTO_FREE char *profile = path_join(prefix, "share/contractor/apparmor/contractor");

		if (!strcmp(host->program, programs[i]) && exists(host, profile))
			return take_ptr(&profile);
	}
	return NULL;
}

char *doctor_apparmor_remedy(const struct doctor_host *host)
{
	AUTO_FREE char *profile = installed_profile(host);

	if (profile)
		return mem_printf("sudo install -m 644 %s " OURS LOAD, profile);
	/* What a shell or a profile would read as something else. */
	if (!host->program[0] || strpbrk(host->program, "'\"\\*?[]{}^@,\n"))
		return mem_strdup("sudo sysctl -w " DOCTOR_APPARMOR_SETTING "=0");
	return mem_printf("echo 'abi <abi/4.0>, profile contractor \"%s\" flags=(unconfined) "
			  "{ userns, }' | sudo tee " OURS LOAD,
			  host->program);
}

/* What it lets contractor do, by the name of the profile that contractor is under. */
static void describe_own(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *label = doctor_read(host, "/proc/self/attr/apparmor/current");
	AUTO_FREE char *remedy = doctor_apparmor_remedy(host);

	if (geteuid() && label && !strcmp(label, "unconfined") &&
	    says(host, DOCTOR_APPARMOR_PATH, "1"))
		doctor_lacks(finding, DOCTOR_DEGRADED, remedy,
			     "contractor has no profile, and without one AppArmor refuses what "
			     "namespaces are for (" DOCTOR_APPARMOR_SETTING " is 1)");
	else
		doctor_fine(finding, "in force; contractor is %s", label ? label : "unconfined");
}

void doctor_check_apparmor(const struct doctor_host *host, struct doctor_finding *finding)
{
	if (!says(host, "/sys/module/apparmor/parameters/enabled", "Y"))
		doctor_fine(finding, "not in force");
	else if (exists(host, PROFILES BWRAPS) && !exists(host, PROFILES "disable/" BWRAPS))
		doctor_lacks(finding, DOCTOR_DEGRADED,
			     "sudo ln -s " PROFILES BWRAPS " " PROFILES "disable/ && "
			     "sudo apparmor_parser -R " PROFILES BWRAPS,
			     "the profile " BWRAPS " takes the capabilities of all that bwrap "
			     "starts: where it is loaded, no step begins");
	else
		describe_own(host, finding);
}
