#include "engine/session/event.h"

static const char *const event_names[EVENT_TYPES] = {
	[EVENT_STEP_READING] = "step-reading",	   [EVENT_STEP_STARTED] = "step-started",
	[EVENT_STEP_OUTPUT] = "step-output",	   [EVENT_STEP_NOTE] = "step-note",
	[EVENT_STEP_PROGRESS] = "step-progress",   [EVENT_STEP_TERMINAL] = "step-terminal",
	[EVENT_STEP_PAUSED] = "step-paused",	   [EVENT_STEP_RESUMED] = "step-resumed",
	[EVENT_BREAKPOINT_LOG] = "breakpoint-log", [EVENT_STEP_CACHED] = "step-cached",
	[EVENT_STEP_ENDED] = "step-ended",	   [EVENT_STORE_PRUNED] = "store-pruned",
	[EVENT_STORE_FAILED] = "store-failed",	   [EVENT_STOPPED] = "stopped",
};

static const char *const reason_names[] = {
	[STOP_STEP] = "step",	  [STOP_BREAKPOINT] = "breakpoint",
	[STOP_FAILED] = "failed", [STOP_KILLED] = "killed",
	[STOP_END] = "end",	  [STOP_ERROR] = "error",
};

const char *event_name(enum event_type type)
{
	return event_names[type];
}

const char *stop_reason_name(enum stop_reason reason)
{
	return reason_names[reason];
}
