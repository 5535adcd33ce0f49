/* overlay.h: mounting a chain of layers (Linux overlayfs; Documentation/filesystems/overlayfs.rst).
 *
 * For use inside the outer namespaces. Mounts have `userxattr` and `volatile` (no sync inside; what
 * becomes durable is synced by the store), are nosuid and nodev, and never have redirect_dir
 * or metacopy. Layers are given as paths without ":", "," or "\".
 */
#ifndef ENGINE_STORE_OVERLAY_H
#define ENGINE_STORE_OVERLAY_H

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

/* Mounts it on the existing directory target. Fails with ERR_HOST where the host cannot: the text
 * says so; a missing layer is ERR_FAULT. */
int overlay_mount(const struct overlay *overlay, const char *target, struct err *err);

/* Gives the new directory upper the mode, owner and user.* attributes of the topmost layer's root
 * (0755, 0:0 for an empty chain): overlayfs would show those of the fresh directory. */
int overlay_prepare_upper(const struct overlay *overlay, struct err *err);

/* Whether the upper directory says anything: an entry, or a mode or owner other than
 * overlay_prepare_upper() gave it. 1, 0, or -1. */
int overlay_upper_changed(const struct overlay *overlay, struct err *err);

#endif
