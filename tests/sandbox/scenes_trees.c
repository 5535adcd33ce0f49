/* Systrees and layers that a step, or an archive, has prepared. */
#include "tests/sandbox/scenes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"

/* Makes NAME of the tree a link to its directory data, and an archive of that. */
static void pack_with_link(struct rig *rig, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/tree/%s", rig->dir, name);
	bool was_there = rmdir(path) == 0;

	if (symlink("data", path) < 0)
		rig_give_up("cannot make the link %s", path);
	rig_pack(rig, "hostile.tar");
	unlink(path);
	if (was_there && mkdir(path, 0755) < 0)
		rig_give_up("cannot make %s", path);
}

#define STEPS_ON(ARCHIVE)                                   \
	"  - {action: create-systree, path: " ARCHIVE "}\n" \
	"  - {action: empty-workspace}\n"                   \
	"  - {action: shell, shell: 'true'}\n"

/* A shell step must not run where name is a link. */
static bool is_refused(struct rig *rig, struct buf *notes, const char *name)
{
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *expected = mem_printf("/%s of the systree is not a directory", name);
	bool passed;

	pack_with_link(rig, name);
	passed = rig_build(rig, STEPS_ON("hostile.tar"), NULL, &message);
	buf_add_fmt(notes, "a link at /%s: %s\n", name, passed ? "it ran" : message);
	return !passed && message && strstr(message, expected);
}

/* The mutation is the tree without a link, which is all right. */
bool scene_mount_points(struct rig *rig, struct buf *notes)
{
	static const char *const names[] = {"proc", "dev", "tmp", "run", "workspace"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!is_refused(rig, notes, names[i]))
			return false;
	}
	return rig_build(rig, STEPS_ON("systree.tar"), NULL, NULL);
}

/* Names, kinds, owners, modes, times and contents of the systree. */
#define LOOK                                                                       \
	"cd / && find bin data etc sys -exec stat -c '%n %f %u %g %s %Y' {} + && " \
	"find bin data etc sys -type f -exec sha256sum {} +"
#define RUIN                                                                        \
	"cd / && echo upper >data/file && touch data/new && chmod 0 etc/passwd && " \
	"mv etc/passwd etc/other && chown 7:7 bin/inside-set-id && rmdir sys && "   \
	"inside set-attribute data user.mark 1 && "

static char *look(struct rig *rig, const char *script)
{
	struct trial trial;
	char *text;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", script, NULL);
	if (trial_run(&trial) < 0 || trial.result.exit_status > 1)
		rig_give_up("cannot look at the systree: %s", trial.output.data);
	text = mem_strdup(trial.output.data);
	trial_release(&trial);
	return text;
}

/* Another step sees what was there before; the one that changed all sees that it did. */
bool scene_lower_layers(struct rig *rig, struct buf *notes)
{
	AUTO_FREE char *before = look(rig, LOOK), *during = look(rig, RUIN LOOK);
	AUTO_FREE char *after = look(rig, LOOK);

	buf_add_fmt(notes, "before:\n%s\nafter:\n%s\n", before, after);
	return strstr(before, "data/file") && strcmp(before, during) && !strcmp(before, after);
}

/* The status of `test -r PATH` on the systree of a state. */
static int file_is_missing(struct rig *rig, const struct state *state, const char *path)
{
	struct trial trial;
	int status;

	trial_init(&trial, rig, RIG_ROOT, "test", "-r", path, NULL);
	state_release(&trial.state);
	state_copy(&trial.state, state);
	status = trial_run(&trial);
	trial_release(&trial);
	return status;
}

/* On files and directories, as a step and as whoever can write to the layer itself. */
#define SET "inside set-attribute "
static const char planting[] = "  - {action: create-systree, path: systree.tar}\n"
			       "  - {action: empty-workspace}\n"
			       "  - action: shell\n"
			       "    shell: |\n"
			       "      touch /data/new\n"
			       "      " SET "/data user.overlay.opaque y || true\n"
			       "      " SET "/data user.overlay.redirect /etc || true\n"
			       "      " SET "/data/new user.overlay.metacopy y || true\n";

