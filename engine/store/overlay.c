#include "engine/store/overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

/* The kernel's own limit is 500 lower directories (fs/overlayfs: OVL_MAX_STACK), and there are those of
 * ours above and below the layers. */
enum { OVERLAY_LAYERS_MAX = 497 };

char *overlay_layer_path(const struct overlay *overlay, size_t index)
{
	return mem_printf("%s/%s/%s", overlay->layers_dir, overlay->chain->items[index],
			  overlay->name);
}

/* All lower directories, the topmost first, as overlayfs counts them. */
static void list_lowers(const struct overlay *overlay, struct strv *ret_lowers)
{
	if (overlay->over)
		strv_add(ret_lowers, overlay->over);
	for (size_t i = overlay->chain->len; i > 0; i--)
		strv_take(ret_lowers, overlay_layer_path(overlay, i - 1));
	strv_add(ret_lowers, overlay->under);
}

static int set_string(int fs, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

static int set_flag(int fs, const char *key)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, NULL, 0);
}

/* The lower directories one by one. ENOTSUP when the kernel does not know how (before 6.8). */
static int set_lowers(int fs, const struct strv *lowers)
{
	for (size_t i = 0; i < lowers->len; i++) {
		if (set_string(fs, "lowerdir+", lowers->items[i]) == 0)
			continue;
		if (i == 0 && errno == EINVAL)
			errno = ENOTSUP;
		return -1;
	}
	return 0;
}

static int configure(int fs, const struct overlay *overlay, const struct strv *lowers)
{
	if (set_string(fs, "source", "contractor") < 0 || set_flag(fs, "userxattr") < 0 ||
	    set_lowers(fs, lowers) < 0)
		return -1;
	if (overlay->upper &&
	    (set_string(fs, "upperdir", overlay->upper) < 0 ||
	     set_string(fs, "workdir", overlay->work) < 0 || set_flag(fs, "volatile") < 0))
		return -1;
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* What the kernel wrote into the file system context says why it refused. */
static void add_kernel_log(int fs, struct err *err)
{
	char line[256];
	ssize_t length = read(fs, line, sizeof line - 1);
	size_t used = strlen(err->text);

	if (length <= 2)
		return;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	snprintf(err->text + used, sizeof err->text - used, " (%s)", line + 2);
}

static int attach(int mount_fd, const char *target)
{
	return (int)syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, target,
			    MOVE_MOUNT_F_EMPTY_PATH);
}

/* A single directory read-only is no overlay: the kernel wants two. */
static int bind_single(const char *source, const char *target, struct err *err)
{
	if (mount(source, target, NULL, MS_BIND, NULL) < 0)
		return err_sys(err, "cannot mount %s", source);
	return 0;
}

/* Mounts by a file system context, as the kernel wants it since 6.8; ENOTSUP before. */
static int mount_by_context(const struct overlay *overlay, const struct strv *lowers,
			    const char *target, struct err *err)
{
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), mounted = -1;
	unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (fs < 0)
		return err_sys(err, "this kernel has no overlayfs (see `contractor doctor`)");
	if (configure(fs, overlay, lowers) < 0) {
		err_sys(err, "cannot mount the %s (layers: %zu)", overlay->name,
			overlay->chain->len);
		add_kernel_log(fs, err);
		return -1;
	}
	mounted = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	if (mounted < 0 || attach(mounted, target) < 0)
		return err_sys(err, "cannot mount the %s on %s", overlay->name, target);
	return 0;
}

/* The options of mount(2); the layers are named from within layers_dir. */
static void list_options(const struct overlay *overlay, struct buf *options)
{
	buf_add_str(options, "userxattr,");
	if (overlay->upper)
		buf_add_fmt(options, "volatile,upperdir=%s,workdir=%s,", overlay->upper,
			    overlay->work);
	buf_add_fmt(options, "lowerdir=");
	if (overlay->over)
		buf_add_fmt(options, "%s:", overlay->over);
	for (size_t i = overlay->chain->len; i > 0; i--)
		buf_add_fmt(options, "%s/%s:", overlay->chain->items[i - 1], overlay->name);
	buf_add_str(options, overlay->under);
}

/* mount(2) takes a page and cuts what is longer: that would be another tree. */
static int mount_here(const struct overlay *overlay, const char *target, struct err *err)
{
	AUTO_BUF struct buf options = BUF_INIT;

	list_options(overlay, &options);
	errno = E2BIG;
	if (options.len >= (size_t)sysconf(_SC_PAGESIZE) ||
	    mount("contractor", target, "overlay", MS_NOSUID | MS_NODEV, options.data) < 0)
		return err_sys(err, "cannot mount the %s (layers: %zu)", overlay->name,
			       overlay->chain->len);
	return 0;
}

int overlay_mount_by_option(const struct overlay *overlay, const char *target, struct err *err)
{
	AUTO_CLOSE int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (before < 0 || chdir(overlay->layers_dir) < 0)
		return err_sys(err, "cannot go to %s", overlay->layers_dir);
	result = mount_here(overlay, target, err);
	if (fchdir(before) < 0 && !result)
		return err_sys(err, "cannot go back from %s", overlay->layers_dir);
	return result;
}

