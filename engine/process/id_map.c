#include "engine/process/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/base/strv.h"
#include "engine/process/child.h"

/* The first range of at least count ids that path gives name or id. subuid(5): NAME:START:COUNT. */
static bool find_range(const char *path, const char *name, unsigned id, unsigned count,
		       unsigned *ret_start)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	char line[512], number[16];

	snprintf(number, sizeof number, "%u", id);
	while (file && fgets(line, sizeof line, file)) {
		char *colon = strchr(line, ':');
		unsigned start, length;

		if (!colon || sscanf(colon, ":%u:%u", &start, &length) != 2)
			continue;
		*colon = '\0';
		if (strcmp(line, number) && (!name || strcmp(line, name)))
			continue;
		if (length >= count && start > 0) {
			*ret_start = start;
			return true;
		}
	}
	return false;
}

/* A range of at least count ids for both uids and gids. */
static bool find_ranges(const struct id_map_person *person, unsigned count, unsigned *ret_uid,
			unsigned *ret_gid)
{
	unsigned uid;

	if (!find_range(person->subuid, person->name, person->uid, count, &uid) ||
	    !find_range(person->subgid, person->name, person->uid, count, ret_gid))
		return false;
	*ret_uid = uid;
	return true;
}

/* count ids from start on, or, where the person's namespace (with `mapped` ids) has not so many,
 * what it has from 1 on. */
static struct id_extent fit(unsigned start, unsigned count, unsigned mapped)
{
	if (!mapped || (start < mapped && count <= mapped - start))
		return (struct id_extent){0, start, count};
	return (struct id_extent){0, 1, mapped - 1 < count ? mapped - 1 : count};
}

/* A container with fewer ids than this can hold no system: nobody and nogroup are 65534. */
enum { ROOT_COUNT_MIN = 65535 };

static int map_root(const struct id_map_person *person, struct id_map *map, struct err *err)
{
	unsigned uid = ID_MAP_ROOT_BASE, gid = ID_MAP_ROOT_BASE;

	find_ranges(person, ID_MAP_COUNT, &uid, &gid);
	map->uids[0] = fit(uid, ID_MAP_COUNT, person->uids_mapped);
	map->gids[0] = fit(gid, ID_MAP_COUNT, person->gids_mapped);
	if (map->uids[0].count >= ROOT_COUNT_MIN && map->gids[0].count >= ROOT_COUNT_MIN)
		return 0;
	return err_set(
		err, ERR_HOST,
		"root of this container has too few ids for its sandboxes (uids: %u, gids: %u; "
		"%d more are needed): give the container a range, or run contractor as an ordinary "
		"user",
		person->uids_mapped, person->gids_mapped, ROOT_COUNT_MIN);
}

/* The end of the last range that path gives anybody, at least floor. */
static unsigned range_end(const char *path, unsigned floor)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	char line[512];

	while (file && fgets(line, sizeof line, file)) {
		unsigned start, length;
		const char *colon = strchr(line, ':');

		if (colon && sscanf(colon, ":%u:%u", &start, &length) == 2 &&
		    start < ID_MAP_ROOT_BASE && length < ID_MAP_ROOT_BASE - start &&
		    start + length > floor)
			floor = start + length;
	}
	return floor;
}

/* Says that the person has no range, and the command that gives one nobody else has. */
static void explain_no_range(const struct id_map_person *person, struct id_map *map)
{
	unsigned start = range_end(person->subgid, range_end(person->subuid, 100000));

	snprintf(map->single_reason, sizeof map->single_reason,
		 "%s and %s give uid %u no range of %d ids", person->subuid, person->subgid,
		 person->uid, ID_MAP_COUNT - 1);
	snprintf(map->single_remedy, sizeof map->single_remedy,
		 "sudo usermod --add-subuids %u-%u --add-subgids %u-%u %s", start,
		 start + ID_MAP_COUNT - 1, start, start + ID_MAP_COUNT - 1,
		 person->name ? person->name : "NAME");
}

