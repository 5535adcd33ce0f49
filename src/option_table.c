#include "src/options.h"

#include "engine/sandbox/stack.h"

#define BIT(command) (UINT64_C(1) << COMMAND_##command)
#define ALL (BIT(COUNT) - 1)

/* Groups of commands. */
#define STEPS (BIT(DEBUG) | BIT(RUN))
#define LATER_SPEC (BIT(DIFF) | BIT(FILES) | BIT(CAT) | BIT(BLAME) | BIT(BISECT) | BIT(WHY))
#define BUILD (STEPS | BIT(LIST) | BIT(SHELL) | BIT(LOG) | LATER_SPEC)
#define ARTIFACTS \
	(BIT(ARTIFACT_LIST) | BIT(ARTIFACT_GET) | BIT(ARTIFACT_PUT) | BIT(ARTIFACT_REMOVE))
#define STORE \
	(BIT(STORE_DF) | BIT(STORE_LIST) | BIT(STORE_VERIFY) | BIT(STORE_PRUNE) | BIT(STORE_REMOVE))
#define JSON                                                                            \
	(BIT(STORE_DF) | BIT(STORE_LIST) | BIT(STORE_VERIFY) | BIT(DOCTOR) | BIT(RUN) | \
	 BIT(CHECK) | BIT(LIST) | BIT(LOG) | BIT(ARTIFACT_LIST))

#define FIELD(name) offsetof(struct options, name)

