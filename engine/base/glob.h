/* glob.h: shell patterns for names relative to a tree, as lists of files are written.
 *
 *	*      any characters but "/"		?      one character but "/"
 *	[a-z]  one of them ([!a-z]: none)	\x     the character x itself
 *	**     as a whole component: any number of directories, none included
 *
 * A pattern without "/" is tried on the last component, so `*.o` matches at any depth; one with
 * "/" is tried on the whole name ("/build" means build at the top). A "/" at the end restricts it
 * to directories. A "[" that is never closed is an ordinary character. Characters are UTF-8;
 * a byte that is not valid UTF-8 counts as one character of its own.
 *
 * A pattern says nothing about what lies below a directory that it matches: whoever walks the
 * tree takes or leaves all of it.
 */
#ifndef ENGINE_BASE_GLOB_H
#define ENGINE_BASE_GLOB_H

#include <stdbool.h>

#include "engine/base/strv.h"

/* True when pattern matches name, a clean relative name without a trailing slash. Takes time in
 * proportion to the product of both lengths at most, whatever the pattern. */
bool glob_match(const char *pattern, const char *name, bool is_directory);

/* True when one of the patterns does; false for NULL and an empty list. */
bool glob_match_any(const struct strv *patterns, const char *name, bool is_directory);

#endif
