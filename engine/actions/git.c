/* git: a commit of a repository, in the workspace.
 *
 * A ref (branch, tag) stands for a commit. The first run finds out which; the store remembers
 * it, the cache key has it, and later runs check out exactly it, until the person asks for a
 * refresh. HEAD is detached, and the tags of its history are there for `git describe`.
 *
 * Only what the commit needs is fetched, and what differs from run to run is not kept: reflogs,
 * FETCH_HEAD, and the times and inodes of files in the index. So two runs give the same tree, as
 * far as the server packs objects the same way. `git status` fills the index in again; a script
 * that uses `git diff-index` must call `git update-index --refresh` first, as its manual says.
 */
#include "engine/actions/git.h"

#include <stdlib.h>
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/ingredients.h"
#include "engine/actions/network.h"
#include "engine/base/mem.h"

/* A line of the script that tells the commit, the last one counts. */
#define COMMIT_WORD "commit "

enum { COMMIT_SHA1_DIGITS = 40, COMMIT_SHA256_DIGITS = 64, LINE_SIZE = 80 };

/* $1 url, $2 ref, $3 commit or "", $4 directory, $5 depth or "", $6 whether with submodules.
 *
 * A commit is asked for by its id; a server that refuses that is asked for everything. The
 * address is written down without a password. */
static const char script[] =
	"url=$1 ref=$2 commit=$3 to=$4 depth=${5:+--depth=$5} submodules=$6\n"
	"fail() {\n"
	"	echo \"git: $*\" >&2\n"
	"	exit 1\n"
	"}\n"
	"find_commit() {\n"
	"	git check-ref-format --allow-onelevel \"$ref\" ||\n"
	"		fail \"'$ref' is no name of a ref\"\n"
	"	case $ref in\n"
	"	HEAD | refs/*) set -- \"$ref^{}\" \"$ref\" ;;\n"
	"	*) set -- \"refs/heads/$ref\" \"refs/tags/$ref^{}\" \"refs/tags/$ref\" ;;\n"
	"	esac\n"
	"	git ls-remote -- \"$url\" \"$@\" >/tmp/refs\n"
	"	for name; do\n"
	"		while read -r id found; do\n"
	"			[ \"$found\" != \"$name\" ] || { commit=$id && return; }\n"
	"		done </tmp/refs\n"
	"	done\n"
	"	fail \"no branch or tag '$ref' in $url; a commit needs all of its digits\"\n"
	"}\n"
	"fetch_commit() {\n"
	"	git fetch $depth -- \"$url\" \"+$commit:refs/contractor/commit\" && return\n"
	"	echo 'git: fetching everything, since that commit alone was not to be had'\n"
	"	git fetch --tags -- \"$url\" '+refs/heads/*:refs/contractor/*'\n"
	"	git cat-file -e \"$commit^{commit}\" 2>/dev/null ||\n"
	"		fail \"commit $commit is not in $url (any more); try --refresh\"\n"
	"}\n"
	"tidy='git read-tree HEAD && cd \"$(git rev-parse --git-dir)\" &&\n"
	"	rm -rf FETCH_HEAD ORIG_HEAD logs'\n"
	"mkdir -p -- \"$to\"\n"
	"cd -- \"$to\"\n"
	"[ ! -e .git ] || fail \"there is a repository in '$to' already\"\n"
	"[ -n \"$commit\" ] || find_commit\n"
	"[ ${#commit} -eq 40 ] && format=sha1 || format=sha256\n"
	"git init --quiet --object-format=$format\n"
	"rest=${url#*://} host=${rest%%/*}\n"
	"git remote add origin \"${url%%://*}://${host##*@}${rest#\"$host\"}\"\n"
	"fetch_commit\n"
	"git checkout --quiet --detach \"$commit\"\n"
	"if [ \"$submodules\" = true ]; then\n"
	"	git submodule update --init --recursive $depth\n"
	"	git submodule --quiet foreach --recursive \"$tidy\"\n"
	"fi\n"
	"git for-each-ref --format='delete %(refname)' refs/contractor | git update-ref --stdin\n"
	"commit=$(git rev-parse HEAD)\n"
	"eval \"$tidy\"\n"
	"echo \"" COMMIT_WORD "$commit\"\n";

/* What git is told by its environment, whatever the step's own says. */
static const struct {
	const char *name, *value;
} settings[] = {
	{"GIT_ALLOW_PROTOCOL", "https:http:git"},
	{"GIT_CONFIG_NOSYSTEM", "1"},
	{"GIT_CONFIG_GLOBAL", "/dev/null"},
	{"GIT_TERMINAL_PROMPT", "0"},
	{"GIT_ATTR_NOSYSTEM", "1"},
	{"HOME", "/tmp"},
};

/* Settings that hold for this step and are not written down in the repository. */
static const struct {
	const char *key, *value;
} config[] = {
	{"safe.directory", "*"},
	{"core.hooksPath", "/dev/null"},
	{"init.templateDir", ""},
	{"init.defaultBranch", "main"},
	{"core.logAllRefUpdates", "false"},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"advice.detachedHead", "false"},
};

/* What a run remembers; the line is the one that is being written, as far as it matters. */
struct checkout {
	char line[LINE_SIZE];
	size_t length;
	char commit[COMMIT_SHA256_DIGITS + 1];
};

static bool is_commit(const char *text)
{
	size_t length = strlen(text);

	return (length == COMMIT_SHA1_DIGITS || length == COMMIT_SHA256_DIGITS) &&
	       strspn(text, "0123456789abcdef") == length;
}

/* Where the store remembers commits: by address, then by ref. Free with free(). */
static char *memory_of(const struct step *step)
{
	return mem_printf("git:%s", step_text(step, "url"));
}

