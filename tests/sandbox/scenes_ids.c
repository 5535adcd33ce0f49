/* Which ids of the host a step has. */
#include "tests/sandbox/scenes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "tests/sandbox/marks.h"

/* Extents of a map, as /proc/PID/uid_map seen from the host shows them. */
struct seen_map {
	struct id_extent extents[8];
	int count;
};

static struct seen_map read_map(pid_t pid, const char *name)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/%s", pid, name);
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	struct seen_map map = {.count = 0};
	struct id_extent *extent = map.extents;

	while (file && map.count < (int)ARRAY_SIZE(map.extents) &&
	       fscanf(file, "%u %u %u", &extent->inside, &extent->outside, &extent->count) == 3)
		extent = &map.extents[++map.count];
	return map;
}

static bool has_host_root(const struct seen_map *map)
{
	for (int i = 0; i < map->count; i++) {
		if (map->extents[i].outside == 0)
			return true;
	}
	return false;
}

static bool is_same(const struct seen_map *seen, const struct id_extent *planned)
{
	int i = 0;

	for (; i < ID_MAP_EXTENTS && planned[i].count; i++) {
		if (i >= seen->count || seen->extents[i].inside != planned[i].inside ||
		    seen->extents[i].outside != planned[i].outside ||
		    seen->extents[i].count != planned[i].count)
			return false;
	}
	return i > 0 && i == seen->count;
}

static void add_map(struct buf *notes, const char *name, const struct seen_map *map)
{
	for (int i = 0; i < map->count; i++)
		buf_add_fmt(notes, "%s: %u %u %u\n", name, map->extents[i].inside,
			    map->extents[i].outside, map->extents[i].count);
}

/* What a running step is to the host. The host's own map, which has its root, shows that this
 * would be seen. */
bool scene_id_map(struct rig *rig, struct buf *notes)
{
	const struct id_map *planned = host_id_map(rig->host);
	AUTO_FREE char *mark = mark_new();
	struct seen_map uids, gids, host = read_map(getpid(), "uid_map");
	struct trial trial;
	pid_t pid = 0;

	trial_init(&trial, rig, RIG_ROOT, "inside", "hold", mark, NULL);
	trial_start(&trial);
	trial_wait_output(&trial, "holding");
	mark_count(mark, &pid);
	uids = read_map(pid, "uid_map");
	gids = read_map(pid, "gid_map");
	trial_release(&trial);
	add_map(notes, "uid_map", &uids);
	add_map(notes, "gid_map", &gids);
	return is_same(&uids, planned->uids) && is_same(&gids, planned->gids) &&
	       !has_host_root(&uids) && !has_host_root(&gids) && has_host_root(&host);
}

/* Opens, and closes, a setting that belongs to the host's root, on a writable /proc/sys. */
static int open_core_pattern(struct rig *rig, const struct userns *userns, struct buf *notes)
{
	AUTO_FREE char *told = NULL;
	struct trial trial;
	int status;

	trial_init(&trial, rig, RIG_ROOT, "inside", "open-for-writing",
		   "/proc/sys/kernel/core_pattern", NULL);
	trial.policy.read_only_paths = false;
	if (userns)
		trial.options.userns = userns;
	status = trial_run(&trial);
	told = trial_describe(&trial);
	buf_add_fmt(notes, "%s\n", told);
	trial_release(&trial);
	return status;
}

/* The mutation: namespaces whose root is the host's. Only root can make them. */
static int open_as_host_root(struct rig *rig, struct buf *notes)
{
	const struct id_map *usual = host_id_map(rig->host);
	const struct id_map map = {
		.uids = {{0, 0, 1}, {1, id_map_root_uid(usual), ID_MAP_COUNT - 1}},
		.gids = {{0, 0, 1}, {1, id_map_root_gid(usual), ID_MAP_COUNT - 1}},
	};
	struct store *store = host_store(rig->host);
	struct userns_options options = {.layers_fd = store_layers_fd(store),
					 .tmp_fd = store_tmp_fd(store)};
	struct userns *userns;
	struct err err = {0};
	int status;

	options.launcher = sandbox_launcher_image(&options.launcher_length);
	if (userns_new(&map, &options, &userns, &err) < 0)
		rig_give_up("%s", err.text);
	status = open_core_pattern(rig, userns, notes);
	userns_free(userns);
	return status;
}

/* The kernel asks who one is, not for a capability: so it is the ids that protect it. */
bool scene_host_root(struct rig *rig, struct buf *notes)
{
	if (open_core_pattern(rig, NULL, notes) != 1)
		return false;
	return geteuid() != 0 || open_as_host_root(rig, notes) == 0;
}
