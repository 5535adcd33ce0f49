#include "tests/sandbox/rig.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/actions/actions.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "tests/sandbox/surround.h"

extern const char inside_start[], inside_end[]; /* image.S */

void rig_give_up(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("not ok sandbox/probe: ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
	_exit(1);
}

/* The steps after the first two, in the order of enum rig_step. */
static const char spec_steps[] =
	"  - {name: tree, action: create-systree, path: systree.tar}\n"
	"  - {action: empty-workspace}\n"
	"  - {name: root, action: shell, shell: 'true'}\n"
	"  - {name: user, action: shell, shell: 'true', user: '1000'}\n"
	"  - {name: packages, action: apt, packages: [hello]}\n"
	"  - {name: host, action: debootstrap, suite: stable, mirror: 'http://mirror.invalid'}\n"
	"  - {name: git, action: git, url: 'https://git.invalid/x', ref: main}\n";
enum { STEPS_BEFORE = 2 };

static void write_file(const char *path, const void *bytes, size_t length, mode_t mode)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, bytes, length) < 0 || fchmod(fd, mode) < 0)
		rig_give_up("cannot write %s: %s", path, strerror(errno));
}

/* busybox of the host, which must be static. */
static void copy_busybox(const char *to)
{
	static const char *const paths[] = {"/usr/bin/busybox", "/bin/busybox"};
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !bytes.len; i++) {
		AUTO_CLOSE int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && buf_read_fd(&bytes, fd, 16 << 20, paths[i], &err) < 0)
			rig_give_up("%s", err.text);
	}
	if (!bytes.len)
		rig_give_up("busybox is missing: apt-get install busybox-static");
	write_file(to, bytes.data, bytes.len, 0755);
}

/* The directory that systrees are made of. Links of busybox for what the probes use. */
static void make_tree(const struct rig *rig)
{
	static const char *const dirs[] = {"bin", "etc", "proc", "dev",
					   "tmp", "run", "sys",	 "data"};
	static const char *const tools[] = {
		"sh",	 "cat",	     "grep",	 "sed",	      "ls",   "find", "touch", "rm",
		"test",	 "chmod",    "mkdir",	 "sha256sum", "stat", "tr",   "head",  "yes",
		"sleep", "hostname", "readlink", "mkfifo",    "mv",   "ln",   "dd"};
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n";
	size_t length = (size_t)(inside_end - inside_start);

	AUTO_FREE char *tree = path_join(rig->dir, "tree");

	if (mkdir(tree, 0755) < 0 || chdir(tree) < 0)
		rig_give_up("cannot make %s: %s", tree, strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		mkdir(dirs[i], 0755);
	copy_busybox("bin/busybox");
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		AUTO_FREE char *link = path_join("bin", tools[i]);

		if (symlink("busybox", link) < 0)
			rig_give_up("cannot make %s: %s", link, strerror(errno));
	}
	write_file("bin/inside", inside_start, length, 0755);
	write_file("bin/inside-set-id", inside_start, length, 06755);
	write_file("etc/passwd", passwd, sizeof passwd - 1, 0644);
	write_file("data/file", "lower\n", 6, 0644);
}