/* Fails when there is no need to ask the kernel. */
static int check_wanted(const struct overlay *overlay, struct err *err)
{
	const char *backend = getenv("CONTRACTOR_BACKEND");

	if (backend && !strcmp(backend, "copy")) {
		err_set(err, ERR_HOST, "CONTRACTOR_BACKEND=copy asks for copies");
		err->sys_errno = EOPNOTSUPP;
		return -1;
	}
	if (overlay->chain->len > OVERLAY_LAYERS_MAX) {
		err_set(err, ERR_HOST, "an overlay is too deep (layers: %zu)", overlay->chain->len);
		err->sys_errno = E2BIG;
		return -1;
	}
	return 0;
}

bool overlay_is_refused(const struct err *err)
{
	static const int refusals[] = {EINVAL, ENODEV, EPERM, ENOSYS, E2BIG, EOPNOTSUPP};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (err->sys_errno == refusals[i])
			return true;
	}
	return false;
}

/* Where the kernel cannot make its own directory in the work directory, it mounts read-only without
 * a word (fs/overlayfs/super.c: ovl_make_workdir). Why, only an attempt of ours tells. */
static int check_writable(const struct overlay *overlay, const char *target, struct err *err)
{
	AUTO_FREE char *trial = path_join(overlay->work, "trial");
	struct statvfs place;

	if (statvfs(target, &place) == 0 && !(place.f_flag & ST_RDONLY))
		return 0;
	if (mkdir(trial, 0700) < 0)
		return err_sys(err, "cannot make the work directory of the %s", overlay->name);
	rmdir(trial);
	return err_set(err, ERR_HOST,
		       "the kernel made the %s read-only; its log says why (`dmesg`)",
		       overlay->name);
}

int overlay_mount(const struct overlay *overlay, const char *target, struct err *err)
{
	AUTO_STRV struct strv lowers = {0};
	int result;

	list_lowers(overlay, &lowers);
	if (!overlay->upper && lowers.len == 1)
		return bind_single(lowers.items[0], target, err);
	if (check_wanted(overlay, err) < 0)
		return -1;
	result = mount_by_context(overlay, &lowers, target, err);
	if (result < 0 && err->sys_errno == ENOTSUP)
		result = overlay_mount_by_option(overlay, target, err);
	if (result < 0 && overlay_is_refused(err))
		err->code = ERR_HOST;
	if (!result && overlay->upper)
		result = check_writable(overlay, target, err);
	return result;
}

/* Mode and owner that the root of the tree has below a fresh upper directory. */
static int lower_root(const struct overlay *overlay, struct stat *ret_status, struct err *err)
{
	AUTO_FREE char *top = NULL;

	*ret_status = (struct stat){.st_mode = S_IFDIR | 0755};
	if (!overlay->chain->len)
		return 0;
	top = overlay_layer_path(overlay, overlay->chain->len - 1);
	if (lstat(top, ret_status) < 0)
		return err_sys(err, "the layer %s is missing", top);
	return 0;
}

/* Copies the user.* attributes, but not overlayfs's own. */
static int copy_user_xattrs(const char *from, const char *to, struct err *err)
{
	char names[4096], value[4096];
	ssize_t length = llistxattr(from, names, sizeof names);

	for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
		ssize_t size;

		if (strncmp(name, "user.", 5) || !strncmp(name, "user.overlay.", 13))
			continue;
		size = lgetxattr(from, name, value, sizeof value);
		if (size >= 0 && lsetxattr(to, name, value, (size_t)size, 0) < 0)
			return err_sys(err, "cannot copy the attribute %s", name);
	}
	return 0;
}

int overlay_prepare_upper(const struct overlay *overlay, struct err *err)
{
	AUTO_FREE char *top = NULL;
	struct stat root;

	if (lower_root(overlay, &root, err) < 0)
		return -1;
	if (chown(overlay->upper, root.st_uid, root.st_gid) < 0 ||
	    chmod(overlay->upper, root.st_mode & 07777) < 0)
		return err_sys(err, "cannot prepare %s", overlay->upper);
	if (!overlay->chain->len)
		return 0;
	top = overlay_layer_path(overlay, overlay->chain->len - 1);
	return copy_user_xattrs(top, overlay->upper, err);
}

static int has_entries(const char *path)
{
	AUTO_CLOSEDIR DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -1;
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return 1;
	}
	return errno ? -1 : 0;
}

int overlay_upper_changed(const struct overlay *overlay, struct err *err)
{
	struct stat before, now;
	int entries = has_entries(overlay->upper);

	if (entries < 0 || lstat(overlay->upper, &now) < 0)
		return err_sys(err, "cannot look into %s", overlay->upper);
	if (lower_root(overlay, &before, err) < 0)
		return -1;
	return entries || before.st_mode != now.st_mode || before.st_uid != now.st_uid ||
	       before.st_gid != now.st_gid;
}
