/* doctor.h: what this host can do for builds, what it cannot, and the remedy.
 *
 * doctor_examine() tries things out (it really makes a user namespace and mounts an overlay in
 * a throwaway directory beside the store); it takes some ten milliseconds and leaves nothing
 * behind. doctor_require() looks at one thing only, for a build that is about to need it, and
 * fails with the same words.
 *
 *	struct doctor_report report;
 *
 *	doctor_examine(&options, &report);
 *	doctor_format_text(&report, 80, &text);
 *	doctor_report_release(&report);
 */
#ifndef ENGINE_SESSION_DOCTOR_H
#define ENGINE_SESSION_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"

enum doctor_status {
	DOCTOR_FINE,
	DOCTOR_DEGRADED, /* builds run; what is lost or slower is in the text */
	DOCTOR_MISSING,	 /* no build runs */
};

struct doctor_finding {
	const char *name; /* of the check, one word; static */
	enum doctor_status status;
	char *text;   /* one line: what was found */
	char *remedy; /* the command or setting that mends it; NULL where all is fine */
};

struct doctor_report {
	struct doctor_finding *findings;
	size_t count;
};

/* What terminfo knows of the person's terminal. */
struct doctor_terminal {
	bool can_draw; /* the cursor can be moved */
	int colors;    /* 0: none */
};

/* NULL: the default. */
struct doctor_options {
	const char *store_path;	    /* by default store_default_path(); need not exist yet */
	const char *artifacts_path; /* by default artifacts/ of the store */
	uint64_t store_size;	    /* bytes that the store may take; 0: any */
	const struct doctor_terminal *terminal; /* by default not told */
	const char *root; /* below it programs, /proc and /sys are looked up; "" */
};

/* What a build needs besides the program itself. */
enum doctor_need {
	DOCTOR_NEED_USERNS,
	DOCTOR_NEED_IDS, /* a range of ids: apt, debootstrap */
	DOCTOR_NEED_BWRAP,
	DOCTOR_NEED_OVERLAY,
	DOCTOR_NEED_DEBOOTSTRAP,
	DOCTOR_NEED_GIT,
	DOCTOR_NEED_COUNT,
};

/* Makes all checks. Release with doctor_report_release(). */
void doctor_examine(const struct doctor_options *options, struct doctor_report *ret_report);
void doctor_report_release(struct doctor_report *report);

/* Fails with ERR_HOST when the host lacks it: "WHAT WAS FOUND: REMEDY". */
int doctor_require(const struct doctor_options *options, enum doctor_need need, struct err *err);

/* The worst status of all findings. */
enum doctor_status doctor_worst(const struct doctor_report *report);

/* "fine", "degraded", "missing". */
const char *doctor_status_name(enum doctor_status status);

/* Adds a line for each finding, and one for each remedy, broken to width columns (SIZE_MAX: not at
 * all). Safe to show on a terminal. */
void doctor_format_text(const struct doctor_report *report, size_t width, struct buf *out);

/* {"contractor-doctor": 1, "version": THE PROGRAM'S, "status": WORST, "checks": [{"name", "status",
 * "text", "remedy"}...]}, remedy being null where all is fine. The caller's to json_decref(). */
json_t *doctor_format_json(const struct doctor_report *report);

#endif
