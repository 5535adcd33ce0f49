/* overlay.h: mounting a chain of layers (Linux overlayfs; Documentation/filesystems/overlayfs.rst).
 *
 * For use inside the outer namespaces. Mounts have `userxattr` and `volatile` (no sync inside; what
 * becomes durable is synced by the store), are nosuid and nodev, and never have redirect_dir
 * or metacopy. Layers are given as paths without ":", "," or "\".
 */
#ifndef ENGINE_STORE_OVERLAY_H
#define ENGINE_STORE_OVERLAY_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"

struct overlay {
	const char *layers_dir;	  /* where the layers are: LAYERS_DIR/ID/NAME */
	const char *name;	  /* of the tree in a layer: "systree", "workspace", "tmp" */
	const struct strv *chain; /* from the lowest to the topmost */
	const char *over;	  /* a directory of ours above the chain, or NULL */
	const char *under; /* a directory of ours below the chain; required, it may be empty */
	const char *upper, *work; /* both, or neither: then the mount is read-only */
};

/* Mounts it on the existing directory target. Where the host cannot, or CONTRACTOR_BACKEND=copy in
 * the environment says that it is not to, the failure is one of overlay_is_refused(); a missing
 * layer is ERR_FAULT. The working directory may change for a moment. */
int overlay_mount(const struct overlay *overlay, const char *target, struct err *err);

/* Whether overlay_mount() failed in a way that will not change by itself: no overlayfs, a store on
 * a file system that cannot be an upper directory, more layers than the kernel takes. What it
 * would have shown can then be copied (merge.h). */
bool overlay_is_refused(const struct err *err);

/* The part of overlay_mount() for kernels before Linux 6.8, which take all lower directories as one
 * option of at most a page (mount(2)): names relative to layers_dir leave room for some 250. */
int overlay_mount_by_option(const struct overlay *overlay, const char *target, struct err *err);

/* The directory of one layer. Free with free(). */
char *overlay_layer_path(const struct overlay *overlay, size_t index);

/* Gives the new directory upper the mode, owner and user.* attributes of the topmost layer's root
 * (0755, 0:0 for an empty chain): overlayfs would show those of the fresh directory. */
int overlay_prepare_upper(const struct overlay *overlay, struct err *err);

/* Whether the upper directory says anything: an entry, or a mode or owner other than
 * overlay_prepare_upper() gave it. 1, 0, or -1. */
int overlay_upper_changed(const struct overlay *overlay, struct err *err);

#endif
