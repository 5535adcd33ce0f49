#include "engine/session/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/session/doctor_internal.h"
#include "engine/store/store.h"

static const struct {
	const char *name;
	doctor_check_function *check;
} checks[] = {
	{"kernel", doctor_check_kernel},     {"namespaces", doctor_check_userns},
	{"apparmor", doctor_check_apparmor}, {"ids", doctor_check_ids},
	{"uidmap", doctor_check_uidmap},     {"bwrap", doctor_check_bwrap},
	{"overlayfs", doctor_check_overlay}, {"seccomp", doctor_check_seccomp},
	{"cgroups", doctor_check_cgroup},    {"core-files", doctor_check_core},
	{"secrets", doctor_check_secrets},   {"debootstrap", doctor_check_debootstrap},
	{"gpgv", doctor_check_gpgv},	     {"git", doctor_check_git},
	{"busybox", doctor_check_busybox},   {"network", doctor_check_network},
	{"store", doctor_check_store},	     {"artifacts", doctor_check_artifacts},
	{"terminal", doctor_check_terminal}, {"locale", doctor_check_locale},
	{"editor", doctor_check_editor},
};

/* The check that tells about each need, and the worst status that still serves. */
static const struct {
	doctor_check_function *check;
	enum doctor_status serves;
} needs[DOCTOR_NEED_COUNT] = {
	[DOCTOR_NEED_USERNS] = {doctor_check_userns, DOCTOR_DEGRADED},
	[DOCTOR_NEED_IDS] = {doctor_check_ids, DOCTOR_FINE},
	[DOCTOR_NEED_BWRAP] = {doctor_check_bwrap, DOCTOR_DEGRADED},
	[DOCTOR_NEED_OVERLAY] = {doctor_check_overlay, DOCTOR_DEGRADED},
	[DOCTOR_NEED_DEBOOTSTRAP] = {doctor_check_debootstrap, DOCTOR_FINE},
	[DOCTOR_NEED_GIT] = {doctor_check_git, DOCTOR_FINE},
};

static char *format(const char *fmt, va_list args)
{
	char text[ERR_TEXT_SIZE];

	vsnprintf(text, sizeof text, fmt, args);
	return mem_strdup(text);
}

void doctor_fine(struct doctor_finding *finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding->status = DOCTOR_FINE;
	finding->text = format(fmt, args);
	va_end(args);
}

/* The commands as they stand, or for root without sudo, which root may not have. */
static char *for_this_person(const char *remedy)
{
	static const char sudo[] = "sudo ";
	AUTO_BUF struct buf commands = BUF_INIT;
	const char *found;

	if (geteuid() != 0)
		return mem_strdup(remedy);
	while ((found = strstr(remedy, sudo))) {
		buf_add(&commands, remedy, (size_t)(found - remedy));
		remedy = found + strlen(sudo);
	}
	buf_add_str(&commands, remedy);
	return buf_detach(&commands);
}

void doctor_lacks(struct doctor_finding *finding, enum doctor_status status, const char *remedy,
		  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding->status = status;
	finding->text = format(fmt, args);
	finding->remedy = for_this_person(remedy);
	va_end(args);
}

static void finding_release(struct doctor_finding *finding)
{
	free(finding->text);
	free(finding->remedy);
}

/* The nearest directory at or above a normal path that exists. Free with free(). */
static char *find_existing(const char *path)
{
	char *near = mem_strdup(path);

	while (access(near, F_OK) < 0 && strcmp(near, "/") && strcmp(near, ".")) {
		char *above = path_dirname(near);

		free(near);
		near = above;
	}
	return near;
}

/* The path of this program, or "". Free with free(). */
static char *find_program(void)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path);

	return length > 0 && length < (ssize_t)sizeof path ? mem_strndup(path, (size_t)length)
							   : mem_strdup("");
}

/* Calls check on the host that options describe. */
static void call_check(doctor_check_function *check, const struct doctor_options *options,
		       struct doctor_finding *finding)
{
	AUTO_FREE char *given =
		options->store_path ? mem_strdup(options->store_path) : store_default_path();
	AUTO_FREE char *store = path_normalise(given);
	AUTO_FREE char *store_near = find_existing(store);
	AUTO_FREE char *artifacts = options->artifacts_path
					    ? path_normalise(options->artifacts_path)
					    : path_join(store, "artifacts");
	AUTO_FREE char *artifacts_near = find_existing(artifacts);
	AUTO_FREE char *program = find_program();
	const struct doctor_host host = {
		.root = options->root ? options->root : "",
		.store_path = store,
		.store_near = store_near,
		.artifacts_path = artifacts,
		.artifacts_near = artifacts_near,
		.program = program,
		.store_size = options->store_size,
		.terminal = options->terminal,
	};

	check(&host, finding);
}

void doctor_examine(const struct doctor_options *options, struct doctor_report *ret_report)
{
	struct doctor_report report = {mem_new(sizeof(struct doctor_finding) * ARRAY_SIZE(checks)),
				       ARRAY_SIZE(checks)};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		report.findings[i].name = checks[i].name;
		call_check(checks[i].check, options, &report.findings[i]);
	}
	*ret_report = report;
}

void doctor_report_release(struct doctor_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		finding_release(&report->findings[i]);
	free(report->findings);
	*report = (struct doctor_report){0};
}

int doctor_require(const struct doctor_options *options, enum doctor_need need, struct err *err)
{
	struct doctor_finding finding = {0};
	int result = 0;

	call_check(needs[need].check, options, &finding);
	if (finding.status > needs[need].serves)
		result = err_set(err, ERR_HOST, "%s: %s", finding.text, finding.remedy);
	finding_release(&finding);
	return result;
}

enum doctor_status doctor_worst(const struct doctor_report *report)
{
	enum doctor_status worst = DOCTOR_FINE;

	for (size_t i = 0; i < report->count; i++) {
		if (report->findings[i].status > worst)
			worst = report->findings[i].status;
	}
	return worst;
}