/* Everything in it is root's, so that set-user-id bits are. */
void rig_pack(struct rig *rig, const char *file_name)
{
	AUTO_FREE char *tree = path_join(rig->dir, "tree"), *path = path_join(rig->dir, file_name);
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("tar", "tar", "--create", "--file", path, "--directory", tree, "--owner=0",
		       "--group=0", "--numeric-owner", ".", (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		rig_give_up("cannot pack %s with tar", path);
}

static void on_event(void *data, const struct event *event)
{
	char **message = data;

	if (event->type != EVENT_STOPPED || (!event->attempt && !event->err))
		return;
	free(*message);
	*message = mem_strdup(event->err ? event->err->text : event->attempt->message);
}

/* A session of a spec with these steps. */
static struct session *new_session(struct rig *rig, const char *steps, char **message)
{
	AUTO_FREE char *path = path_join(rig->dir, "spec.yaml");
	AUTO_FREE char *text = mem_printf("name: sandbox\nactions:\n%s", steps);
	struct diagnostics diagnostics = {0};
	struct session_options options = {.host = rig->host,
					  .spec_options = &rig->spec_options,
					  .event = on_event,
					  .data = message};
	struct session *session;
	struct err err = {0};

	write_file(path, text, strlen(text), 0644);
	if (spec_load(path, &rig->spec_options, &options.spec, &diagnostics, &err) < 0)
		rig_give_up("%s", err.text);
	if (diagnostics.len)
		rig_give_up("the spec: %s", diagnostics.items[0].text);
	diagnostics_release(&diagnostics);
	if (session_new(&options, &session, &err) < 0)
		rig_give_up("%s", err.text);
	return session;
}

/* Runs the steps before `last`; false when one fails. */
static bool run_until(struct rig *rig, struct session *session, size_t last)
{
	struct err err = {0};

	if (session_until(session, last, &err) < 0)
		rig_give_up("%s", err.text);
	while (session_state(session) != SESSION_STOPPED)
		loop_turn(rig->loop, -1);
	return session_position(session) == last;
}

bool rig_build(struct rig *rig, const char *steps, struct state *ret_state, char **ret_message)
{
	AUTO_FREE char *more = mem_printf("%s  - {action: empty-workspace}\n", steps);
	char *message = NULL;
	struct session *session = new_session(rig, more, &message);
	size_t last = session_spec(session)->n_steps;
	bool passed = run_until(rig, session, last);

	if (passed && ret_state) {
		state_init(ret_state);
		state_copy(ret_state, session_state_before(session, last));
	}
	session_free(session);
	if (ret_message)
		*ret_message = message;
	else
		free(message);
	return passed;
}

static void make_dir(struct rig *rig)
{
	const char *parent = getenv("TMPDIR");

	snprintf(rig->dir, sizeof rig->dir, "%s/sandbox-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(rig->dir))
		rig_give_up("cannot make %s: %s", rig->dir, strerror(errno));
}

static void open_host(struct rig *rig)
{
	AUTO_FREE char *store = path_join(rig->dir, "store");
	const struct host_settings settings = {.store_path = store, .allow_network = true};
	struct err err;

	if (host_new(&settings, rig->loop, &rig->host, &err) < 0)
		rig_give_up("%s", err.text);
	rig->single_id = host_id_map(rig->host)->single;
	rig->spec_options = (struct spec_options){.schemas = action_schemas,
						  .artifact_exists = host_artifact_exists,
						  .data = rig->host};
}

struct rig *rig_new(void)
{
	struct rig *rig = mem_new(sizeof *rig);
	char *message = NULL;

	make_dir(rig);
	make_tree(rig);
	rig_pack(rig, "systree.tar");
	surround_set_up(rig);
	rig->loop = loop_new();
	open_host(rig);
	rig->session = new_session(rig, spec_steps, &message);
	if (!run_until(rig, rig->session, STEPS_BEFORE + 1))
		rig_give_up("%s", message ? message : "the systree was not made");
	free(message);
	state_init(&rig->state);
	state_copy(&rig->state, session_state_before(rig->session, STEPS_BEFORE + 1));
	return rig;
}

/* Layers belong to other ids than ours: they are removed inside the namespaces. */
static void remove_layers(struct rig *rig)
{
	static const char *const dirs[] = {USERNS_DIR "/layers", USERNS_DIR "/tmp"};
	const struct userns *userns;
	struct err err = {0};
	int status;
	pid_t pid;

	if (host_userns(rig->host, &userns, &err) < 0)
		rig_give_up("%s", err.text);
	pid = fork();
	if (pid == 0) {
		int result = userns_enter(userns, &err);

		for (size_t i = 0; !result && i < ARRAY_SIZE(dirs); i++) {
			AUTO_CLOSEDIR DIR *dir = opendir(dirs[i]);
			const struct dirent *entry;

			while (dir && (entry = readdir(dir))) {
				if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
					path_remove_tree(dirfd(dir), entry->d_name, &err);
			}
		}
		_exit(result < 0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		rig_give_up("cannot remove the layers");
}

void rig_free(struct rig *rig)
{
	struct err err = {0};

	session_free(rig->session);
	state_release(&rig->state);
	surround_tear_down(rig);
	strv_release(&rig->around);
	remove_layers(rig);
	host_free(rig->host);
	loop_free(rig->loop);
	if (path_remove_tree(AT_FDCWD, rig->dir, &err) < 0)
		rig_give_up("%s", err.text);
	free(rig);
}