/* The commit that the ref stands for, or NULL when nobody has looked yet. Free with free(). */
static char *known_commit(const struct action_input *input)
{
	const char *ref = step_text(input->step, "ref");
	AUTO_FREE char *memory = memory_of(input->step);
	AUTO_FREE char *commit = NULL;

	if (is_commit(ref))
		return mem_strdup(ref);
	commit = store_get_session(host_store(input->host), memory, ref);
	return commit && is_commit(commit) ? take_ptr(&commit) : NULL;
}

int git_forget(const struct action_input *input, struct err *err)
{
	AUTO_FREE char *memory = NULL;

	if (action_type_of(input->step) != &action_git)
		return 0;
	memory = memory_of(input->step);
	return store_set_session(host_store(input->host), memory, step_text(input->step, "ref"),
				 NULL, err);
}

static int add_ingredients(const struct action_input *input, struct ingredients *list,
			   struct err *err)
{
	AUTO_FREE char *commit = known_commit(input);

	(void)err;
	if (!commit)
		return 1;
	ingredients_add(list, "commit", commit);
	return 0;
}

static void end_line(struct checkout *checkout)
{
	const char *commit = checkout->line + strlen(COMMIT_WORD);

	checkout->line[checkout->length] = '\0';
	if (!strncmp(checkout->line, COMMIT_WORD, strlen(COMMIT_WORD)) && is_commit(commit))
		strcpy(checkout->commit, commit);
	checkout->length = 0;
}

static void watch_output(struct action_run *run, const char *bytes, size_t length)
{
	struct checkout *checkout = run->own;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			end_line(checkout);
		else if (bytes[i] != '\r' && checkout->length < LINE_SIZE - 1)
			checkout->line[checkout->length++] = bytes[i];
	}
}

/* Remembers the commit, and works out the key that is known only now. */
static int remember(struct action_run *run, struct err *err)
{
	const struct step *step = run->input.step;
	const struct checkout *checkout = run->own;
	AUTO_FREE char *memory = memory_of(step);

	if (!checkout->commit[0])
		return err_set(err, ERR_FAULT, "git did not say which commit it checked out");
	if (!is_commit(step_text(step, "ref")) &&
	    store_set_session(host_store(run->input.host), memory, step_text(step, "ref"),
			      checkout->commit, err) < 0)
		return -1;
	return action_key(&run->input, run->result.key, NULL, err);
}

static void finish(struct action_run *run)
{
	struct run_result *result = &run->result.run;

	if (result->end == RUN_EXITED && result->exit_status == 0 && !result->err.code &&
	    remember(run, &result->err) < 0)
		result->end = RUN_FAILED;
}

static void set_environment(struct strv *environment)
{
	AUTO_FREE char *count = mem_printf("%zu", ARRAY_SIZE(config));

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		strv_setenv(environment, settings[i].name, settings[i].value);
	strv_setenv(environment, "GIT_CONFIG_COUNT", count);
	for (size_t i = 0; i < ARRAY_SIZE(config); i++) {
		AUTO_FREE char *key = mem_printf("GIT_CONFIG_KEY_%zu", i);
		AUTO_FREE char *value = mem_printf("GIT_CONFIG_VALUE_%zu", i);

		strv_setenv(environment, key, config[i].key);
		strv_setenv(environment, value, config[i].value);
	}
}

static void make_arguments(const struct action_input *input, struct strv *arguments)
{
	const struct step *step = input->step;
	AUTO_FREE char *commit = known_commit(input);
	const char *depth = step_text(step, "depth");

	strv_add_all(arguments, step_text(step, "url"), step_text(step, "ref"),
		     commit ? commit : "", step_text(step, "to"),
		     depth && strcmp(depth, "0") ? depth : "", step_text(step, "submodules"), NULL);
}

static int start(struct action_run *run, struct err *err)
{
	AUTO_STRV struct strv arguments = {0};
	struct sandbox_policy policy;
	int result;

	if (network_require_program(NETWORK_PROGRAM_PATH, "git", err) < 0)
		return -1;
	make_arguments(&run->input, &arguments);
	run->own = mem_new(sizeof(struct checkout));
	run->watch_output = watch_output;
	run->finish = finish;
	action_policy(&run->input, &policy);
	set_environment(&policy.environment);
	result = network_run(run, &policy,
			     &(struct network_script){.text = script,
						      .address = step_text(run->input.step, "url"),
						      .arguments = &arguments},
			     err);
	sandbox_policy_release(&policy);
	return result;
}

static const struct field fields[] = {
	{.name = "url",
	 .type = FIELD_ADDRESS,
	 .flags = FIELD_REQUIRED | FIELD_MAIN,
	 .choices = "https|http|git",
	 .help = "Address of the repository: https, http or git."},
	{.name = "ref",
	 .type = FIELD_TEXT,
	 .fallback = "HEAD",
	 .help = "A branch, a tag, or a commit by all of its digits. The commit that it stands for "
		 "is remembered until --refresh."},
	{.name = "to",
	 .type = FIELD_PATH,
	 .fallback = ".",
	 .help = "The directory of the workspace that it is put into, with its .git."},
	{.name = "depth",
	 .type = FIELD_COUNT,
	 .help = "How many commits of history there are; by default, or with 0, all."},
	{.name = "submodules",
	 .type = FIELD_BOOL,
	 .fallback = "false",
	 .help = "Whether to check out submodules, too, and theirs."},
	{0},
};

const struct action_type action_git = {
	.schema = {.name = "git",
		   .help = "Checks out a commit of a git repository into the workspace.",
		   .fields = fields,
		   .sandboxed = true},
	.place = ACTION_ON_HOST,
	.network = true,
	.workspace = EFFECT_CHANGES,
	.add_ingredients = add_ingredients,
	.start = start,
};