const struct option option_table[] = {
	{"parameter", 'p', true, OPTION_LIST, FIELD(parameters), "NAME=VALUE", NULL,
	 BUILD | BIT(CHECK), 0, "Sets a parameter of the specification."},
	{"store", 0, true, OPTION_TEXT, FIELD(store), "DIR", NULL,
	 BUILD | BIT(CHECK) | ARTIFACTS | STORE | BIT(DOCTOR), 0,
	 "Where snapshots and logs are kept (default: $CONTRACTOR_STORE, else "
	 "~/.cache/contractor)."},
	{"store-size", 0, true, OPTION_TEXT, FIELD(store_size), "SIZE", NULL, STEPS | BIT(CONFIG),
	 0,
	 "Removes what was of no use for longest when the store takes more than SIZE (20G, "
	 "`none`)."},
	{"artifacts", 0, true, OPTION_TEXT, FIELD(artifacts), "DIR", NULL,
	 BUILD | BIT(CHECK) | ARTIFACTS | BIT(DOCTOR), 0,
	 "Where artifacts are kept (default: artifacts/ of the store)."},
	{"context", 0, true, OPTION_TEXT, FIELD(context), "DIR", NULL, BUILD, 0,
	 "What `copy` may reach (default: the git work tree of the specification, else its "
	 "directory)."},
	{"from", 0, false, OPTION_TEXT, FIELD(from), "STEP", NULL, STEPS, 0,
	 "Begins before STEP; what comes before must be in the store."},
	{"until", 0, false, OPTION_TEXT, FIELD(until), "STEP", NULL, STEPS, 0,
	 "Stops before STEP."},
	{"no-cache", 0, false, OPTION_OPTIONAL, FIELD(no_cache), "STEP", NULL, STEPS, 0,
	 "Runs the steps again, from STEP on, or all of them."},
	{"refresh", 0, false, OPTION_OPTIONAL, FIELD(refresh), "STEP", NULL, STEPS, 0,
	 "Runs what takes something from the network (apt, git, debootstrap) again, or STEP "
	 "alone."},
	{"keep-workspace", 0, false, OPTION_TEXT, FIELD(keep_workspace), "DIR", NULL, BIT(RUN), 0,
	 "Copies the final workspace to DIR, which must be empty or not exist."},
	{"allow", 0, true, OPTION_LIST, FIELD(allow), "WHAT", "network|mounts", STEPS | BIT(SHELL),
	 0, "Grants what steps ask for: `network` (`mounts` is not built yet)."},
	{"network-stack", 0, true, OPTION_TEXT, FIELD(network_stack), "WHICH", STACK_WISHES,
	 STEPS | BIT(SHELL), 0,
	 "The network of steps that have one: `private`, of their own, without the host's "
	 "loopback; `host`; or `auto`, which is `private` where pasta or slirp4netns is "
	 "installed."},
	{"offline", 0, false, OPTION_FLAG, FIELD(offline), NULL, NULL, STEPS, 0,
	 "Refuses every step that needs the network, unless it is cached."},
	{"break", 0, false, OPTION_LIST, FIELD(breaks), "WHERE", NULL, BIT(DEBUG), 0,
	 "Sets a breakpoint, as the command of this name."},
	{"plain", 0, false, OPTION_FLAG, FIELD(plain), NULL, NULL, BIT(DEBUG), 0,
	 "Has a prompt instead of a screen."},
	{"commands", 'x', false, OPTION_TEXT, FIELD(command_file), "FILE", NULL, BIT(DEBUG), 0,
	 "Runs the debugger's commands in FILE first."},
	{"secret", 0, true, OPTION_LIST, FIELD(secrets), "id=ID,src=FILE", NULL, STEPS | BIT(SHELL),
	 0,
	 "Gives the value of a secret: what is in FILE, which may be a pipe; or, with env=VARIABLE "
	 "for src=FILE, in a variable of the environment."},
	{"before", 0, false, OPTION_FLAG, FIELD(before), NULL, NULL, BIT(SHELL), 0,
	 "Enters the state before the step."},
	{"after", 0, false, OPTION_FLAG, FIELD(after), NULL, NULL, BIT(SHELL), 0,
	 "Enters the state after the step (the default, unless it failed)."},
	{"failed", 0, false, OPTION_FLAG, FIELD(failed), NULL, NULL, BIT(SHELL), 0,
	 "Enters the state in which the step failed (the default, if it did)."},
	{"with-host-tools", 0, false, OPTION_FLAG, FIELD(host_tools), NULL, NULL, BIT(SHELL),
	 BIT(SHELL), "Has the host's programs below /run/host."},
	{"asciicast", 0, false, OPTION_FLAG, FIELD(asciicast), NULL, NULL, BIT(LOG), 0,
	 "Prints the log with its times, as an asciicast (version 2)."},
	{"schema", 0, false, OPTION_FLAG, FIELD(schema), NULL, NULL, BIT(CHECK), 0,
	 "Prints the JSON schema of specifications."},
	{"repair", 0, false, OPTION_FLAG, FIELD(repair), NULL, NULL, BIT(STORE_VERIFY), 0,
	 "Removes what is not whole."},
	{"to", 0, false, OPTION_TEXT, FIELD(to), "SIZE", NULL, BIT(STORE_PRUNE), 0,
	 "Removes attempts until the store takes no more than SIZE (500M, 20G)."},
	{"older-than", 0, false, OPTION_TEXT, FIELD(older_than), "DURATION", NULL, BIT(STORE_PRUNE),
	 0, "Removes only what was of no use for DURATION (12h, 30d)."},
	{"dry-run", 0, false, OPTION_FLAG, FIELD(dry_run), NULL, NULL, BIT(STORE_PRUNE), 0,
	 "Removes nothing, and says what would go."},
	{"all", 0, false, OPTION_FLAG, FIELD(all), NULL, NULL, BIT(STORE_REMOVE), 0,
	 "Removes everything, and the store's directory."},
	{"path", 0, false, OPTION_FLAG, FIELD(path), NULL, NULL, BIT(CONFIG), 0,
	 "Prints the path of the file, whether there is one or not."},
	{"json", 0, false, OPTION_FLAG, FIELD(json), NULL, NULL, JSON | LATER_SPEC, LATER_SPEC,
	 "Prints JSON; `run`: an event a line, as it happens."},
	{"quiet", 'q', false, OPTION_FLAG, FIELD(quiet), NULL, NULL, BIT(RUN) | BIT(CHECK), 0,
	 "Does not show what the steps print; `check`: prints errors only."},
	{"verbose", 'v', false, OPTION_FLAG, FIELD(verbose), NULL, NULL, BIT(RUN), 0,
	 "Also shows what cached steps printed, and how each step ended."},
	{"color", 0, false, OPTION_TEXT, FIELD(color), "WHEN", "auto|always|never", ALL, 0,
	 "Whether to use colours: `auto` (on a terminal, unless NO_COLOR is set), `always`, "
	 "`never`."},
	{"theme", 0, false, OPTION_TEXT, FIELD(theme), "NAME", NULL, BIT(DEBUG) | BIT(CONFIG), 0,
	 "Chooses the colours of the screen."},
	{"help", 'h', false, OPTION_FLAG, FIELD(help), NULL, NULL, ALL, 0, "Prints this help."},
	{"version", 0, false, OPTION_FLAG, FIELD(version), NULL, NULL, BIT(NONE), 0,
	 "Prints the version."},
	{0},
};
