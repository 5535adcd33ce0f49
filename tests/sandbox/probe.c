/* Every protection of the sandbox, tried in a real step: probe [PLACE] [NAME...]
 *
 * Prints a line for each probe (probes.h) and scene (scenes.h) whose name has one of the words
 * in it, or for all. As root all is done again as the user $CONTRACTOR_TEST_USER
 * (contractor-test), if there is one. PLACE: one of --usual-place, --copied-trees, --joined-shell
 * alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "tests/sandbox/probes.h"
#include "tests/sandbox/report.h"
#include "tests/sandbox/scenes.h"
#include "tests/sandbox/surround.h"

static bool is_wanted(const char *name, char **words)
{
	if (!*words)
		return true;
	while (*words && !strstr(name, *words))
		words++;
	return *words != NULL;
}

static bool run_probes(struct rig *rig, const struct probe *probe, char **words)
{
	bool passed = true;

	for (; probe->name; probe++) {
		if (is_wanted(probe->name, words))
			passed &= probe_run(rig, probe);
	}
	return passed;
}

static bool run_scenes(struct rig *rig, char **words)
{
	bool passed = true;

	for (const struct scene *scene = scenes; scene->name; scene++) {
		if (is_wanted(scene->name, words))
			passed &= scene_run(rig, scene);
	}
	return passed;
}

/* Where all is tried: as steps usually are run, where no overlay can be mounted, and in shells that join a
 * running step. */
static const struct place {
	const char *option, *label, *backend;
	bool joins;
} places[] = {
	{"--usual-place", NULL, NULL, false},
	{"--copied-trees", "copied trees", "copy", false},
	{"--joined-shell", "a joined shell", NULL, true},
};

static void go_to(const struct place *place)
{
	const char *label = getenv("TEST_LABEL");
	AUTO_FREE char *all =
		mem_printf("%s%s%s", label ? label : "", label && place->label ? ", " : "",
			   place->label ? place->label : "");

	if (*all)
		setenv("TEST_LABEL", all, 1);
	if (place->backend)
		setenv("CONTRACTOR_BACKEND", place->backend, 1);
	else
		unsetenv("CONTRACTOR_BACKEND");
}

/* All of it as the present user. */
static bool run_all(const struct place *place, char **words)
{
	struct rig *rig = rig_new();
	bool passed = probes_cover_policy();

	rig->joins = place->joins;
	passed &= run_probes(rig, privilege_probes, words);
	passed &= run_probes(rig, call_probes, words);
	passed &= run_probes(rig, file_probes, words);
	passed &= run_probes(rig, surround_probes, words);
	passed &= run_probes(rig, network_probes, words);
	if (!place->joins)
		passed &= run_scenes(rig, words);
	rig_free(rig);
	return passed;
}

/* Becomes an ordinary user with nothing of root's. */
static void become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		rig_give_up("cannot become %s: %s", user->pw_name, strerror(errno));
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	prctl(PR_SET_DUMPABLE, 1);
}

/* Something for a step to lose. */
static void join_group(void)
{
	gid_t group = 1;

	if (setgroups(1, &group) < 0)
		rig_give_up("cannot join a group: %s", strerror(errno));
}

/* Runs all in a child, as user unless NULL. */
static bool run_as(const struct passwd *user, const struct place *place, char **words)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (user)
			become(user);
		else if (geteuid() == 0)
			join_group();
		go_to(place);
		surround_take_terminal();
		exit(run_all(place, words) ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* Whether the first word is the option of a place. */
static bool is_place(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!strcmp(word, places[i].option))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	const char *name = getenv("CONTRACTOR_TEST_USER");
	const struct passwd *user = geteuid() ? NULL : getpwnam(name ? name : "contractor-test");
	const char *option = argc > 1 && is_place(argv[1]) ? argv[1] : NULL;
	char **words = argv + 1 + !!option;
	bool passed = true;

	surround_open_device();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (option && strcmp(option, places[i].option))
			continue;
		passed &= run_as(NULL, &places[i], words);
		if (user)
			passed &= run_as(user, &places[i], words);
	}
	return passed ? 0 : 1;
}
