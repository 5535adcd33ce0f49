/* overlay_marks.h: attributes that overlayfs would obey, taken off files that it did not write.
 *
 * Through an overlay nobody can set a user.overlay.* attribute on the layer itself. Where a program
 * has written a plain directory that later becomes a layer, it can: to hide files, or to make them
 * unreadable, for those who see it through an overlay. For use inside the outer namespaces, when no
 * process of a step lives.
 */
#ifndef ENGINE_STORE_OVERLAY_MARKS_H
#define ENGINE_STORE_OVERLAY_MARKS_H

#include <stdbool.h>
#include <time.h>

#include "engine/base/err.h"

/* Whether the name of an attribute is one of overlayfs's own. One that a step has set through an
 * overlay, which the kernel keeps as user.overlay.overlay.NAME, is not. */
bool overlay_mark_is_own(const char *name);

/* Removes all user.overlay.* attributes in the tree root_fd from what was changed later than since
 * (by its ctime, which nobody can set), or, with NULL, from everything. */
int overlay_marks_remove(int root_fd, const struct timespec *since, struct err *err);

#endif
