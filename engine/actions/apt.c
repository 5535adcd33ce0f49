/* apt: packages from the systree's own sources, into the systree; source packages into the
 * workspace. */
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/network.h"
#include "engine/actions/script.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* What apt-get is told in every case: never a forged package, never a question, and the same
 * choice of packages on every machine. */
static const char preamble[] =
	"command -v apt-get >/dev/null || {\n"
	"	echo 'the systree has no apt-get: it must be that of a Debian or a kin' >&2\n"
	"	exit 1\n"
	"}\n"
	"apt_get() {\n"
	"	apt-get -y -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \\\n"
	"		-o Acquire::AllowInsecureRepositories=false \\\n"
	"		-o Acquire::AllowWeakRepositories=false \\\n"
	"		-o Acquire::AllowDowngradeToInsecureRepositories=false \\\n"
	"		-o APT::Get::AllowUnauthenticated=false \\\n"
	"		-o APT::Get::Always-Include-Phased-Updates=true \\\n"
	"		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \\\n"
	"		-o APT::Install-Recommends=$recommends $parts \"$@\"\n"
	"}\n"
	"parts=\n";

/* Source packages need deb-src entries. Where the systree has none, they are made for this step
 * alone from its entries for binary packages. */
static const char source_entries[] =
	"if ! grep -Eqs '^(deb-src[[:space:]]|Types:.*deb-src)' /etc/apt/sources.list \\\n"
	"		/etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; then\n"
	"	dir=/tmp/contractor-sources\n"
	"	mkdir $dir\n"
	"	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do\n"
	"		[ -f \"$file\" ] || continue\n"
	"		name=$(basename \"$file\")\n"
	"		[ \"$file\" = /etc/apt/sources.list ] || cp \"$file\" \"$dir/$name\"\n"
	"		sed -e 's/^[[:space:]]*deb[[:space:]]/deb-src /' \\\n"
	"			-e 's/^Types:.*/Types: deb-src/' \"$file\" >\"$dir/src-$name\"\n"
	"	done\n"
	"	parts=\"-o Dir::Etc::SourceParts=$dir\"\n"
	"fi\n";

/* Adds "apt_get COMMAND -- 'NAME' …", unless there are no names. */
static void add_command(struct buf *script, const char *command, const struct strv *names)
{
	if (!names->len)
		return;
	buf_add_fmt(script, "apt_get %s --", command);
	script_add_words(script, names);
	buf_add_char(script, '\n');
}

/* Source packages are unpacked by dpkg-source, which a small systree may not have. */
static void add_source(struct buf *script, const struct strv *names)
{
	if (!names->len)
		return;
	buf_add_str(script, "command -v dpkg-source >/dev/null || apt_get install dpkg-dev\n"
			    "cd /workspace\n");
	add_command(script, "source -o APT::Sandbox::User=root", names);
}

/* What was downloaded is not kept in the layer; the lists are, for steps without `update`. */
static void make_script(const struct step *step, struct buf *script)
{
	const struct strv *build_dep = step_list(step, "build-dep");
	const struct strv *source = step_list(step, "source");

	buf_add_fmt(script, "recommends=%s\n%s", step_text(step, "recommends"), preamble);
	if (build_dep->len || source->len)
		buf_add_str(script, source_entries);
	if (step_bool(step, "update"))
		buf_add_str(script, "apt_get update -o APT::Update::Error-Mode=any \\\n"
				    "	-o Acquire::Languages=none\n");
	if (step_bool(step, "upgrade"))
		buf_add_str(script, "apt_get upgrade --with-new-pkgs\n");
	add_command(script, "build-dep", build_dep);
	add_command(script, "install", step_list(step, "packages"));
	add_source(script, source);
	buf_add_str(script, "apt-get clean\n");
}

/* Without source packages the workspace is neither seen nor changed. */
static enum action_effect effect_on(const struct step *step, enum tree tree)
{
	if (tree == TREE_SYSTREE || step_list(step, "source")->len)
		return EFFECT_CHANGES;
	return EFFECT_NONE;
}

static int start(struct action_run *run, struct err *err)
{
	AUTO_BUF struct buf script = BUF_INIT;
	struct sandbox_policy policy;
	int result;

	if (network_require_ids(host_id_map(run->input.host), "apt", err) < 0)
		return -1;
	make_script(run->input.step, &script);
	action_policy(&run->input, &policy);
	policy.workspace = effect_on(run->input.step, TREE_WORKSPACE) != EFFECT_NONE;
	policy.workdir = "/";
	result = network_run(run, &policy, &(struct network_script){.text = script.data}, err);
	sandbox_policy_release(&policy);
	return result;
}

static const struct field fields[] = {
	{.name = "packages",
	 .type = FIELD_TEXTS,
	 .flags = FIELD_ONE_OF_GROUP | FIELD_MAIN,
	 .help = "Packages to install: names, as apt-get takes them."},
	{.name = "build-dep",
	 .type = FIELD_TEXTS,
	 .flags = FIELD_ONE_OF_GROUP | FIELD_MAIN,
	 .help = "Source packages whose build dependencies are installed."},
	{.name = "source",
	 .type = FIELD_TEXTS,
	 .flags = FIELD_ONE_OF_GROUP | FIELD_MAIN,
	 .help = "Source packages that are unpacked into the workspace; dpkg-dev is installed for "
		 "it."},
	{.name = "update",
	 .type = FIELD_BOOL,
	 .fallback = "true",
	 .help = "Whether to refresh the lists of packages first."},
	{.name = "recommends",
	 .type = FIELD_BOOL,
	 .fallback = "false",
	 .help = "Whether to install what packages recommend, too."},
	{.name = "upgrade",
	 .type = FIELD_BOOL,
	 .flags = FIELD_ONE_OF_GROUP,
	 .fallback = "false",
	 .help = "Whether to upgrade all installed packages."},
	{0},
};

const struct action_type action_apt = {
	.schema =
		{.name = "apt",
		 .help = "Installs packages into the systree with its own apt, with network; what "
			 "was downloaded is removed again, and services are not started.",
		 .fields = fields,
		 .sandboxed = true},
	.place = ACTION_IN_SYSTREE,
	.network = true,
	.systree = EFFECT_CHANGES,
	.workspace = EFFECT_CHANGES,
	.effect_on = effect_on,
	.start = start,
};
