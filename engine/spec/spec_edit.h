/* spec_edit.h: replacing the text of a step, every other byte as it was.
 *
 * A step's text is the byte range [begin, end) of its list item. What a person edits is
 * that text with its indentation taken off ("action: shell\n..."), as a YAML mapping;
 * putting it back indents it again.
 */
#ifndef ENGINE_SPEC_SPEC_EDIT_H
#define ENGINE_SPEC_SPEC_EDIT_H

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/spec/spec.h"

/* The step's text as a person edits it: without "- " and indentation, ends with a newline. */
void spec_edit_text(const struct spec *spec, const struct step *step, struct buf *ret_text);

/* The whole file with the step's text replaced; every byte outside the step is unchanged, and
 * the text of spec_edit_text() gives the file as it is. Line ends are those of the file (LF or
 * CRLF). Fails when the text cannot stand there: it is empty, is no YAML for itself (so that
 * nothing behind it becomes part of it), or the step is in [ ] and the text is no mapping in
 * { }. The result is not validated: parse it. An alias is replaced as an alias: what it refers to
 * stays. */
int spec_edit_replace(const struct spec *spec, const struct step *step, const char *text,
		      size_t length, struct buf *ret_file, struct err *err);

/* Writes content over the spec's file by a temporary file beside it, fsync and rename; mode
 * and owner are kept; a symbolic link is written through. Refused with ERR_STEP when the file no
 * longer has the bytes that spec was read from. */
int spec_edit_write(const struct spec *spec, const void *content, size_t length, struct err *err);

#endif
