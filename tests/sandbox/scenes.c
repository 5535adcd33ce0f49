#include "tests/sandbox/scenes.h"

#include "tests/sandbox/report.h"

const struct scene scenes[] = {
	{"a time limit ends a step", scene_time_limit},
	{"a time limit ends a step that ignores SIGTERM", scene_time_limit_ignoring_term},
	{"a limit of output ends a step", scene_output_limit},
	{"a limit of memory ends a step", scene_memory_limit},
	{"memory counts, wherever a step has it", scene_memory_hogs},
	{"memory that processes share counts once", scene_memory_sharers},
	{"a limit of disk space ends a step", scene_disk_hogs},
	{"holes and removed files take no disk space", scene_disk_savers},
	{"a limit of a file's size is named", scene_file_size},
	{"a limit of processes is named", scene_crowds},
	{"the processes of another step do not count", scene_process_limits_apart},
	{"a pause stops every process", scene_pause_stops_all},
	{"a pause stops the clock of the time limit", scene_pause_stops_clock},
	{"daemons end with the step", scene_daemons},
	{"a killed step leaves no process", scene_kill},
	{"a fork bomb ends at its limit", scene_bomb_at_limit},
	{"a fork bomb is killed at once", scene_bomb_killed},
	{"contractor's sudden death leaves no process", scene_sudden_death},
	{"mount points of the systree must be directories", scene_mount_points},
	{"lower layers stay as they are", scene_lower_layers},
	{"attributes of overlayfs are not obeyed", scene_overlay_attributes},
	{"attributes planted in a copied tree are taken off", scene_attributes_of_copies},
	{"another step's trees are out of reach", scene_other_steps},
	{"a link below a file of ours is not followed", scene_link_below_our_file},
	{"a link above a file of ours is refused", scene_link_above_our_file},
	{"what a step puts in our file's place leads nowhere", scene_our_file_replaced},
	{"working directories are in the sandbox", scene_workdirs},
	{"trees that are hard to remove are removed", scene_deep_trees},
	{"what waits for a shell in a step is out of the step's reach", scene_join},
	{"the host's ids of a step", scene_id_map},
	{"kernel settings are safe from a step's root", scene_host_root},
	{NULL, NULL},
};

bool scene_run(struct rig *rig, const struct scene *scene)
{
	AUTO_BUF struct buf notes = BUF_INIT;
	bool passed = scene->play(rig, &notes);

	return report(scene->name, passed, notes.data);
}