/* The last layer of a build whose step sets such attributes, and its state. */
static bool plant(struct rig *rig, struct buf *notes, struct state *ret_state)
{
	AUTO_FREE char *message = NULL;

	if (rig_build(rig, planting, ret_state, &message))
		return true;
	buf_add_fmt(notes, "the step failed: %s\n", message);
	return false;
}

/* Puts the attribute where overlayfs looks for it: on the layer itself. */
static void mark_layer(struct rig *rig, const struct state *state, const char *name,
		       const char *attribute)
{
	const struct strv *chain = &state->chain[TREE_SYSTREE];
	AUTO_FREE char *path = mem_printf("%s/store/layers/%s/systree/%s", rig->dir,
					  chain->items[chain->len - 1], name);

	if (lsetxattr(path, attribute, "y", 1, 0) < 0)
		rig_give_up("cannot mark %s", path);
}

/* A step that sets the attribute hides nothing from later ones; in the layer itself it would. Where
 * trees are copied, no attribute does anything. */
bool scene_overlay_attributes(struct rig *rig, struct buf *notes)
{
	bool copies = getenv("CONTRACTOR_BACKEND") != NULL;
	struct state state;
	int before, after;

	if (!plant(rig, notes, &state))
		return false;
	before = file_is_missing(rig, &state, "/data/file");
	mark_layer(rig, &state, "data", "user.overlay.opaque");
	after = file_is_missing(rig, &state, "/data/file");
	buf_add_fmt(notes, "missing: %d; with the mutation: %d\n", before, after);
	state_release(&state);
	return before == 0 && after == !copies;
}

static void set_backend(struct rig *rig, const char *backend)
{
	if (backend)
		setenv("CONTRACTOR_BACKEND", backend, 1);
	else
		unsetenv("CONTRACTOR_BACKEND");
	/* What is started next was forked before that. */
	free(look(rig, "true"));
}

/* A copied tree is written without an overlay in between, and may be a layer of one later. */
bool scene_attributes_of_copies(struct rig *rig, struct buf *notes)
{
	AUTO_FREE char *backend = mem_strdup_or_null(getenv("CONTRACTOR_BACKEND"));
	struct state state;
	int before, after;

	set_backend(rig, "copy");
	if (!plant(rig, notes, &state))
		return false;
	set_backend(rig, NULL);
	before = file_is_missing(rig, &state, "/data/new");
	mark_layer(rig, &state, "data/new", "user.overlay.metacopy");
	after = file_is_missing(rig, &state, "/data/new");
	set_backend(rig, backend);
	buf_add_fmt(notes, "unreadable: %d; with the mutation: %d\n", before, after);
	state_release(&state);
	return before == 0 && after == 1;
}

static int find_other(struct rig *rig, bool private_tmp)
{
	static const char script[] =
		"find / -path /proc -prune -o -name 'other-*' -print | grep -q .";
	struct trial trial;
	int status;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", script, NULL);
	trial.policy.private_tmp = private_tmp;
	status = trial_run(&trial);
	trial_release(&trial);
	return status;
}

/* Looks for files of a step that runs at the same time. /tmp of the namespace in which trees are
 * mounted has the store, so that is what the mutation shows. */
bool scene_other_steps(struct rig *rig, struct buf *notes)
{
	static const char script[] = "touch /workspace/other-1 /data/other-2; exec inside hold -";
	struct trial other;
	int with, without;

	trial_init(&other, rig, RIG_ROOT, "/bin/sh", "-c", script, NULL);
	trial_start(&other);
	trial_wait_output(&other, "holding");
	with = find_other(rig, true);
	without = find_other(rig, false);
	trial_release(&other);
	buf_add_fmt(notes, "status %d, with the mutation %d\n", with, without);
	return with == 1 && without == 0;
}
