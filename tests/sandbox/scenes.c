#include "tests/sandbox/scenes.h"

#include "tests/sandbox/report.h"

const struct scene scenes[] = {
	{NULL, NULL},
};

bool scene_run(struct rig *rig, const struct scene *scene)
{
	AUTO_BUF struct buf notes = BUF_INIT;
	bool passed = scene->play(rig, &notes);

	return report(scene->name, passed, notes.data);
}
