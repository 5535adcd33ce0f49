/* A report on this host, its formats, and what builds ask for (engine/session/doctor.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/session/doctor.h"

/* All of these exist here, or the tests of the sandbox would fail; so nothing is missing. The store
 * is not made, and the directory it would be in is left as it was. */
static void test_examine_this_host(void **state)
{
	char dir[] = "/tmp/contractor-report.XXXXXX";
	AUTO_FREE char *store = NULL;
	const struct doctor_options options = {.store_path = dir};
	struct doctor_report report;

	(void)state;
	assert_non_null(mkdtemp(dir));
	store = path_join(dir, "a/store");
	doctor_examine(&(struct doctor_options){.store_path = store}, &report);
	assert_int_equal(report.count, 21);
	for (size_t i = 0; i < report.count; i++) {
		const struct doctor_finding *finding = &report.findings[i];

		assert_true(finding->name[0] && finding->text[0]);
		assert_null(strchr(finding->text, '\n'));
		assert_int_equal(finding->status == DOCTOR_FINE, finding->remedy == NULL);
		if (finding->status == DOCTOR_MISSING)
			fail_msg("%s: %s", finding->name, finding->text);
	}
	doctor_report_release(&report);
	assert_int_equal(report.count, 0);
	assert_int_equal(doctor_require(&options, DOCTOR_NEED_OVERLAY, &(struct err){0}), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* A build that needs what the host lacks fails with the words of the report. */
static void test_require_says_what_the_report_says(void **state)
{
	static const struct {
		enum doctor_need need;
		const char *name, *text, *package;
	} cases[] = {
		{DOCTOR_NEED_BWRAP, "bwrap", "bwrap is not installed", "bubblewrap"},
		{DOCTOR_NEED_DEBOOTSTRAP, "debootstrap",
		 "debootstrap is not installed; debootstrap steps cannot run", "debootstrap"},
		{DOCTOR_NEED_GIT, "git", "git is not installed; git steps cannot run", "git"},
		{DOCTOR_NEED_OVERLAY, "overlayfs", NULL, NULL},
	};
	const struct doctor_options options = {.root = "/nowhere", .store_path = "/proc/store"};
	struct doctor_report report;

	(void)state;
	doctor_examine(&options, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_MISSING);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct doctor_finding *finding = report.findings;
		AUTO_FREE char *text = NULL;
		struct err err = {0};

		while (strcmp(finding->name, cases[i].name))
			finding++;
		assert_int_equal(doctor_require(&options, cases[i].need, &err), -1);
		assert_int_equal(err.code, ERR_HOST);
		if (cases[i].text) {
			text = mem_printf("%s: %sapt install %s", cases[i].text,
					  geteuid() ? "sudo " : "", cases[i].package);
			assert_string_equal(err.text, text);
			free(text);
		}
		text = mem_printf("%s: %s", finding->text, finding->remedy);
		assert_string_equal(err.text, text);
	}
	doctor_report_release(&report);
}

/* A git that is there serves; namespaces do not depend on the root that is given. */
static void test_require_is_met(void **state)
{
	char root[] = "/tmp/contractor-report.XXXXXX";
	const struct doctor_options options = {.root = root, .store_path = "/"};
	AUTO_FREE char *dir = NULL, *git = NULL;
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(root));
	dir = path_join(root, "usr/bin");
	git = path_join(dir, "git");
	assert_int_equal(path_make_dirs(dir, 0755, &err), 0);
	assert_int_equal(close(open(git, O_WRONLY | O_CREAT | O_CLOEXEC, 0755)), 0);
	if (doctor_require(&options, DOCTOR_NEED_USERNS, &err) < 0 ||
	    doctor_require(&options, DOCTOR_NEED_GIT, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(path_remove_tree(AT_FDCWD, root, &err), 0);
}

/* Three findings, one with what must not reach a terminal. */
static void fill(struct doctor_finding findings[3])
{
	static char kernel[] = "Linux 6.1", odd[] = "odd \x1b[2Jname", gone[] = "gone";
	static char free_space[] = "free some", install[] = "apt install bubblewrap";

	findings[0] = (struct doctor_finding){"kernel", DOCTOR_FINE, kernel, NULL};
	findings[1] = (struct doctor_finding){"store", DOCTOR_DEGRADED, odd, free_space};
	findings[2] = (struct doctor_finding){"bwrap", DOCTOR_MISSING, gone, install};
}

static void test_text(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct doctor_finding findings[3];
	const struct doctor_report report = {findings, 3};

	(void)state;
	fill(findings);
	doctor_format_text(&report, SIZE_MAX, &out);
	assert_string_equal(out.data, "fine      kernel  Linux 6.1\n"
				      "degraded  store   odd \\x1b[2Jname\n"
				      "                  remedy: free some\n"
				      "missing   bwrap   gone\n"
				      "                  remedy: apt install bubblewrap\n");
}

/* Lines go on below their own text, whose words stay whole. */
static void test_narrow_text(void **state)
{
	struct doctor_finding finding = {"store", DOCTOR_DEGRADED, (char[]){"one two three"},
					 (char[]){"free some of a-very-long-name"}};
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	doctor_format_text(&(struct doctor_report){&finding, 1}, 25, &out);
	assert_string_equal(out.data, "degraded  store  one two\n"
				      "                 three\n"
				      "                 remedy: free\n"
				      "                         some\n"
				      "                         of\n"
				      "                         a-very-long-name\n");
}

static void test_json(void **state)
{
	struct doctor_finding findings[3];
	const struct doctor_report report = {findings, 3};
	json_t *found, *expected;

	(void)state;
	fill(findings);
	found = doctor_format_json(&report);
	expected = json_pack("{s:i, s:s, s:s, s:[{s:s, s:s, s:s, s:n}, {s:s, s:s, s:s, s:s}, "
			     "{s:s, s:s, s:s, s:s}]}",
			     "contractor-doctor", 1, "version", CONTRACTOR_VERSION, "status",
			     "missing", "checks", "name", "kernel", "status", "fine", "text",
			     "Linux 6.1", "remedy", "name", "store", "status", "degraded", "text",
			     "odd \x1b[2Jname", "remedy", "free some", "name", "bwrap", "status",
			     "missing", "text", "gone", "remedy", "apt install bubblewrap");
	assert_non_null(expected);
	assert_true(json_equal(found, expected));
	json_decref(found);
	json_decref(expected);
}

/* A path need not be UTF-8; JSON must. */
static void test_json_of_bytes(void **state)
{
	struct doctor_finding finding = {"store", DOCTOR_FINE, (char[]){"/x\xff"}, NULL};
	json_t *found = doctor_format_json(&(struct doctor_report){&finding, 1});
	const json_t *check = json_array_get(json_object_get(found, "checks"), 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(check, "text")), "/x\\xff");
	assert_string_equal(json_string_value(json_object_get(check, "text_base64")), "L3j/");
	json_decref(found);
}

static void test_worst(void **state)
{
	struct doctor_finding findings[3];

	(void)state;
	fill(findings);
	assert_int_equal(doctor_worst(&(struct doctor_report){findings, 0}), DOCTOR_FINE);
	assert_int_equal(doctor_worst(&(struct doctor_report){findings, 2}), DOCTOR_DEGRADED);
	assert_int_equal(doctor_worst(&(struct doctor_report){findings, 3}), DOCTOR_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examine_this_host),
		cmocka_unit_test(test_require_says_what_the_report_says),
		cmocka_unit_test(test_require_is_met),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_narrow_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_bytes),
		cmocka_unit_test(test_worst),
	};

	return cmocka_run_group_tests_name("doctor_report", tests, NULL, NULL);
}
