/* scenes.h: protections that take more than one step or a second look to see. A scene
 * contains its own mutation, so it passes only when it could have failed. */
#ifndef TESTS_SANDBOX_SCENES_H
#define TESTS_SANDBOX_SCENES_H

#include <stdbool.h>

#include "tests/sandbox/rig.h"

struct scene {
	const char *name;
	/* False: it failed, and notes says why. */
	bool (*play)(struct rig *rig, struct buf *notes);
};

/* Ends with a NULL name. */
extern const struct scene scenes[];

/* Plays it and prints its line. */
bool scene_run(struct rig *rig, const struct scene *scene);

/* scenes_limits.c */
bool scene_time_limit(struct rig *rig, struct buf *notes);
bool scene_time_limit_ignoring_term(struct rig *rig, struct buf *notes);
bool scene_output_limit(struct rig *rig, struct buf *notes);
bool scene_memory_limit(struct rig *rig, struct buf *notes);
bool scene_process_limits_apart(struct rig *rig, struct buf *notes);
bool scene_pause_stops_all(struct rig *rig, struct buf *notes);
bool scene_pause_stops_clock(struct rig *rig, struct buf *notes);

/* scenes_hogs.c */
bool scene_memory_hogs(struct rig *rig, struct buf *notes);
bool scene_memory_sharers(struct rig *rig, struct buf *notes);
bool scene_disk_hogs(struct rig *rig, struct buf *notes);
bool scene_disk_savers(struct rig *rig, struct buf *notes);
bool scene_file_size(struct rig *rig, struct buf *notes);
bool scene_crowds(struct rig *rig, struct buf *notes);

/* scenes_death.c */
bool scene_daemons(struct rig *rig, struct buf *notes);
bool scene_kill(struct rig *rig, struct buf *notes);
bool scene_bomb_at_limit(struct rig *rig, struct buf *notes);
bool scene_bomb_killed(struct rig *rig, struct buf *notes);
bool scene_sudden_death(struct rig *rig, struct buf *notes);

/* scenes_trees.c */
bool scene_mount_points(struct rig *rig, struct buf *notes);
bool scene_lower_layers(struct rig *rig, struct buf *notes);
bool scene_overlay_attributes(struct rig *rig, struct buf *notes);
bool scene_attributes_of_copies(struct rig *rig, struct buf *notes);
bool scene_other_steps(struct rig *rig, struct buf *notes);

/* scenes_hostile.c */
bool scene_link_below_our_file(struct rig *rig, struct buf *notes);
bool scene_link_above_our_file(struct rig *rig, struct buf *notes);
bool scene_our_file_replaced(struct rig *rig, struct buf *notes);
bool scene_workdirs(struct rig *rig, struct buf *notes);
bool scene_deep_trees(struct rig *rig, struct buf *notes);

/* scenes_join.c */
bool scene_join(struct rig *rig, struct buf *notes);

/* scenes_ids.c */
bool scene_id_map(struct rig *rig, struct buf *notes);
bool scene_host_root(struct rig *rig, struct buf *notes);

#endif
