/* debootstrap: a Debian system, or one of its kin, in the workspace. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/actions/actions.h"
#include "engine/actions/apt_sources.h"
#include "engine/actions/ingredients.h"
#include "engine/actions/network.h"
#include "engine/actions/source.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

/* An empty one, since apt-config complains of a missing directory. */
#define APT_CONFIG_FILE "/etc/apt/apt.conf.d/empty"
#define KEYRING_PATH "/run/contractor-keyring"
#define HOST_KEYRINGS "/usr/share/keyrings/"

enum { KEYRING_SIZE_MAX = 32 << 20 };

/* With container=lxc debootstrap goes on where devices cannot be made. When it fails, its log is
 * shown, and once more what it said itself. Else what it took from the host and what differs from
 * run to run goes: name resolution, logs, caches, copies that tools keep of what they change,
 * ids of the machine, and the ordinary files that were written in place of devices. */
static const char script[] =
	"export container=lxc\n"
	"echo 'debootstrap warns that it gets no /proc, /sys and devices: that is fine here'\n"
	"{ debootstrap \"$@\" 2>&1 || touch /tmp/failed; } | tee /tmp/output\n"
	"if [ -e /tmp/failed ]; then\n"
	"	log=/workspace/debootstrap/debootstrap.log\n"
	"	[ -s $log ] || exit 1\n"
	"	echo 'the end of debootstrap.log:'\n"
	"	tail -n 40 $log\n"
	"	grep '^E:' /tmp/output\n"
	"	exit 1\n"
	"fi\n"
	"cd /workspace\n"
	"for name in etc/resolv.conf etc/hostname var/lib/dbus/machine-id; do\n"
	"	[ -L $name ] || rm -f $name\n"
	"done\n"
	"if [ -f etc/machine-id ] && [ ! -L etc/machine-id ]; then : >etc/machine-id; fi\n"
	"find dev run tmp -mindepth 1 -delete\n"
	"find var/log -type f -name '*.log' -delete\n"
	"find var/cache/apt -type f '(' -name '*.deb' -o -name '*.bin' ')' -delete\n"
	"rm -f var/cache/ldconfig/aux-cache var/cache/debconf/*-old var/lib/dpkg/*-old\n"
	"rm -rf debootstrap\n";

static const char *mirror_field(const struct step *step)
{
	return step_text(step, "mirror");
}

/* The mirror that the step does not name but the host uses, or NULL. Free with free(). */
static char *host_mirror(const struct step *step)
{
	if (mirror_field(step))
		return NULL;
	return apt_sources_mirror(APT_SOURCES_DIR, APT_SOURCES_SUITES_DIR,
				  step_text(step, "suite"));
}

/* The keyring of the step: one of the host's, by its whole name, or a file beside the spec. */
static int open_keyring(const struct action_input *input, const char *keyring, struct err *err)
{
	AUTO_FREE char *prefix = NULL, *name = NULL;
	AUTO_CLOSE int context = -1;

	if (!strncmp(keyring, HOST_KEYRINGS, strlen(HOST_KEYRINGS)) && !strstr(keyring, "/.."))
		return open(keyring, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	context = context_open(input, &prefix, err);
	if (context < 0 || !(name = context_name(prefix, keyring, err)))
		return -1;
	return path_open_beneath(context, name, O_RDONLY, 0);
}

static int read_keyring(const struct action_input *input, struct buf *bytes, struct err *err)
{
	const char *keyring = step_text(input->step, "keyring");
	struct err why = {0};
	AUTO_CLOSE int fd = open_keyring(input, keyring, &why);
	struct stat status;

	if (why.code) {
		*err = why;
		return -1;
	}
	if (fd < 0 || fstat(fd, &status) < 0) {
		err_sys(err, "cannot open the keyring %s", keyring);
		err->code = ERR_STEP;
		return -1;
	}
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_STEP, "the keyring %s is not a regular file", keyring);
	return buf_read_fd(bytes, fd, KEYRING_SIZE_MAX, keyring, err);
}

/* What the result depends on and no field says: the host's mirror and machine, and the keys. */
static int add_ingredients(const struct action_input *input, struct ingredients *list,
			   struct err *err)
{
	AUTO_FREE char *mirror = host_mirror(input->step);
	AUTO_BUF struct buf keyring = BUF_INIT;
	char digest[SHA256_HEX_SIZE];
	struct sha256 *sha;
	struct utsname host;