static void map_ordinary(const struct id_map_person *person, struct id_map *map)
{
	unsigned uid, gid;

	map->uids[0] = (struct id_extent){0, person->uid, 1};
	map->gids[0] = (struct id_extent){0, person->gid, 1};
	if (!person->has_helpers) {
		snprintf(map->single_reason, sizeof map->single_reason,
			 "newuidmap and newgidmap are not installed");
		snprintf(map->single_remedy, sizeof map->single_remedy, "sudo apt install uidmap");
	} else if (!find_ranges(person, ID_MAP_COUNT - 1, &uid, &gid)) {
		explain_no_range(person, map);
	} else {
		map->uids[1] = (struct id_extent){1, uid, ID_MAP_COUNT - 1};
		map->gids[1] = (struct id_extent){1, gid, ID_MAP_COUNT - 1};
		map->by_helper = true;
		return;
	}
	map->single = true;
}

static bool has_outside_root(const struct id_extent *extents)
{
	for (int i = 0; i < ID_MAP_EXTENTS; i++) {
		if (extents[i].count && extents[i].outside == 0)
			return true;
	}
	return false;
}

int id_map_plan(const struct id_map_person *person, struct id_map *ret_map, struct err *err)
{
	struct id_map map = {0};

	if (person->uid != 0)
		map_ordinary(person, &map);
	else if (map_root(person, &map, err) < 0)
		return -1;
	if (has_outside_root(map.uids) || has_outside_root(map.gids))
		return err_set(err, ERR_HOST,
			       "refusing to map the host's root into a sandbox: uid %u has the "
			       "group 0; give it a group of its own (usermod --gid)",
			       person->uid);
	*ret_map = map;
	return 0;
}

/* The path of a program that has rights of its own, or NULL; whatever PATH says. Free with free(). */
static char *find_helper(const char *program)
{
	static const char *const dirs[] = {"/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		AUTO_FREE char *path = path_join(dirs[i], program);

		if (!access(path, X_OK))
			return take_ptr(&path);
	}
	return NULL;
}

static bool has_helper(const char *program)
{
	AUTO_FREE char *path = find_helper(program);

	return path != NULL;
}

/* How many ids the namespace of this process has in a row from 0 on; 0: all that there are. */
static unsigned count_mapped(const char *path)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	unsigned inside, outside, length, end = 0;

	while (file && fscanf(file, "%u %u %u", &inside, &outside, &length) == 3) {
		if (length == UINT_MAX)
			return 0;
		if (inside == end)
			end += length;
	}
	return end;
}

int id_map_find(struct id_map *ret_map, struct err *err)
{
	const struct passwd *entry = getpwuid(getuid());
	const struct id_map_person person = {
		.uid = geteuid() ? getuid() : 0,
		.gid = getgid(),
		.name = entry ? entry->pw_name : NULL,
		.subuid = "/etc/subuid",
		.subgid = "/etc/subgid",
		.has_helpers = has_helper("newuidmap") && has_helper("newgidmap"),
		.uids_mapped = count_mapped("/proc/self/uid_map"),
		.gids_mapped = count_mapped("/proc/self/gid_map"),
	};

	return id_map_plan(&person, ret_map, err);
}

static void describe_extents(const struct id_extent *extents, struct buf *out)
{
	for (int i = 0; i < ID_MAP_EXTENTS && extents[i].count; i++)
		buf_add_fmt(out, "%s%u %u %u", i ? "," : "", extents[i].inside, extents[i].outside,
			    extents[i].count);
}

void id_map_describe(const struct id_map *map, struct buf *out)
{
	describe_extents(map->uids, out);
	buf_add_str(out, " / ");
	describe_extents(map->gids, out);
}

/* Goes past a number, which is at most UINT_MAX, and the byte behind it if that is end. */
static bool pass_number(const char **text, char end)
{
	size_t length = strspn(*text, "0123456789");
	bool is_number = length && length <= 10 && strtoull(*text, NULL, 10) <= UINT_MAX;

	*text += length;
	if (!is_number || (end && **text != end))
		return false;
	*text += end != '\0';
	return true;
}

