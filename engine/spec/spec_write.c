/* Writing a spec's file so that a reader sees the old text or the new one, never a part. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_edit.h"

static int refuse_changed(const char *path, struct err *err)
{
	return err_set(err, ERR_STEP,
		       "%s changed on disk since it was read; read it again before writing", path);
}

/* Checks that the file has the bytes that the spec was read from, and tells its status. */
static int check_unchanged(const struct spec *spec, struct stat *ret_status, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(spec->path);
	AUTO_CLOSE int fd =
		open(spec->real_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	AUTO_BUF struct buf text = BUF_INIT;
	struct stat status;

	if (fd < 0 && errno != ENOENT && errno != ELOOP)
		return err_sys(err, "cannot read %s", shown);
	if (fd < 0)
		return refuse_changed(shown, err);
	if (fstat(fd, &status) < 0)
		return err_sys(err, "cannot read %s", shown);
	if (!S_ISREG(status.st_mode) || (size_t)status.st_size != spec->text.len)
		return refuse_changed(shown, err);
	if (buf_read_fd(&text, fd, SPEC_SIZE_MAX, shown, err) < 0)
		return -1;
	if (text.len != spec->text.len || memcmp(text.data, spec->text.data, text.len))
		return refuse_changed(shown, err);
	*ret_status = status;
	return 0;
}

/* Fills the new file, with the mode and owner of the old one, and makes it durable. */
static int fill(int fd, const struct stat *old, const void *content, size_t length,
		const char *shown, struct err *err)
{
	struct stat own;

	if (fstat(fd, &own) < 0)
		return err_sys(err, "cannot write %s", shown);
	if ((own.st_uid != old->st_uid || own.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) < 0)
		return err_set(err, ERR_HOST,
			       "cannot write %s: it is of user %u and group %u, and would not stay "
			       "so; make it yours (chown, chgrp), or write into it by hand",
			       shown, old->st_uid, old->st_gid);
	if (fchmod(fd, old->st_mode & 07777) < 0 || fd_write_all(fd, content, length) < 0 ||
	    fsync(fd) < 0)
		return err_sys(err, "cannot write %s", shown);
	return 0;
}

/* Makes the new name of the file durable. */
static int sync_directory(const char *directory, const char *shown, struct err *err)
{
	AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "cannot write the directory of %s", shown);
	return 0;
}

/* Puts the file at temporary, open as fd, in the place of the spec's, if that is unchanged. */
static int put_in_place(const struct spec *spec, const char *temporary, int fd, const void *content,
			size_t length, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(spec->path);
	struct stat status;

	if (check_unchanged(spec, &status, err) < 0 ||
	    fill(fd, &status, content, length, shown, err) < 0 ||
	    check_unchanged(spec, &status, err) < 0)
		return -1;
	if (rename(temporary, spec->real_path) < 0)
		return err_sys(err, "cannot write %s", shown);
	return 0;
}

int spec_edit_write(const struct spec *spec, const void *content, size_t length, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(spec->path);
	AUTO_FREE char *directory = path_dirname(spec->real_path);
	AUTO_FREE char *temporary = path_join(directory, ".contractor-XXXXXX");
	AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot write a file beside %s", shown);
	if (put_in_place(spec, temporary, fd, content, length, err) < 0) {
		unlink(temporary);
		return -1;
	}
	return sync_directory(directory, shown, err);
}