	ingredients_add(list, "host's mirror", mirror);
	if (!step_text(input->step, "architecture"))
		ingredients_add(list, "machine", uname(&host) < 0 ? NULL : host.machine);
	if (!step_text(input->step, "keyring"))
		return 0;
	if (read_keyring(input, &keyring, err) < 0)
		return -1;
	sha = sha256_new();
	sha256_add(sha, keyring.data, keyring.len);
	sha256_finish(sha, digest);
	ingredients_add(list, "keyring's content", digest);
	return 0;
}

/* "--include=a,b", or nothing. */
static void add_list_option(struct strv *arguments, const char *option, const struct strv *values)
{
	AUTO_FREE char *joined = strv_join(values, ",");

	if (values->len)
		strv_add_fmt(arguments, "%s=%s", option, joined);
}

static void make_arguments(const struct step *step, struct strv *arguments)
{
	AUTO_FREE char *default_mirror = host_mirror(step);
	const char *mirror = mirror_field(step) ? mirror_field(step) : default_mirror;

	strv_add(arguments, "--force-check-gpg");
	strv_add_fmt(arguments, "--variant=%s", step_text(step, "variant"));
	if (step_text(step, "architecture"))
		strv_add_fmt(arguments, "--arch=%s", step_text(step, "architecture"));
	if (step_text(step, "keyring"))
		strv_add(arguments, "--keyring=" KEYRING_PATH);
	add_list_option(arguments, "--components", step_list(step, "components"));
	add_list_option(arguments, "--include", step_list(step, "include"));
	add_list_option(arguments, "--exclude", step_list(step, "exclude"));
	strv_add_all(arguments, step_text(step, "suite"), "/workspace", NULL);
	if (mirror)
		strv_add(arguments, mirror);
}

static int check(const struct action_run *run, struct err *err)
{
	if (network_require_ids(host_id_map(run->input.host), "debootstrap", err) < 0)
		return -1;
	return network_require_program(NETWORK_PROGRAM_PATH, "debootstrap", err);
}

static int start(struct action_run *run, struct err *err)
{
	AUTO_FREE char *default_mirror = host_mirror(run->input.step);
	const char *mirror = mirror_field(run->input.step);
	AUTO_STRV struct strv arguments = {0};
	AUTO_BUF struct buf keyring = BUF_INIT;
	bool has_keyring = step_text(run->input.step, "keyring");
	struct sandbox_file files[2] = {{APT_CONFIG_FILE, "", 0, 0444, false}};
	struct sandbox_policy policy;
	int result;

	if (check(run, err) < 0)
		return -1;
	if (has_keyring && read_keyring(&run->input, &keyring, err) < 0)
		return -1;
	make_arguments(run->input.step, &arguments);
	files[1] = (struct sandbox_file){KEYRING_PATH, keyring.data, keyring.len, 0444, false};
	action_policy(&run->input, &policy);
	result = network_run(run, &policy,
			     &(struct network_script){.text = script,
						      .address = mirror ? mirror : default_mirror,
						      .arguments = &arguments,
						      .files = files,
						      .n_files = has_keyring ? 2 : 1},
			     err);
	sandbox_policy_release(&policy);
	return result;
}

static const struct field fields[] = {
	{.name = "suite",
	 .type = FIELD_NAME,
	 .flags = FIELD_REQUIRED | FIELD_MAIN,
	 .help = "The release, as debootstrap knows it: bookworm, trixie, jammy, …"},
	{.name = "mirror",
	 .type = FIELD_ADDRESS,
	 .choices = "https|http",
	 .help = "Address of the archive, http or https; by default the one in the host's apt "
		 "configuration, else debootstrap's."},
	{.name = "variant",
	 .type = FIELD_NAME,
	 .fallback = "minbase",
	 .help = "Which packages there are: minbase, buildd, …"},
	{.name = "components",
	 .type = FIELD_TEXTS,
	 .help = "Parts of the archive; by default main."},
	{.name = "include", .type = FIELD_TEXTS, .help = "More packages."},
	{.name = "exclude", .type = FIELD_TEXTS, .help = "Packages that are left out."},
	{.name = "architecture",
	 .type = FIELD_NAME,
	 .help = "Debian's name of the architecture; by default the host's."},
	{.name = "keyring",
	 .type = FIELD_TEXT,
	 .help = "Keys that the archive must be signed with: a file relative to the spec's "
		 "directory, or one in /usr/share/keyrings; by default the suite's own."},
	{0},
};

const struct action_type action_debootstrap = {
	.schema = {.name = "debootstrap",
		   .help = "Installs a Debian system into the workspace with the host's "
			   "debootstrap; signatures are always checked.",
		   .fields = fields,
		   .sandboxed = true},
	.place = ACTION_ON_HOST,
	.network = true,
	.workspace = EFFECT_CHANGES,
	.add_ingredients = add_ingredients,
	.start = start,
};
