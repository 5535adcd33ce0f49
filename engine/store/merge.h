/* merge.h: several layers as one tree, copied.
 *
 * For use inside the outer namespaces, on layers that nobody changes meanwhile. The result looks as
 * an overlay of the layers would (Linux Documentation/filesystems/overlayfs.rst): of each name
 * the topmost entry counts; directories are merged, down to an opaque one, a whiteout or something
 * else of that name. Kept are contents with their holes, owners, modes with set-id bits,
 * access and modification times, hard links within a layer, user.* attributes, capabilities and
 * ACLs. Contents are shared with the layers (FICLONE, ioctl_ficlone(2)) where the file system can.
 *
 * A whiteout is kept where there is something to hide in a layer below, and at the top, where there
 * may be mount points below: in a directory that is not merged overlayfs would show it.
 *
 * Neither the call stack nor the number of descriptors grows with the depth of the trees; it does with
 * the number of layers that have the same directories, so the process gets as many as it may have.
 */
#ifndef ENGINE_STORE_MERGE_H
#define ENGINE_STORE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"

struct merge_options {
	const struct strv *layers; /* directories, from the lowest to the topmost */
	/* So many of them, the lowest, stay below the result: they are only looked at. Not all. */
	size_t n_below;
	/* So much of contents may be written, those that are shared not counted; 0: any. More is
	 * EFBIG. */
	uint64_t bytes_max;
	/* Nothing will lie below the result: it is a plain tree, without marks of overlayfs. */
	bool whole;
};

/* Fills the empty directory target_fd, which gets the attributes of the topmost layer's own. On
 * failure it is in an unknown state and is to be thrown away. */
int merge_layers(const struct merge_options *options, int target_fd, struct err *err);

#endif