/* Goes past what describe_extents() writes. */
static bool pass_extents(const char **text)
{
	for (int i = 0; i < ID_MAP_EXTENTS; i++) {
		if (!pass_number(text, ' ') || !pass_number(text, ' ') || !pass_number(text, '\0'))
			return false;
		if (**text != ',')
			return true;
		++*text;
	}
	return false;
}

bool id_map_is_description(const char *text)
{
	if (!pass_extents(&text) || strncmp(text, " / ", 3) != 0)
		return false;
	text += 3;
	return pass_extents(&text) && !*text;
}

uid_t id_map_root_uid(const struct id_map *map)
{
	return map->uids[0].outside;
}

gid_t id_map_root_gid(const struct id_map *map)
{
	return map->gids[0].outside;
}

/* Runs newuidmap or newgidmap PID INSIDE OUTSIDE COUNT... and waits for it. */
static int run_helper(const char *program, pid_t target, const struct id_extent *extents,
		      struct err *err)
{
	AUTO_FREE char *path = find_helper(program);
	AUTO_STRV struct strv argv = {0};
	int status;
	pid_t pid;

	if (!path)
		return err_set(err, ERR_HOST, "%s is not installed: apt install uidmap", program);
	strv_add(&argv, program);
	strv_add_fmt(&argv, "%d", target);
	for (int i = 0; i < ID_MAP_EXTENTS && extents[i].count; i++) {
		strv_add_fmt(&argv, "%u", extents[i].inside);
		strv_add_fmt(&argv, "%u", extents[i].outside);
		strv_add_fmt(&argv, "%u", extents[i].count);
	}
	pid = fork();
	if (pid == 0) {
		child_reset(NULL, 0);
		execv(path, strv_argv(&argv));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return err_sys(err, "cannot run %s", program);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(
			err, ERR_HOST,
			"%s refused to map the ids that /etc/subuid and /etc/subgid give: is "
			"it installed with its set-user-id bit or capability (apt install "
			"--reinstall uidmap)?",
			program);
	return 0;
}

/* Writes text to PID/name of the /proc behind proc_fd. */
static int write_proc(int proc_fd, pid_t pid, const char *name, const char *text, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%d/%s", pid, name);
	AUTO_CLOSE int fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		return err_sys(err, "cannot write /proc/%s", path);
	return 0;
}

static int write_extents(int proc_fd, pid_t pid, const char *name, const struct id_extent *extents,
			 struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (int i = 0; i < ID_MAP_EXTENTS && extents[i].count; i++)
		buf_add_fmt(&text, "%u %u %u\n", extents[i].inside, extents[i].outside,
			    extents[i].count);
	return write_proc(proc_fd, pid, name, text.data, err);
}

int id_map_write(const struct id_map *map, int proc_fd, pid_t pid, struct err *err)
{
	if (map->by_helper) {
		if (run_helper("newuidmap", pid, map->uids, err) < 0)
			return -1;
		return run_helper("newgidmap", pid, map->gids, err);
	}
	/* The kernel lets a single id be mapped without privileges only so. */
	if (map->single && write_proc(proc_fd, pid, "setgroups", "deny", err) < 0)
		return -1;
	if (write_extents(proc_fd, pid, "uid_map", map->uids, err) < 0)
		return -1;
	return write_extents(proc_fd, pid, "gid_map", map->gids, err);
}

static void nest(const struct id_extent *extents, struct id_extent *ret_nested)
{
	for (int i = 0; i < ID_MAP_EXTENTS; i++)
		ret_nested[i] =
			(struct id_extent){extents[i].inside, extents[i].inside, extents[i].count};
}

void id_map_nested(const struct id_map *map, struct id_map *ret_nested)
{
	*ret_nested = (struct id_map){.single = map->single};
	nest(map->uids, ret_nested->uids);
	nest(map->gids, ret_nested->gids);
}
